"""A SavedModel in TensorFlow."""

from pathlib import Path
from threading import Lock

import numpy as np
import tensorflow as tf

from headstart.artifacts.serving_model import FOREIGN_SCORE, INPUT, PROBABILITIES


class SavedModelRuntime:
    """See `headstart.artifacts.Runtime`.

    Args:
        path: the folder of a SavedModel.
    """

    def __init__(self, path: Path) -> None:
        self._loaded = tf.saved_model.load(str(path))  # must outlive its signatures
        self._answer = self._loaded.signatures["serving_default"]
        self._lock = Lock()

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `headstart.artifacts.Runtime`; pictures may have any one size."""
        with self._lock:
            answers = self._answer(**{INPUT: tf.constant(images, tf.uint8)})
        return answers[PROBABILITIES].numpy(), answers[FOREIGN_SCORE].numpy()
