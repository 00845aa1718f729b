"""A model in LiteRT, on the processor, one picture at a time."""

import os
from pathlib import Path
from threading import Lock

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class LiteRtRuntime:
    """See `headstart.artifacts.Runtime`.

    Args:
        file: a `.tflite` file, or its content.
    """

    def __init__(self, file: Path | bytes) -> None:
        source = {"model_content": file} if isinstance(file, bytes) else {"model_path": str(file)}
        self._interpreter = Interpreter(**source, num_threads=os.cpu_count() or 1)
        self._answer = self._interpreter.get_signature_runner("serving_default")
        self._lock = Lock()

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `headstart.artifacts.Runtime`."""
        with self._lock:
            answers = [self._answer(images=images[row : row + 1]) for row in range(len(images))]
        return (
            np.concatenate([answer["probabilities"] for answer in answers]),
            np.concatenate([answer["foreign_score"] for answer in answers]),
        )
