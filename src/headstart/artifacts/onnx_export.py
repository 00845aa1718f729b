"""An ONNX file, by way of tf2onnx."""

import logging
from pathlib import Path

import numpy as np
import tf2onnx

from headstart.artifacts.serving_model import ServingModel
from headstart.artifacts.tensorflow_export import any_size_function, frozen_function

_OPSET = 18


def write_onnx(serving: ServingModel, path: Path) -> None:
    """Writes an `.onnx` file for images of any size."""
    # Frozen, because tf2onnx takes tensors that a layer keeps for inputs of the file.
    function = frozen_function(any_size_function(serving), serving)
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        tf2onnx.convert.from_function(
            function,
            function.input_signature,
            opset=_OPSET,
            custom_op_handlers={"Erfc": (_write_erfc, [])},
            output_path=str(path),
        )
    finally:
        logger.setLevel(level)


def _write_erfc(
    graph: "tf2onnx.graph.Graph",
    node: "tf2onnx.graph.Node",
    name: str,
    arguments: list[str],  # noqa: ARG001  tf2onnx gives them all
) -> None:
    """Writes `Erfc(x)` as `1 - Erf(x)`: TensorFlow traces exact GELU with `Erfc`, which ONNX does not have.

    References:
        tensorflow-onnx issue 2347.
    """
    shapes, types = node.output_shapes, node.output_dtypes
    graph.remove_node(node.name)
    erf = graph.make_node("Erf", node.input, shapes=shapes, dtypes=types)
    one = graph.make_const(tf2onnx.utils.make_name("one"), np.array(1, tf2onnx.utils.map_onnx_to_numpy_type(types[0])))
    graph.make_node("Sub", [one.output[0], erf.output[0]], outputs=node.output, shapes=shapes, dtypes=types, name=name)
