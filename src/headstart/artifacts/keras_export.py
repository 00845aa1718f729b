"""A `.keras` file of stock layers, which loads in safe mode where this package is not installed."""

from pathlib import Path

from headstart.artifacts.serving_model import ServingModel


def write_keras(serving: ServingModel, path: Path) -> None:
    """Writes the serving model to a `.keras` file."""
    serving.model.save(path)
