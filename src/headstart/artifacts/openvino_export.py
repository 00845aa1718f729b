"""OpenVINO's files, in float32 or with the network in eight-bit integers."""

import logging
import math
from collections.abc import Iterable, Set
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headstart.artifacts.int8_share import OPENVINO_KINDS, UNPACKING, behind, is_int8
from headstart.artifacts.outputs import PROBABILITIES
from headstart.artifacts.rounding import NUM_PROBES, Rounding, fit_rounding
from headstart.artifacts.serving_model import FLOAT_LAYERS, ServingModel
from headstart.artifacts.tensorflow_export import one_size_function
from headstart.features import convert_graph, import_quietly
from headstart.task_spec import find_task

if TYPE_CHECKING:
    import openvino


def write_openvino(serving: ServingModel, path: Path) -> None:
    """Writes an `.xml` and a `.bin` file for images of the model's size.

    Not of any size: OpenVINO computes in float32 alone, and the resize needs float64 to give Pillow's pixels. A few
    dozen pixels that are one level off move probabilities by a thousandth.
    """
    _write(_converted(serving), path)


def write_openvino_int8(serving: ServingModel, path: Path) -> None:
    """Writes the model for OpenVINO in int8, except the layers before and after the network."""
    _write(_quantized(serving), path)


def _converted(serving: ServingModel) -> "openvino.Model":
    return convert_graph(one_size_function(serving).get_concrete_function())


