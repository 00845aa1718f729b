"""OpenVINO's files, in float32 or with the network in eight-bit integers."""

import logging
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from headstart.artifacts.serving_model import FLOAT_LAYERS, ServingModel
from headstart.artifacts.tensorflow_export import one_size_function
from headstart.features import import_quietly


def write_openvino(serving: ServingModel, path: Path) -> None:
    """Writes an `.xml` and a `.bin` file for pictures of the model's size.

    Not of any size: OpenVINO computes in float32 alone, and the resize needs float64 to give Pillow's pixels. A few
    dozen pixels that are one level off move probabilities by a thousandth.
    """
    _write(_converted(serving), path)


def write_openvino_int8(serving: ServingModel, path: Path) -> None:
    """The same, in int8 but for what comes before the network and after it."""
    _write(_quantized(_converted(serving), serving), path)


def _converted(serving: ServingModel) -> Any:
    return import_quietly("openvino").convert_model(one_size_function(serving).get_concrete_function())


def _write(model: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    import_quietly("openvino").save_model(model, str(path), compress_to_fp16=False)


def _quantized(model: Any, serving: ServingModel) -> Any:
    nncf = import_quietly("nncf")
    nncf.set_log_level(logging.ERROR)
    pictures = serving.calibration_pictures
    if pictures is None:
        raise ValueError("Expected pictures to measure ranges on. Received: calibration_pictures=None")
    with redirect_stdout(StringIO()):  # progress bars, which nothing else turns off
        return nncf.quantize(
            model,
            nncf.Dataset([picture[np.newaxis] for picture in pictures]),
            subset_size=len(pictures),
            target_device=nncf.TargetDevice.CPU,
            fast_bias_correction=False,  # slower and nearer to the model
            ignored_scope=nncf.IgnoredScope(patterns=[f".*{name}.*" for name in FLOAT_LAYERS], validate=False),
        )
