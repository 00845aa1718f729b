"""A LiteRT file in float32, by way of TensorFlow's converter."""

from pathlib import Path

import tensorflow as tf

from headstart.artifacts.serving_model import ServingModel
from headstart.artifacts.tensorflow_export import frozen_function


def write_litert(serving: ServingModel, path: Path) -> None:
    """Writes a `.tflite` file for one picture of the model's size."""
    path.write_bytes(litert_bytes(serving))


def litert_bytes(serving: ServingModel) -> bytes:
    """The content of such a file."""
    function = frozen_function(serving).get_concrete_function()
    # With an object that owns nothing the converter keeps the names of inputs and outputs.
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], tf.Module())
    return bytes(converter.convert())
