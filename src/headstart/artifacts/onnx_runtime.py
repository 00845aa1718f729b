"""A model in ONNX Runtime, on the processor."""

import os
from pathlib import Path
from threading import Lock

import numpy as np

# ONNX Runtime reports to its makers what it runs, unless this stands in the environment before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

_OUTPUTS = ("probabilities", "foreign_score")


class OnnxRuntime:
    """See `headstart.artifacts.Runtime`.

    Args:
        path: an `.onnx` file.
    """

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # not a word about what it optimises
        # Threads that wait actively for work would take the cores from whoever reads the next pictures.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self._lock = Lock()

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `headstart.artifacts.Runtime`; pictures may have any one size."""
        with self._lock:
            probabilities, foreign_scores = self._session.run(_OUTPUTS, {self._input: images})
        return probabilities, foreign_scores
