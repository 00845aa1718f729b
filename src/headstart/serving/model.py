"""The exported file with which a server predicts."""

from dataclasses import dataclass
from pathlib import Path

from headstart.artifacts import ExportedFile, Manifest, TaskPredictor, find_exported, load_predictor
from headstart.errors import UnknownFormatError
from headstart.prediction import Settings, with_asked
from headstart.serving.kind import Kind
from headstart.serving.packages import check_packages
from headstart.task_spec import find_task

# The others need TensorFlow.
SERVED_FORMATS = ("onnx", "openvino", "litert", "openvino-int8", "litert-int8")
_FOLDER_IN_A_RUN = "artifact"


@dataclass(frozen=True, eq=False)
class ServedModel:
    """An exported file, ready to predict.

    Attributes:
        manifest: of the artifact that it belongs to.
        format_name: which of its files.
        predictor: gives the predictions.
    """

    manifest: Manifest
    format_name: str
    predictor: TaskPredictor

    @property
    def kind(self) -> Kind:
        """How its task is served."""
        return find_task(self.manifest.task).served.load(Kind)

    @property
    def file(self) -> ExportedFile:
        """Facts about the file."""
        return self.manifest.files[self.format_name]


def load_model(
    path: Path,
    format_name: str | None = None,
    *,
    coverage: float | None = None,
    min_score: float | None = None,
    false_alarms: float | None = None,
) -> ServedModel:
    """The file of an artifact with which the server predicts, checked against its hash.

    Args:
        path: the folder that `headstart export` made, a file inside it, or a run with such a folder inside.
        format_name: one of `SERVED_FORMATS`; None for what `headstart.artifacts.load_predictor` prefers.
        coverage: of prediction sets and intervals, where a request asks for none; None for 0.9.
        min_score: from which on a box is a prediction, if a request does not state it; None: as the run chose it.
        false_alarms: promised share of good images that are reported, if a request does not state it; None: 0.01, or
            the lowest share that can be promised.

    Raises:
        ArtifactNotFoundError: there is no artifact, or it has no file that can be served.
        ArtifactDamagedError, ArtifactNewerError: it cannot be read, or its outputs do not fit its task.
        RecipeError: a number is out of its range, or means nothing for the task.
        UnknownFormatError: a server does not support this format.
        ExtraMissingError: the packages of `headstart[serve]`, or the format's runtime, are not installed.
    """
    check_packages()
    inside = path / _FOLDER_IN_A_RUN
    folder = inside if (path / "run.json").is_file() and inside.is_dir() else path
    manifest, chosen = find_exported(folder, format_name)
    if chosen not in SERVED_FORMATS:
        raise UnknownFormatError(
            f"The format '{chosen}' cannot be served.",
            expected=f"one of {', '.join(SERVED_FORMATS)}",
            received=chosen,
            hint="Export a format that can be served with `headstart export RUN --to onnx`.",
        )
    settings = Settings(coverage=coverage, min_score=min_score, false_alarms=false_alarms)
    settings.check(manifest.task)
    predictor = load_predictor(manifest.folder, chosen, settings.chosen_coverage, min_score)
    return ServedModel(manifest, chosen, with_asked(predictor, settings))
