"""What the head's last layer sees of examples: images, or rows of a bank, through the layers above their cut."""

from dataclasses import replace
from weakref import WeakKeyDictionary

import keras
import numpy as np

from headstart.backbones import cut_model
from headstart.data import ExampleSource, SideBySide
from headstart.errors import HeadstartError
from headstart.heads import POOLED, Task
from headstart.progress import Progress
from headstart.training.examples import TrainingExamples
from headstart.training.precision import computing_in

BATCH_SIZE = 64
# The probe asks before fine-tuning and calibration after it: traced once, a model follows its variables.
_POOL_MODELS: WeakKeyDictionary[keras.Model, dict[tuple[str | None, str], keras.Model]] = WeakKeyDictionary()


class PooledRows:
    """Pooled features of examples in some views, in memory: what a head alone learns from for many epochs.

    A row takes 2 bytes a feature: 100,000 rows of 1,280 features are a quarter of a gigabyte.

    Args:
        rows: `(examples, views, features)` float16.
    """

    dtype = np.dtype(np.float16)
    failure: HeadstartError | None = None

    def __init__(self, rows: np.ndarray) -> None:
        self._rows = rows
        self.num_views = rows.shape[1]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row of pooled features."""
        return self._rows.shape[2:]

    def __len__(self) -> int:
        return len(self._rows)

    def load_batch(self, examples: np.ndarray, views: np.ndarray) -> np.ndarray:
        """See `ExampleSource.load_batch`."""
        batch: np.ndarray = self._rows[examples, views]
        return batch


def pooled_examples(task: Task, examples: TrainingExamples, *, precision: str, progress: Progress) -> TrainingExamples:
    """The examples as inputs of the head, computed with the present weights of the task."""

    def pooled(source: ExampleSource | SideBySide) -> PooledRows:
        count, views = len(source), source.num_views
        rows = np.stack([np.repeat(np.arange(count), views), np.tile(np.arange(views), count)])
        features = pooled_features(task, source, rows, cut=examples.cut, precision=precision, progress=progress)
        return PooledRows(features.astype("float16").reshape(count, views, -1))

    num_validation, num_training = len(examples.validation_source), len(examples.source)
    progress.start("pooling features", num_training * examples.source.num_views + num_validation)
    validation, training = pooled(examples.validation_source), pooled(examples.source)
    progress.finish()
    return replace(examples, source=training, validation_source=validation, cuts=(POOLED,))


def pooled_features(
    task: Task,
    source: ExampleSource | SideBySide,
    rows: np.ndarray,
    *,
    cut: str | None,
    precision: str = "float32",
    progress: Progress,
) -> np.ndarray:
    """`(rows, features)` float32, with the task's weights as they are now.

    Args:
        task: what the features are of.
        source: images, or their activations at the cut.
        rows: `(2, rows)`, example and view of each.
        cut: name of the layer whose output the examples are; None for images.
        precision: what the layers in between compute in, as in `Phase`.
        progress: notified of every batch.
    """
    examples, views = rows
    pool = _pool_model(task, cut, precision)
    features = []
    with computing_in(task, pool, precision):
        for first in range(0, len(examples), BATCH_SIZE):
            batch = np.asarray(
                source.load_batch(examples[first : first + BATCH_SIZE], views[first : first + BATCH_SIZE])
            )
            padded = np.zeros((BATCH_SIZE, *batch.shape[1:]), "float32")  # one shape: nothing is traced again
            padded[: len(batch)] = batch
            features.append(np.asarray(pool.predict_on_batch(padded)[: len(batch)], "float32"))
            progress.advance(len(batch))
    return np.concatenate(features)


def _pool_model(task: Task, cut: str | None, precision: str) -> keras.Model:
    """The model from the examples to the input of the head's last layer; the same object for the same arguments."""
    models = _POOL_MODELS.setdefault(task.model, {})
    if (cut, precision) not in models:
        below = cut_model(task.model, POOLED).lower
        models[cut, precision] = below if cut is None else cut_model(below, cut).upper
    return models[cut, precision]
