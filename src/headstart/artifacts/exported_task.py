"""What a task states about its exported files."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headstart.artifacts.manifest import ExportedFile, Manifest
from headstart.artifacts.predictor import PredictorFacts, TaskPredictor
from headstart.task_spec import find_task

Outputs = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class ExportedTask:
    """The part of a task that describes its exported files; it loads without TensorFlow.

    Attributes:
        fits: function from the outputs of a file and the number of names in the artifact to whether their shapes and
            ranges are those of the task.
        predictor: function from the facts of a predictor, the artifact, the file, the coverage and the lowest score of
            a box (None: as the run chose it) to the predictor.
        lines: function from the artifact to the last lines of the program that `ten_lines` gives: they print `answer`.
        has_places: whether the outputs state places in pixels of the input of the model.
    """

    fits: Callable[[Outputs, int], bool]
    predictor: Callable[[PredictorFacts, Manifest, ExportedFile, float, float | None], TaskPredictor]
    lines: Callable[[Manifest], str]
    has_places: bool = False


def exported_task(task: str) -> ExportedTask:
    """The description of the exported files of a task."""
    return find_task(task).exported.load(ExportedTask)


def known_classes(classes: np.ndarray, num_names: int) -> bool:
    """Whether an array holds numbers of known classes, and nothing else."""
    return not classes.size or bool(classes.min() >= 0 and classes.max() < num_names)
