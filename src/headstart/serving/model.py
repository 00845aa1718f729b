"""The exported file that a server answers with."""

from dataclasses import dataclass, replace
from pathlib import Path

from headstart.artifacts import ExportedFile, Manifest, Predictor, load_predictor, read_manifest
from headstart.errors import ArtifactNotFoundError, RecipeError, UnknownFormatError

# In the order in which they are chosen. The others need TensorFlow.
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
        path: the folder that `headstart export` made, or a run with such a folder inside.
        format_name: one of `SERVED_FORMATS`; None for the first of these that the artifact has.
        coverage: of prediction sets, where a request asks for none; None for that of `Predictor`.

    Raises:
        ArtifactNotFoundError: there is no artifact, or it has no file that can be served.
        ArtifactDamagedError, ArtifactNewerError: it cannot be read.
        RecipeError: `coverage` is no share.
        UnknownFormatError: a server does not answer with this format.
        ExtraMissingError: the format's runtime is not installed.
    """
    if format_name is not None and format_name not in SERVED_FORMATS:
        raise UnknownFormatError(
            f"A server does not answer with the format '{format_name}'.",
            expected=f"one of {', '.join(SERVED_FORMATS)}",
            received=format_name,
            hint="`headstart export RUN --to onnx` makes the one to serve.",
        )
    if coverage is not None and not 0 < coverage < 1:
        raise RecipeError(
            f"No prediction set can hold the truth with a share of {coverage:g}.",
            expected="a coverage above 0 and below 1",
            received=f"coverage={coverage:g}",
            hint="0.9 is usual: the set holds the truth nine times out of ten.",
        )
    inside = path / _FOLDER_IN_A_RUN
    folder = inside if (path / "run.json").is_file() and inside.is_dir() else path
    manifest = read_manifest(folder)
    served = format_name or next((name for name in SERVED_FORMATS if name in manifest.files), None)
    if served is None:
        raise ArtifactNotFoundError(
            f"The artifact '{folder}' has no file that can be served.",
            expected=f"one of {', '.join(SERVED_FORMATS)}",
            received=", ".join(manifest.files) or "no file at all",
            hint="`headstart export RUN --to onnx` makes the one to serve.",
        )
    predictor = load_predictor(folder, served)
    return ServedModel(manifest, served, predictor if coverage is None else replace(predictor, coverage=coverage))
