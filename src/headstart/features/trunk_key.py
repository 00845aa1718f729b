"""What makes two trunks the same: their layers and their weights."""

import hashlib
import json

import keras

from headstart.backbones import operation_name


def trunk_hash(trunk: keras.Model) -> str:
    """SHA-256 over the configuration and the weights of every layer, in order; the model's own name does not count."""
    digest = hashlib.sha256()
    for layer in trunk.layers:
        config = keras.saving.serialize_keras_object(layer)
        digest.update(json.dumps(config, sort_keys=True, default=str).encode())
        for weight in layer.get_weights():
            digest.update(weight.tobytes())
    digest.update(json.dumps([operation_name(tensor) for tensor in trunk.outputs]).encode())
    return digest.hexdigest()


def bank_key(facts: dict[str, object]) -> str:
    """Name of the bank with these facts: the first 20 digits of a SHA-256."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]
