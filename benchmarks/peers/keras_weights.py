"""Takes a network of `keras.applications` apart for other libraries: arrays in order, and features to compare with."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from PIL import Image

NETWORKS = {
    "mobilenetv2": (keras.applications.MobileNetV2, keras.applications.mobilenet_v2.preprocess_input),
    "vgg16": (keras.applications.VGG16, keras.applications.vgg16.preprocess_input),
}
_ARRAYS_OF = {
    keras.layers.Conv2D: ("kernel", "bias"),
    keras.layers.DepthwiseConv2D: ("kernel", "bias"),
    keras.layers.BatchNormalization: ("gamma", "beta", "moving_mean", "moving_variance"),
}


def export_network(name: str, weights: Path, images: Sequence[Path], out: Path, *, image_size: int) -> None:
    """Writes a NumPy archive: every array of the network, some images, and their pooled features.

    Arrays are called `NUMBER.KIND`, numbered by layers with weights in the order of the network. `images` is
    `(n, image_size, image_size, 3)` uint8 RGB, `features` `(n, num_features)` float32: the network's own
    preprocessing, its last activations, their average over positions.

    Args:
        name: a key of `NETWORKS`.
        weights: file for the network without its classifier.
        images: files to compare features on.
        out: the archive.
        image_size: pixels per side.
    """
    build, preprocess = NETWORKS[name]
    network = build(include_top=False, weights=str(weights), pooling="avg", input_shape=(image_size, image_size, 3))
    pixels = np.stack([resized(path, image_size) for path in images])
    features = network.predict(preprocess(pixels.astype("float32")), verbose=0)
    np.savez(out, images=pixels, features=features, **arrays_of(network))


def arrays_of(network: keras.Model) -> dict[str, np.ndarray]:
    """Every weight of a network under the number of its layer and its own name, such as `3.kernel`."""
    layers = [layer for layer in network.layers if layer.weights]
    arrays: dict[str, np.ndarray] = {}
    for number, layer in enumerate(layers):
        kinds = [kind for kind in _ARRAYS_OF[type(layer)] if getattr(layer, kind) is not None]
        if len(kinds) != len(layer.weights):
            raise ValueError(f"Layer '{layer.name}' has weights beside {', '.join(kinds)}.")
        arrays |= {f"{number}.{kind}": np.asarray(getattr(layer, kind)) for kind in kinds}
    return arrays


def resized(path: Path, image_size: int) -> np.ndarray:
    """`(image_size, image_size, 3)` uint8 RGB."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((image_size, image_size), Image.Resampling.BILINEAR))
