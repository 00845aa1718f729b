"""A model in OpenVINO, on the processor: one image per request, as many requests at once as suit the processor."""

from pathlib import Path
from threading import Lock

import numpy as np

from headstart.features import import_quietly
from headstart.files import UnusableFileError

# Without the first, processors with bfloat16 instructions would use them unasked.
_SETTINGS = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "THROUGHPUT"}


class OpenVinoRuntime:
    """See `headstart.artifacts.Runtime`.

    Args:
        path: the `.xml` file, with its `.bin` file beside it.
        outputs: names of what it gives.
    """

    def __init__(self, path: Path, outputs: tuple[str, ...]) -> None:
        core = import_quietly("openvino").Core()
        core.set_property({"ENABLE_MMAP": False})  # the files may be moved while they are used
        model = core.read_model(str(path))
        if loops := [each for each in model.get_ops() if each.get_type_name() == "Loop"]:
            raise UnusableFileError("operations without loops", f"{len(loops)} loops")  # which may never end
        compiled = core.compile_model(model, "CPU", _SETTINGS)
        num_requests = compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        self._requests = [compiled.create_infer_request() for _ in range(num_requests)]
        self._ports = [compiled.output(name) for name in outputs]
        self._lock = Lock()

    def run(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """See `headstart.artifacts.Runtime`."""
        rows: list[tuple[np.ndarray, ...]] = []
        num_requests = len(self._requests)
        with self._lock:
            for turn in range(len(images) + num_requests):
                request = self._requests[turn % num_requests]
                if turn >= num_requests and len(rows) < len(images):
                    request.wait()
                    rows.append(tuple(np.array(request.get_tensor(port).data) for port in self._ports))
                if turn < len(images):
                    request.start_async([images[turn : turn + 1]])
        return tuple(np.concatenate(column) for column in zip(*rows, strict=True))
