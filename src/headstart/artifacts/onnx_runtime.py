"""A model in ONNX Runtime, on the processor."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

# ONNX Runtime reports to its makers what it runs, unless this stands in the environment before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

from headstart.artifacts.onnx_contents import check_onnx
from headstart.files import read_bounded

# A few images' activations stay in a core's cache: MobileNetV2 took 7.3 ms of it for an image in pieces of 1 or
# 2, 7.7 in pieces of 4, 9.8 in pieces of 32.
_PIECE_SIZE = 4
_MAX_BYTES = 2**31  # protobuf has no larger messages


class OnnxRuntime:
    """See `headstart.artifacts.Runtime`.

    Images are shared out among the cores, each of which runs the whole model on a few: cores that work on one batch
    together wait for one another in every layer.

    Args:
        path: an `.onnx` file.
        outputs: names of what it gives.
    """

    def __init__(self, path: Path, outputs: tuple[str, ...]) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # not a word about what it optimises; errors are raised
        options.intra_op_num_threads = 1
        content = read_bounded(path, _MAX_BYTES)
        check_onnx(content)
        # The bytes that were checked, not the path, where another file could lie by now.
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._outputs = list(outputs)
        self._input = self._session.get_inputs()[0].name
        self._num_cores = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._num_cores, thread_name_prefix="onnx")

    def run(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """See `headstart.artifacts.Runtime`; images may have any one size."""
        size = min(-(-len(images) // self._num_cores), _PIECE_SIZE)
        if len(images) <= size:
            return self._run_piece(images)
        pieces = [images[first : first + size] for first in range(0, len(images), size)]
        answers = zip(*self._pool.map(self._run_piece, pieces), strict=True)
        return tuple(np.concatenate(parts) for parts in answers)

    def _run_piece(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(self._session.run(self._outputs, {self._input: images}))