def _write(model: "openvino.Model", path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    import_quietly("openvino").save_model(model, str(path), compress_to_fp16=False)


def _quantized(serving: ServingModel) -> "openvino.Model":
    """The model in int8, except for the operations that its predictions need in float32.

    For the other tasks, no operation stays in float32: how near a box or a pixel is to another prediction is no single
    number. The parity check refuses a file that rounding has spoiled.
    """
    pictures = serving.calibration_pictures
    if pictures is None:
        raise ValueError("Expected images to measure ranges on. Received: calibration_pictures=None")
    model = with_biases(_converted(serving))
    rounded = _rounded(model, pictures)
    if not find_task(serving.kind).has_probabilities:
        return rounded
    readers = _readers(rounded)

    def made(spared: Iterable[Rounding]) -> "openvino.Model":
        names = {each.name for each in spared}
        return _without(rounded, model, names | {name for name, read_by in readers.items() if read_by <= names})

    spared, shift = fit_rounding(
        serving,
        _probabilities(model, pictures),
        lambda: _roundings(rounded, model, pictures[:NUM_PROBES]),
        lambda spared: _probabilities(made(spared), pictures),
    )
    return _with_shift(made(spared), shift)


def _with_shift(model: "openvino.Model", shift: np.ndarray) -> "openvino.Model":
    """Lowers the logits of a classifier by `shift`, `(num_classes,)`."""
    ops = import_quietly("openvino.opset13")
    answers = model.output(PROBABILITIES).get_node().input_value(0).get_node()  # softmax or sigmoid
    lower = ops.subtract(answers.input_value(0), ops.constant(shift.astype(np.float32)[np.newaxis]))
    answers.input(0).replace_source_output(lower.output(0))
    model.validate_nodes_and_infer_types()
    return model


def _roundings(rounded: "openvino.Model", model: "openvino.Model", pictures: np.ndarray) -> list[Rounding]:
    """The roundings of all weights, by the names of their operations, and of the inputs of these operations.

    Pointwise convolutions stay in float32 as a whole: OpenVINO 2026.4 computes wrong numbers if only their weights are
    rounded and it runs any number of images in several streams.
    """
    operations, readers = _with_rounded_weights(rounded), _readers(rounded)
    sizes = {each.get_friendly_name(): math.prod(each.input_value(1).shape) for each in operations}
    whole = {each.get_friendly_name() for each in operations if _is_pointwise(each)}
    activations = [
        each.get_friendly_name()
        for each in rounded.get_ordered_ops()
        if each.get_type_name() == "FakeQuantize" and each.input_value(0).get_node().get_type_name() != "Constant"
    ]
    expected = _probabilities(model, pictures)

    def harm(*names: str) -> float:
        alone = _without(rounded, model, {*sizes, *activations} - {*names})
        return float(np.abs(_probabilities(alone, pictures) - expected).mean())

    def of_weights(name: str, size: int) -> Rounding:
        given = [each for each, read_by in readers.items() if name in whole & read_by]
        return Rounding(name, harm(name, *given), size, is_of_weights=True)

    def of_activations(name: str) -> Rounding:
        return Rounding(name, harm(name), sum(sizes[each] for each in readers.get(name, ())), is_of_weights=False)

    return [
        *(of_weights(name, size) for name, size in sizes.items()),
        *(of_activations(name) for name in activations if not readers.get(name, set()) & whole),
    ]


def _with_rounded_weights(rounded: "openvino.Model") -> "list[openvino.Node]":
    """The model with the weights of these operations as 8-bit integers."""
    return [
        each
        for each in rounded.get_ordered_ops()
        if each.get_type_name() in OPENVINO_KINDS and is_int8(behind(UNPACKING, each, 1))
    ]


def _is_pointwise(operation: "openvino.Node") -> bool:
    is_pointwise: bool = (
        operation.get_type_name() == "Convolution" and math.prod(operation.input_value(1).shape[2:]) == 1
    )
    return is_pointwise


def _readers(rounded: "openvino.Model") -> dict[str, set[str]]:
    """Rounding of activations → the operations with rounded weights that are given what it rounds, if there are any."""
    names = {each.get_friendly_name() for each in _with_rounded_weights(rounded)}
    roundings = [each for each in rounded.get_ordered_ops() if each.get_type_name() == "FakeQuantize"]
    readers = {each.get_friendly_name(): _read_by(each) & names for each in roundings}
    return {name: read_by for name, read_by in readers.items() if read_by}


def _read_by(rounding: "openvino.Node") -> set[str]:
    """Names of operations that could have weights, before any other rounding."""
    found, seen, left = set(), set(), [rounding]
    while left:
        for given in left.pop().output(0).get_target_inputs():
            node = given.get_node()
            name = node.get_friendly_name()
            if node.get_type_name() in OPENVINO_KINDS:
                found.add(name)
            elif node.get_type_name() != "FakeQuantize" and name not in seen and node.get_output_size():
                seen.add(name)
                left.append(node)
    return found


def _without(rounded: "openvino.Model", model: "openvino.Model", names: Set[str]) -> "openvino.Model":
    """A copy that leaves these activations, and the weights of these operations, in float32.

    Biases that make up for rounding stay, but for those of weights that are not rounded.
    """
    made = rounded.clone()
    originals = {each.get_friendly_name(): each for each in model.get_ordered_ops()}
    for each in made.get_ordered_ops():
        name = each.get_friendly_name()
        if name in names and each.get_type_name() == "FakeQuantize":
            each.output(0).replace(each.input_value(0))
        elif name in names:
            each.input(1).replace_source_output(originals[name].input_value(1))
            _restore_bias(each, originals[name])
    made.validate_nodes_and_infer_types()
    return made


def _restore_bias(operation: "openvino.Node", original: "openvino.Node") -> None:
    bias, before = bias_of(operation), bias_of(original)
    if bias is not None and before is not None:
        bias.replace_source_output(before.get_source_output())
    elif bias is not None:  # one that NNCF added
        bias.get_node().output(0).replace(operation.output(0))


def bias_of(operation: "openvino.Node") -> "openvino.Input | None":
    """Where a constant is added to what an operation gives; None where there is none."""
    for given in operation.output(0).get_target_inputs():
        if given.get_node().get_type_name() == "Add":
            other = given.get_node().input(1 - given.get_index())
            if other.get_source_output().get_node().get_type_name() == "Constant":
                return other
    return None


def with_biases(model: "openvino.Model") -> "openvino.Model":
    """Gives convolutions back their biases of zero, which conversion leaves out: NNCF corrects only what is there."""
    ops = import_quietly("openvino.opset13")
    for each in model.get_ordered_ops():
        if each.get_type_name() in ("Convolution", "GroupConvolution") and bias_of(each) is None:
            shape = [
                length.get_length() if axis == 1 else 1
                for axis, length in enumerate(each.output(0).get_partial_shape())
            ]
            readers = list(each.output(0).get_target_inputs())
            biased = ops.add(each.output(0), ops.constant(np.zeros(shape, np.float32)))
            for reader in readers:
                reader.replace_source_output(biased.output(0))
    model.validate_nodes_and_infer_types()
    return model


def _rounded(model: "openvino.Model", pictures: np.ndarray) -> "openvino.Model":
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
            # In proportion to biases that are zero or nearly so, all that has to be made up for is much.
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                bias_correction_params=nncf.AdvancedBiasCorrectionParameters(threshold=float("inf"))
            ),
            ignored_scope=nncf.IgnoredScope(names=_above_network(model), patterns=patterns, validate=False),
        )


def _above_network(model: "openvino.Model") -> list[str]:
    """Names of everything that comes after the last of the network's operations with weights, up to the predictions."""
    operations = model.get_ordered_ops()
    names = [each.get_friendly_name() for each in operations]
    last = max(
        index
        for index, each in enumerate(operations)
        if each.get_type_name() in OPENVINO_KINDS and not any(layer in names[index] for layer in FLOAT_LAYERS)
    )
    return names[last + 1 :]


def _probabilities(model: "openvino.Model", pictures: np.ndarray) -> np.ndarray:
    compiled = import_quietly("openvino").compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.concatenate([compiled(picture[np.newaxis])[PROBABILITIES] for picture in pictures])
