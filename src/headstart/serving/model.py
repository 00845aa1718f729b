"""The exported file that a server answers with."""

from dataclasses import dataclass, replace
from pathlib import Path

from headstart.artifacts import ExportedFile, Manifest, Predictor, find_exported, load_predictor
from headstart.data import CLASSIFICATION
from headstart.errors import ArtifactNotFoundError, RecipeError, UnknownFormatError
from headstart.serving.packages import check_packages

# The others need TensorFlow.
SERVED_FORMATS = ("onnx", "openvino", "litert", "openvino-int8", "litert-int8")
_FOLDER_IN_A_RUN = "artifact"


@dataclass(frozen=True, eq=False)
class ServedModel:
    """An exported file, ready to answer.

    Attributes:
        manifest: of the artifact that it belongs to.
        format_name: which of its files.
        predictor: gives the answers.
    """

    manifest: Manifest
    format_name: str
    predictor: Predictor

    @property
    def file(self) -> ExportedFile:
        """Facts about the file."""
        return self.manifest.files[self.format_name]


def load_model(path: Path, format_name: str | None = None, *, coverage: float | None = None) -> ServedModel:
    """The file of an artifact that answers, checked against its hash.

    Args:
        path: the folder that `headstart export` made, a file inside it, or a run with such a folder inside.
        format_name: one of `SERVED_FORMATS`; None for what `headstart.artifacts.load_predictor` prefers.
        coverage: of prediction sets, where a request asks for none; None for that of `Predictor`.

    Raises:
        ArtifactNotFoundError: there is no artifact, it has no file that can be served, or it is no classifier's.
        ArtifactDamagedError, ArtifactNewerError: it cannot be read.
        RecipeError: `coverage` is no share.
        UnknownFormatError: a server does not answer with this format.
        ExtraMissingError: the packages of `headstart[serve]`, or the format's runtime, are not installed.
    """
    check_packages()
    if coverage is not None and not 0 < coverage < 1:
        raise RecipeError(
            "The coverage is a share of pictures.",
            expected="a number above 0 and below 1",
            received=f"coverage={coverage!r}",
            hint="0.9 is usual: the set holds the truth nine times out of ten.",
        )
    inside = path / _FOLDER_IN_A_RUN
    folder = inside if (path / "run.json").is_file() and inside.is_dir() else path
    manifest, chosen = find_exported(folder, format_name)
    if manifest.task != CLASSIFICATION:
        raise ArtifactNotFoundError(
            f"A server answers which class a picture shows; the model in '{manifest.folder}' is for {manifest.task}.",
            expected=f"files of a model for {CLASSIFICATION}",
            received=f"files of one for {manifest.task}",
            hint=f"Ask it with `headstart predict {manifest.folder} PICTURES`, or `headstart.predict` in Python.",
        )
    if chosen not in SERVED_FORMATS:
        raise UnknownFormatError(
            f"A server does not answer with the format '{chosen}'.",
            expected=f"one of {', '.join(SERVED_FORMATS)}",
            received=chosen,
            hint="`headstart export RUN --to onnx` makes the one to serve.",
        )
    predictor = load_predictor(manifest.folder, chosen)
    assert isinstance(predictor, Predictor)
    return ServedModel(manifest, chosen, predictor if coverage is None else replace(predictor, coverage=coverage))
