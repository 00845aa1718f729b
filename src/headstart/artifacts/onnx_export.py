"""An ONNX file, by way of tf2onnx."""

import logging
from pathlib import Path

import tf2onnx

from headstart.artifacts.serving_model import ServingModel
from headstart.artifacts.tensorflow_export import any_size_function

_OPSET = 18


def write_onnx(serving: ServingModel, path: Path) -> None:
    """Writes an `.onnx` file for pictures of any size."""
    function = any_size_function(serving)
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        tf2onnx.convert.from_function(function, function.input_signature, opset=_OPSET, output_path=str(path))
    finally:
        logger.setLevel(level)
