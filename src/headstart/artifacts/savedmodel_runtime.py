"""A SavedModel in TensorFlow."""

from pathlib import Path
from threading import Lock

import numpy as np
import tensorflow as tf

from headstart.artifacts.outputs import INPUT
from headstart.artifacts.savedmodel_contents import check_savedmodel


class SavedModelRuntime:
    """See `headstart.artifacts.Runtime`.

    Args:
        path: the folder of a SavedModel.
        outputs: names of what it gives.
    """

    def __init__(self, path: Path, outputs: tuple[str, ...]) -> None:
        check_savedmodel(path)
        self._loaded = tf.saved_model.load(str(path))  # must outlive its signatures
        self._answer = self._loaded.signatures["serving_default"]
        self._outputs = outputs
        self._lock = Lock()

    def run(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """See `headstart.artifacts.Runtime`; images may have any one size."""
        with self._lock:
            answers = self._answer(**{INPUT: tf.constant(images, tf.uint8)})
        return tuple(answers[name].numpy() for name in self._outputs)
