"""OpenVINO's files, in float32 or with the network in eight-bit integers."""

import logging
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from headstart.artifacts.int8_share import OPENVINO_KINDS
from headstart.artifacts.outputs import PROBABILITIES
from headstart.artifacts.rounding import expected_changes, fewest_spared
from headstart.artifacts.serving_model import FLOAT_LAYERS, ServingModel
from headstart.artifacts.tensorflow_export import one_size_function
from headstart.data import CLASSIFICATION
from headstart.features import import_quietly

_NUM_PROBES = 32


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
    """The model with all its weights in int8, and as many of its activations as its answers allow.

    Of tasks that are no classification all activations are: how near a box or a pixel is to another answer is no single
    number, and the comparison with the model refuses what rounding spoils.
    """
    pictures = serving.calibration_pictures
    if pictures is None:
        raise ValueError("Expected pictures to measure ranges on. Received: calibration_pictures=None")
    model = _converted(serving)
    if serving.kind != CLASSIFICATION:
        return _rounded(model, pictures)
    expected = _probabilities(model, pictures)
    rounded = _rounded(model, pictures)
    order = _most_sensitive_first(rounded, pictures[:_NUM_PROBES])

    def changes(num_spared: int) -> float:
        made = _probabilities(_without(rounded, order[:num_spared]), pictures)
        return expected_changes(expected, made, multi_label=serving.multi_label)

    return _without(rounded, order[: fewest_spared(len(order), changes)])


def _most_sensitive_first(rounded: Any, pictures: np.ndarray) -> list[str]:
    """Names of all roundings of activations: first the one that, with no other, moves probabilities furthest."""
    names = [
        each.get_friendly_name()
        for each in rounded.get_ordered_ops()
        if each.get_type_name() == "FakeQuantize" and each.input_value(0).get_node().get_type_name() != "Constant"
    ]
    expected = _probabilities(_without(rounded, names), pictures)

    def shift(name: str) -> float:
        alone = _without(rounded, [each for each in names if each != name])
        return float(np.abs(_probabilities(alone, pictures) - expected).mean())

    return sorted(names, key=shift, reverse=True)


def _without(rounded: Any, names: Sequence[str]) -> Any:
    """A copy that leaves these activations in float32; weights, and biases that make up for them, stay."""
    made = rounded.clone()
    for each in made.get_ordered_ops():
        if each.get_friendly_name() in names:
            each.output(0).replace(each.input_value(0))
    made.validate_nodes_and_infer_types()
    return made


def _rounded(model: Any, pictures: np.ndarray) -> Any:
    """The network with weights and activations in int8, biases corrected for it."""
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
            ignored_scope=nncf.IgnoredScope(names=_above_network(model), patterns=patterns, validate=False),
        )


def _above_network(model: Any) -> list[str]:
    """Names of everything that comes after the last of the network's operations with weights, up to the answers."""
    operations = model.get_ordered_ops()
    names = [each.get_friendly_name() for each in operations]
    last = max(
        index
        for index, each in enumerate(operations)
        if each.get_type_name() in OPENVINO_KINDS and not any(layer in names[index] for layer in FLOAT_LAYERS)
    )
    return names[last + 1 :]


def _probabilities(model: Any, pictures: np.ndarray) -> np.ndarray:
    compiled = import_quietly("openvino").compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.concatenate([compiled(picture[np.newaxis])[PROBABILITIES] for picture in pictures])
