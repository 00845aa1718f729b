"""What a run's model says of images, batch by batch: its raw outputs, never all of them at once."""

from collections.abc import Iterator

import numpy as np

from headstart.backbones import model_above
from headstart.data import Dataset, ImageSource, evaluation_batches
from headstart.heads import Task
from headstart.progress import Progress
from headstart.run.bank import LearningParts, pixel_examples
from headstart.run.directory import Run
from headstart.training import TrainingExamples

BATCH_SIZE = 16


def picture_outputs(
    task: Task, dataset: Dataset, progress: Progress, *, batch_size: int = BATCH_SIZE
) -> Iterator[np.ndarray]:
    """Outputs for images, in their order: `(batch, ...)` float32 each."""
    source = ImageSource(dataset.paths(), image_size=task.image_size, resize_mode=task.resize_mode, cache_bytes=0)
    progress.start("evaluating", len(dataset))
    for batch in evaluation_batches(source, batch_size=batch_size):
        yield np.asarray(task.model.predict_on_batch(batch))
        progress.advance(len(batch))
    progress.finish()


def validation_outputs(
    run: Run, task: Task, parts: LearningParts | None, *, batch_size: int = BATCH_SIZE
) -> Iterator[np.ndarray]:
    """Outputs for the validation part, in its order, from rows of the bank where they are those of the model.

    Rows of a quantised bank are not: what is promised of predictions is measured on images then.
    """
    examples = _validation_examples(run, task, parts)
    model = model_above(task.model, examples.cuts) if examples.cuts else task.model
    for batch in evaluation_batches(examples.validation_source, batch_size=batch_size):
        yield np.asarray(model.predict_on_batch(batch))


def _validation_examples(run: Run, task: Task, parts: LearningParts | None) -> TrainingExamples:
    recipe = run.recipe
    if parts is None or recipe.deep_phase.epochs or recipe.bank.engine == "openvino-int8":
        return pixel_examples(task, recipe, run.dataset)
    return parts.upper if recipe.fine_tuning_phase.epochs else parts.frozen
