"""What a task does for predictions with the model of a run, and for its export."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from headstart.artifacts import PredictorFacts, ServingModel, TaskPredictor
from headstart.run.directory import Run
from headstart.task_spec import find_task

Batches = Iterable[np.ndarray]  # a `tf.data.Dataset`


@dataclass(frozen=True)
class ExportSteps:
    """The part of a task that prepares an export.

    Attributes:
        serving_model: function from a run to its model with the layers that exported files have on top.
        predictor: function from a run, the facts of a predictor, the coverage and the lowest score of a box (None: as
            the run chose it) to the predictor.
        answers: function from a run and batches of images to the predictions of its model, computed in NumPy and not by
            the layers that are exported; the `Check` of the task compares predictions of files with them.
        promises: function from a run to the values that predictions of a file follow from; see `ExportedFile.promises`.
    """

    serving_model: Callable[[Run], ServingModel]
    predictor: Callable[[Run, PredictorFacts, float, float | None], TaskPredictor]
    answers: Callable[[Run, Batches], object]
    promises: Callable[[Run], Mapping[str, object]] = lambda _: {}


def export_steps_of(task: str) -> ExportSteps:
    """The steps of a task."""
    return find_task(task).export.load(ExportSteps)


def model_outputs(run: Run, batches: Batches) -> Iterator[np.ndarray]:
    """The outputs of the model of a run, one batch at a time: maps of logits are large."""
    return (np.asarray(run.task.model.predict_on_batch(batch)) for batch in batches)
