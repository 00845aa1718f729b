"""The steps of a run that depend on the task, one row per task."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from headstart.data import Dataset
from headstart.heads import Task
from headstart.progress import Progress
from headstart.recipe import Recipe
from headstart.run import classification, detection, regression, segmentation
from headstart.run.bank import LearningParts
from headstart.run.box_choices import suit_boxes
from headstart.run.calibrate import calibrate
from headstart.run.directory import Run
from headstart.run.evaluated import Evaluated, PageContent
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION
from headstart.training import Checkpoint, History, TrainingExamples


@dataclass(frozen=True)
class TaskSteps:
    """One row of the table.

    Attributes:
        outputs: what the new layers answer with, in words.
        calibrate: asks the trained model about validation pictures, and writes what they say into the run.
        evaluate: the report on labelled pictures, and the answer for each of them.
        report_content: what the page shows beside the numbers, as fields of `ReportContent`.
        head_facts: what the page says of the new layers.
        start: gives the head the solution of a linear probe, and keeps it as the first checkpoint; None where the
            head has none.
        suit: makes choices that the recipe leaves open and the pictures decide; None where there are none.
    """

    outputs: Callable[[Task], str]
    calibrate: Callable[[Run, Task, LearningParts | None, Progress], object]
    evaluate: Callable[[Run, Dataset, Progress], Evaluated]
    report_content: Callable[[Run], PageContent]
    head_facts: Callable[[Run], Mapping[str, object]]
    start: Callable[[Run, Task, TrainingExamples, Sequence[str], Progress], tuple[Checkpoint, History]] | None = None
    suit: Callable[[Recipe, Dataset], Recipe] | None = None


TASK_STEPS: Mapping[str, TaskSteps] = MappingProxyType(
    {
        CLASSIFICATION: TaskSteps(
            outputs=classification.outputs,
            calibrate=calibrate,
            evaluate=classification.evaluate_pictures,
            report_content=classification.report_content,
            head_facts=classification.head_facts,
            start=classification.start_head,
        ),
        DETECTION: TaskSteps(
            outputs=detection.outputs,
            calibrate=detection.choose_threshold,
            evaluate=detection.evaluate_pictures,
            report_content=detection.report_content,
            head_facts=detection.head_facts,
            suit=suit_boxes,
        ),
        SEGMENTATION: TaskSteps(
            outputs=segmentation.outputs,
            calibrate=segmentation.choose_nothing,
            evaluate=segmentation.evaluate_pictures,
            report_content=segmentation.report_content,
            head_facts=segmentation.head_facts,
        ),
        REGRESSION: TaskSteps(
            outputs=regression.outputs,
            calibrate=regression.measure_residuals,
            evaluate=regression.evaluate_pictures,
            report_content=regression.report_content,
            head_facts=regression.head_facts,
            start=regression.start_head,
        ),
    }
)
