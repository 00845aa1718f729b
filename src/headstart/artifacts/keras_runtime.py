"""A model in Keras: an exported `.keras` file, or a run's own model."""

from pathlib import Path
from threading import Lock

import keras
import numpy as np

from headstart.artifacts.serving_model import FOREIGN_SCORE, PROBABILITIES


class KerasRuntime:
    """See `headstart.artifacts.Runtime`; custom code in a file is refused.

    Args:
        model: a `.keras` file, or the model of a `ServingModel`.
    """

    def __init__(self, model: Path | keras.Model) -> None:
        if isinstance(model, Path):
            model = keras.saving.load_model(model, compile=False, safe_mode=True)
        self._model: keras.Model = model
        self._lock = Lock()

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `headstart.artifacts.Runtime`."""
        with self._lock:
            answers = self._model.predict_on_batch(images)
        return np.asarray(answers[PROBABILITIES]), np.asarray(answers[FOREIGN_SCORE])
