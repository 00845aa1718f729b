"""From RGB 0-255 to what each family was trained on, as layers inside the model.

Each family's own `preprocess_input` in `keras.applications` is the reference, and the tests compare with it.
docs/decisions/0001 says why this stands inside the model.
"""

import math
from collections.abc import Callable

import keras

from headstart.backbones.spec import Preprocessing

LAYER_NAME = "preprocessing"


def preprocess(image: keras.KerasTensor, preprocessing: Preprocessing) -> keras.KerasTensor:
    """The image as the first layer of the network expects it.

    Args:
        image: `(batch, height, width, 3)`, RGB 0-255.
        preprocessing: Facts of the backbone.

    Returns:
        Tensor of the same shape; `image` itself where the network normalises inside.
    """
    return _LAYERS[preprocessing.mode](image, preprocessing)


def _unchanged(image: keras.KerasTensor, preprocessing: Preprocessing) -> keras.KerasTensor:
    del preprocessing
    return image


def _normalised(image: keras.KerasTensor, preprocessing: Preprocessing) -> keras.KerasTensor:
    mean, std = preprocessing.mean, preprocessing.std
    rescaling = keras.layers.Rescaling(
        scale=[preprocessing.scale / deviation for deviation in std],
        offset=[-average / deviation for average, deviation in zip(mean, std, strict=True)],
        name=LAYER_NAME,
    )
    return rescaling(image)


def _bgr_normalised(image: keras.KerasTensor, preprocessing: Preprocessing) -> keras.KerasTensor:
    return _normalised(keras.ops.flip(image, axis=-1), preprocessing)


def _twice_divided(image: keras.KerasTensor, preprocessing: Preprocessing) -> keras.KerasTensor:
    """Makes the (pixels - mean) / std inside EfficientNet come out divided by the square root of std once more.

    The published weights want (x/255 - mean) / std / sqrt(std): the training code took the variance for the
    deviation. Keras adds the second division only under `weights="imagenet"`, which would make a local file of
    the same weights wrong. Here it stands in front of the network instead, whatever the weights:
    y = x/sqrt(std) + 255 mean (1 - 1/sqrt(std)) gives (y/255 - mean) / std = (x/255 - mean) / std / sqrt(std).

    References:
        https://github.com/tensorflow/tensorflow/issues/49930
    """
    factors = [1 / math.sqrt(deviation) for deviation in preprocessing.std]
    rescaling = keras.layers.Rescaling(
        scale=factors,
        offset=[255 * mean * (1 - factor) for mean, factor in zip(preprocessing.mean, factors, strict=True)],
        name=LAYER_NAME,
    )
    return rescaling(image)


_LAYERS: dict[str, Callable[[keras.KerasTensor, Preprocessing], keras.KerasTensor]] = {
    "none": _unchanged,
    "tf": _normalised,
    "torch": _normalised,
    "caffe": _bgr_normalised,
    "efficientnet": _twice_divided,
}
