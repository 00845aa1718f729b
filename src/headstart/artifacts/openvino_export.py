"""OpenVINO's files, in float32 or with the network in eight-bit integers."""

import logging
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from headstart.artifacts.rounding import MAX_CHANGED, expected_changes
from headstart.artifacts.serving_model import FLOAT_LAYERS, PROBABILITIES, ServingModel
from headstart.artifacts.tensorflow_export import one_size_function
from headstart.features import import_quietly

_NUM_STEPS = 8


def write_openvino(serving: ServingModel, path: Path) -> None:
    """Writes an `.xml` and a `.bin` file for pictures of the model's size.

    Not of any size: OpenVINO computes in float32 alone, and the resize needs float64 to give Pillow's pixels. A few
    dozen pixels that are one level off move probabilities by a thousandth.
    """
    _write(_converted(serving), path)


def write_openvino_int8(serving: ServingModel, path: Path) -> None:
    """The same, in int8 but for what comes before the network and after it."""
    _write(_quantized(serving), path)


def _converted(serving: ServingModel) -> Any:
    return import_quietly("openvino").convert_model(one_size_function(serving).get_concrete_function())


def _write(model: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    import_quietly("openvino").save_model(model, str(path), compress_to_fp16=False)


def _quantized(serving: ServingModel) -> Any:
    """The model in int8, but for as few of the operations below the head as its answers allow."""
    pictures = serving.calibration_pictures
    if pictures is None:
        raise ValueError("Expected pictures to measure ranges on. Received: calibration_pictures=None")
    expected = _probabilities(_converted(serving), pictures)
    num_operations, num_spared = len(_weighty_operations(_converted(serving))), 0
    while True:
        made = _rounded(_converted(serving), pictures, num_spared)
        rounded = _probabilities(made, pictures)
        changes = expected_changes(expected, rounded, multi_label=serving.multi_label)
        if changes <= MAX_CHANGED or num_spared == num_operations:
            return made
        num_spared = min(num_operations, num_spared + max(1, num_operations // _NUM_STEPS))


def _rounded(model: Any, pictures: np.ndarray, num_spared: int) -> Any:
    nncf = import_quietly("nncf")
    nncf.set_log_level(logging.ERROR)
    patterns = [f".*{name}.*" for name in FLOAT_LAYERS]
    with redirect_stdout(StringIO()):  # progress bars, which nothing else turns off
        return nncf.quantize(
            model,
            nncf.Dataset([picture[np.newaxis] for picture in pictures]),
            subset_size=len(pictures),
            target_device=nncf.TargetDevice.CPU,
            fast_bias_correction=False,  # slower and nearer to the model
            ignored_scope=nncf.IgnoredScope(names=_above(model, num_spared), patterns=patterns, validate=False),
        )


def _above(model: Any, num_spared: int) -> list[str]:
    """Names of everything that comes after the last operation with weights that is rounded, up to the answers."""
    names = [each.get_friendly_name() for each in model.get_ordered_ops()]  # numbered anew in every conversion
    weighty = _weighty_operations(model)
    first = names.index(weighty[-num_spared]) if num_spared else names.index(weighty[-1]) + 1
    return names[first:]


def _weighty_operations(model: Any) -> list[str]:
    """Names of the network's operations with weights, from the picture to the head."""
    kinds = ("Convolution", "GroupConvolution", "MatMul")
    names = [each.get_friendly_name() for each in model.get_ordered_ops() if each.get_type_name() in kinds]
    return [name for name in names if not any(layer in name for layer in FLOAT_LAYERS)]


def _probabilities(model: Any, pictures: np.ndarray) -> np.ndarray:
    compiled = import_quietly("openvino").compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.concatenate([compiled(picture[np.newaxis])[PROBABILITIES] for picture in pictures])
