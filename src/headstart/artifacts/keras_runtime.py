"""A model in Keras: an exported `.keras` file, or a run's own model."""

from pathlib import Path
from threading import Lock

import keras
import numpy as np

from headstart.heads import load_stock_model


class KerasRuntime:
    """See `headstart.artifacts.Runtime`; custom code in a file is refused.

    Args:
        model: a `.keras` file, or the model of a `ServingModel`.
        outputs: names of what it gives.
    """

    def __init__(self, model: Path | keras.Model, outputs: tuple[str, ...]) -> None:
        if isinstance(model, Path):
            model = load_stock_model(model)
        self._model: keras.Model = model
        self._outputs = outputs
        self._lock = Lock()

    def run(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """See `headstart.artifacts.Runtime`."""
        with self._lock:
            answers = self._model.predict_on_batch(images)
        return tuple(np.asarray(answers[name]) for name in self._outputs)
