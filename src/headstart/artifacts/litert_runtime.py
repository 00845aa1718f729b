"""A model in LiteRT, on the processor, one picture at a time."""

import os
from pathlib import Path
from threading import Lock

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from headstart.artifacts.outputs import OUTPUTS
from headstart.data import CLASSIFICATION


class LiteRtRuntime:
    """See `headstart.artifacts.Runtime`.

    Args:
        file: a `.tflite` file, or its content.
        outputs: names of what it gives.
    """

    def __init__(self, file: Path | bytes, outputs: tuple[str, ...] = OUTPUTS[CLASSIFICATION]) -> None:
        source = {"model_content": file} if isinstance(file, bytes) else {"model_path": str(file)}
        self._interpreter = Interpreter(**source, num_threads=os.cpu_count() or 1)
        self._answer = self._interpreter.get_signature_runner("serving_default")
        self._outputs = outputs
        self._lock = Lock()

    def run(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """See `headstart.artifacts.Runtime`."""
        with self._lock:
            answers = [self._answer(images=images[row : row + 1]) for row in range(len(images))]
        return tuple(np.concatenate([answer[name] for answer in answers]) for name in self._outputs)
