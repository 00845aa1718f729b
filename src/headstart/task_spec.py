"""The tasks, and where the parts of each task are found.

A room that needs something from a task declares a frozen record of it, for example `headstart.serving.Kind`. The
folder of the task creates this record, and the specification of the task holds its address. The record is imported at
its first use: a room below `headstart.tasks` never imports a task, and no command waits for parts that it does not use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import import_module
from typing import Final, Literal, TypeVar, get_args

Part = TypeVar("Part")

TaskName = Literal[
    "image-classification", "object-detection", "semantic-segmentation", "image-regression", "anomaly-detection"
]
TASK_KINDS: tuple[str, ...] = get_args(TaskName)

CLASSIFICATION: Final = "image-classification"
DETECTION: Final = "object-detection"
SEGMENTATION: Final = "semantic-segmentation"
REGRESSION: Final = "image-regression"
ANOMALY: Final = "anomaly-detection"

# The task of files that name none, which earlier versions wrote, and of a recipe whose data is not read yet.
DEFAULT_TASK: Final = CLASSIFICATION

_FOLDERS = {
    CLASSIFICATION: "classification",
    DETECTION: "detection",
    SEGMENTATION: "segmentation",
    REGRESSION: "regression",
    ANOMALY: "anomaly",
}


class TargetForm(Enum):
    """What the data states for each image."""

    LABELS = "labels"
    BOXES = "boxes"
    MASKS = "masks"
    NUMBERS = "numbers"
    DEFECTS = "defects"


@dataclass(frozen=True)
class Late:
    """A part of a task that is imported at its first use.

    Attributes:
        address: `module:name` of the part.
    """

    address: str

    def load(self, record: type[Part]) -> Part:
        """The part.

        Args:
            record: the class of the part; the room that uses the part declares it.

        Raises:
            TypeError: the part is of another class.
        """
        module, _, name = self.address.partition(":")
        part = getattr(import_module(module), name)
        if not isinstance(part, record):
            raise TypeError(f"Expected {record.__name__} at {self.address}. Received: {type(part).__name__}")
        return part


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """Everything that the rooms need to know about one task. Only the first fields are values; the others load late.

    Attributes:
        name: the name of the task, one of `TASK_KINDS`.
        form: what the data states for each image.
        prediction_settings: names of the settings of `headstart.prediction` that apply to the task.
        outputs: names of the outputs of exported files, in the order in which a runtime returns them.
        can_be_rounded: whether exported files can be rounded to int8.
        has_probabilities: whether an exported file returns calibrated probabilities of classes: artifact.json then
            holds temperatures and thresholds, and they show which operations can be rounded to int8.
        model: the `TaskModel`: class, builder and taps of the model.
        served: the `Kind` of the server: question, predictions and metadata.
        answers: the `TaskAnswers`: predictions as records, tables, files and lines of the console.
        steps: the `TaskSteps`: the steps of a run that depend on the task.
        export: the `ExportSteps`: predictions with the model of a run, and their export.
        card: the `CardParts` of the model card.
        exported: the `ExportedTask`: what exported files return, and what predicts with them; it loads without
            TensorFlow.
        check: the `Check` of exported files: how they are compared with the model.
        promises: the `Promises` of exported files: the values that their predictions follow from.
        reports: kind of report, as in report.json → the `ReportKind`.
        settings: the `TaskSettings`: defaults of a recipe; they load without TensorFlow.
    """

    name: str
    form: TargetForm
    prediction_settings: tuple[str, ...]
    outputs: tuple[str, ...]
    has_probabilities: bool = False
    can_be_rounded: bool = True
    model: Late
    served: Late
    answers: Late
    steps: Late
    export: Late
    card: Late
    exported: Late
    check: Late
    promises: Late
    settings: Late
    reports: Mapping[str, Late]


@cache
def find_task(name: str) -> TaskSpec:
    """The specification of a task.

    Args:
        name: one of `TASK_KINDS`.

    Raises:
        KeyError: there is no task of this name.
    """
    return Late(f"headstart.tasks.{_FOLDERS[name]}.spec:SPEC").load(TaskSpec)


def tasks_of(*forms: TargetForm) -> tuple[str, ...]:
    """Names of the tasks that learn from targets of these forms, the usual task first."""
    return tuple(name for form in forms for name in TASK_KINDS if find_task(name).form is form)
