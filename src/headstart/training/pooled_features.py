"""What the head's last layer sees of examples: pictures, or rows of a bank, through the layers above their cut."""

import keras
import numpy as np

from headstart.backbones import cut_model
from headstart.data import ExampleSource
from headstart.progress import Progress
from headstart.tasks import ImageClassifier

BATCH_SIZE = 64


def pooled_features(
    task: ImageClassifier, source: ExampleSource, rows: np.ndarray, *, cut: str | None, progress: Progress
) -> np.ndarray:
    """`(rows, features)` float32, with the task's weights as they are now.

    Args:
        task: the classifier.
        source: pictures, or their activations at the cut.
        rows: `(2, rows)`, example and view of each.
        cut: name of the layer whose output the examples are; None for pictures.
        progress: told of every batch.
    """
    examples, views = rows
    pool = _pool_model(task, cut)
    features = []
    for first in range(0, len(examples), BATCH_SIZE):
        batch = source.load_batch(examples[first : first + BATCH_SIZE], views[first : first + BATCH_SIZE])
        padded = np.zeros((BATCH_SIZE, *batch.shape[1:]), "float32")  # one shape: nothing is traced again
        padded[: len(batch)] = batch
        features.append(np.asarray(pool.predict_on_batch(padded)[: len(batch)], "float32"))
        progress.advance(len(batch))
    return np.concatenate(features)


def _pool_model(task: ImageClassifier, cut: str | None) -> keras.Model:
    """From the examples to what the head's last layer sees."""
    below = cut_model(task.model, "head_pool").lower
    return below if cut is None else cut_model(below, cut).upper
