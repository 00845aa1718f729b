"""A LiteRT file in float32, by way of TensorFlow's converter."""

from pathlib import Path

from headstart.artifacts.serving_model import ServingModel
from headstart.artifacts.tensorflow_export import litert_bytes


def write_litert(serving: ServingModel, path: Path) -> None:
    """Writes a `.tflite` file for one image of the model's size."""
    path.write_bytes(litert_bytes(serving))
