"""The steps of a run that depend on the task."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from headstart.data import Dataset
from headstart.heads import Task
from headstart.progress import Progress
from headstart.recipe import Recipe
from headstart.run.bank import LearningParts
from headstart.run.directory import Run
from headstart.run.evaluated import Evaluated, PageContent
from headstart.task_spec import find_task
from headstart.training import Checkpoint, History, TrainingExamples

# Training images with which a model is calibrated: 800 images show no more directions of features than 400.
MAX_CALIBRATION_PICTURES = 1000


@dataclass(frozen=True)
class TaskSteps:
    """The part of a task that a run executes.

    Attributes:
        outputs: what the new layers predict, in words.
        calibrate: asks the trained model about validation images, and writes what they say into the run.
        evaluate: the report on labelled images, and the prediction for each of them.
        report_content: what the page shows beside the numbers, as fields of `ReportContent`.
        head_facts: what the page says of the new layers.
        start: gives the head the solution of a linear probe, and keeps it as the first checkpoint; None where the
            head has none.
        fit: makes the head without epochs, from the examples of the frozen phase; the phases of training are left out
            then. None where the phases train it.
        suit: makes choices that the recipe leaves open and the images decide; None where there are none.
    """

    outputs: Callable[[Task], str]
    calibrate: Callable[[Run, Task, LearningParts | None, Progress], object]
    evaluate: Callable[[Run, Dataset, Progress], Evaluated]
    report_content: Callable[[Run], PageContent]
    head_facts: Callable[[Run], Mapping[str, object]]
    start: Callable[[Run, Task, TrainingExamples, Sequence[str], Progress], tuple[Checkpoint, History]] | None = None
    fit: Callable[[Run, Task, TrainingExamples, Progress], None] | None = None
    suit: Callable[[Recipe, Dataset], Recipe] | None = None


def steps_of(task: str) -> TaskSteps:
    """The steps of a task."""
    return find_task(task).steps.load(TaskSteps)
