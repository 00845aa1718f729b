"""A model in LiteRT, on the processor, one image at a time."""

import os
from pathlib import Path
from threading import Lock

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from headstart.artifacts.litert_contents import check_litert
from headstart.files import read_bounded

_MAX_BYTES = 2**31  # flatbuffers has no larger files


class LiteRtRuntime:
    """See `headstart.artifacts.Runtime`.

    Args:
        file: a `.tflite` file, or its content.
        outputs: names of what it gives.
    """

    def __init__(self, file: Path | bytes, outputs: tuple[str, ...]) -> None:
        content = file if isinstance(file, bytes) else read_bounded(file, _MAX_BYTES)
        check_litert(content)
        self._interpreter = Interpreter(model_content=content, num_threads=os.cpu_count() or 1)
        self._answer = self._interpreter.get_signature_runner("serving_default")
        self._outputs = outputs
        self._lock = Lock()

    def run(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """See `headstart.artifacts.Runtime`."""
        with self._lock:
            answers = [self._answer(images=images[row : row + 1]) for row in range(len(images))]
        return tuple(np.concatenate([answer[name] for answer in answers]) for name in self._outputs)
