"""Weights from a file into a network, all of them or none."""

from pathlib import Path

import keras

from headstart.backbones.spec import BackboneSpec


def read_weights(path: Path, model: keras.Model, spec: BackboneSpec) -> None:
    """Fills every weight of the network from a file."""
    del spec
    model.load_weights(path)
