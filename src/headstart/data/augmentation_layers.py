"""Applies an `Augmentation` with Keras' own layers, as a pure function of image and key.

Two things differ from a stack of these layers. Their random numbers come from a key instead of from a counting
variable, so an example's variation does not depend on which examples came before. And the geometric layers only draw:
their matrices are multiplied and the image is resampled once, which is several times faster than once a layer and
blurs once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import keras
import numpy as np
import tensorflow as tf

from headstart.data.augmentation import Augmentation
from headstart.data.random_keys import AUGMENTATION, fold, phase_key

_FILL_MODES = {"mirror": "reflect", "grey": "constant"}
_GREY = 128

Matrix = Callable[[dict[str, tf.Tensor], float, float], tf.Tensor]
Recolour = Callable[[tf.Tensor, dict[str, tf.Tensor]], tf.Tensor]


class KeyedSeeds(keras.random.SeedGenerator):  # type: ignore[misc]  # Keras has no types
    """Seeds for Keras' random functions that depend on a key and on the number of draws before, and on nothing else.

    Keras' own generator holds a variable that every draw moves on, shared by all examples and threads.

    Args:
        key: `(2,)` int64 from `random_keys`.
    """

    def __init__(self, key: tf.Tensor) -> None:
        # Not the parent's: it would create the variable.
        self._key = key
        self._num_draws = 0

    def next(self, ordered: bool = True) -> tf.Tensor:  # noqa: ARG002 (Keras' signature)
        """The seed of the next draw: `(2,)` int64."""
        self._num_draws += 1
        return fold(self._key, self._num_draws)


@dataclass(frozen=True)
class _Step:
    """One step of the augmentation.

    Attributes:
        field: switches it on.
        layer: Keras' layer for it, which draws.
        matrix: of a geometric one.
        recolour: what the layer does to colours, where TensorFlow does the same in less time.
    """

    field: str
    layer: Callable[[Augmentation], keras.Layer]
    matrix: Matrix | None = None
    recolour: Recolour | None = None


def build_augmenter(augmentation: Augmentation) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The function that varies one image.

    Returns:
        A function of an image, `(height, width, 3)` RGB 0-255 of any type, and a key, `(2,)` int64. It gives the
        varied image, float32, RGB 0-255. What comes into view at the edges is the image mirrored there.
    """
    steps = _steps(augmentation)
    geometry = _geometric(augmentation)
    colour = [
        (index, layer, step.recolour or layer.transform_single_image) for index, step, layer in steps if not step.matrix
    ]

    def augment(image: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
        image = tf.cast(image, tf.float32)
        if geometry:
            image = _resample(image, _combined(image, geometry, key), augmentation.edges)
        if colour:
            image = _recolour(image, colour, key)
        return image

    return augment


def build_geometry(augmentation: Augmentation) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The function that tells where the varied image of the same key shows what: what boxes and masks move by.

    Returns:
        A function of an image, of which only the shape matters, and a key, `(2,)` int64. It gives a `(3, 3)` float32
        matrix from places in the varied image to places in the plain one, `(x, y, 1)` in pixels from the centre of
        the top left pixel.
    """
    geometry = _geometric(augmentation)
    return lambda image, key: _combined(image, geometry, key)


def augment_views(images: np.ndarray, augmentation: Augmentation, *, seed: int, num_views: int) -> np.ndarray:
    """Images as training would vary them, to look at.

    Args:
        images: `(n, height, width, 3)` RGB 0-255.
        augmentation: what is varied.
        seed: as in training.
        num_views: variations of each image; view v is what epoch v of phase 0 sees of the examples 0 to n - 1.

    Returns:
        `(num_views, n, height, width, 3)` uint8.
    """
    augment = _compiled_augmenter(augmentation)
    key = phase_key(seed, 0)
    views = [
        [
            augment(tf.constant(image), example_key(key, tf.constant(view), tf.constant(index)))
            for index, image in enumerate(images)
        ]
        for view in range(num_views)
    ]
    return np.round(np.array(views)).astype(np.uint8).reshape(num_views, *images.shape)


@cache
def _compiled_augmenter(augmentation: Augmentation) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    compiled: Callable[[tf.Tensor, tf.Tensor], tf.Tensor] = tf.function(build_augmenter(augmentation), autograph=False)
    return compiled


def example_key(key: tf.Tensor, epoch: tf.Tensor, example: tf.Tensor) -> tf.Tensor:
    """The key, `(2,)` int64, of an example's augmentation in an epoch of the phase that `key` belongs to."""
    return fold(key, AUGMENTATION, epoch, example)


def _draw(layer: keras.Layer, image: tf.Tensor, key: tf.Tensor, index: int) -> dict[str, tf.Tensor]:
    # The step's own index goes in, so that switching one step off leaves the draws of the others.
    drawn: dict[str, tf.Tensor] = layer.get_random_transformation(
        image, training=True, seed=KeyedSeeds(fold(key, index))
    )
    return drawn


def _steps(augmentation: Augmentation) -> list[tuple[int, _Step, keras.Layer]]:
    return [
        (index, step, step.layer(augmentation))
        for index, step in enumerate(_STEPS)
        if getattr(augmentation, step.field)
    ]


def _geometric(augmentation: Augmentation) -> list[tuple[int, keras.Layer, Matrix]]:
    return [(index, layer, step.matrix) for index, step, layer in _steps(augmentation) if step.matrix]


def _combined(image: tf.Tensor, geometry: list[tuple[int, keras.Layer, Matrix]], key: tf.Tensor) -> tf.Tensor:
    height, width = (tf.cast(side, tf.float32) for side in tf.unstack(tf.shape(image)[:2]))
    combined = tf.eye(3)
    for index, layer, matrix in geometry:
        combined = combined @ matrix(_draw(layer, image, key, index), height, width)
    return combined


def _resample(image: tf.Tensor, matrix: tf.Tensor, edges: str) -> tf.Tensor:
    transform = tf.reshape(matrix, (9,))[:8]
    resampled = keras.ops.image.affine_transform(
        image, transform, interpolation="bilinear", fill_mode=_FILL_MODES[edges], fill_value=_GREY
    )
    return tf.ensure_shape(resampled, image.shape)


def _recolour(image: tf.Tensor, colour: list[tuple[int, keras.Layer, Recolour]], key: tf.Tensor) -> tf.Tensor:
    # Between 0 and 1, because RandomSaturation limits the saturation to the upper end of its value range, which is
    # right for 1 only.
    image = image / 255
    for index, layer, recolour in colour:
        image = recolour(image, _draw(layer, image, key, index))
    return tf.clip_by_value(image * 255, 0, 255)


# The matrices map a place in the new image to the place in the old one that it shows, `(x, y, 1)` in pixels.


def _scale(x: tf.Tensor, y: tf.Tensor, height: float, width: float) -> tf.Tensor:
    return tf.stack([[x, 0, (width - 1) / 2 * (1 - x)], [0, y, (height - 1) / 2 * (1 - y)], [0, 0, 1]])


def _sign(drawn: dict[str, tf.Tensor]) -> tf.Tensor:
    return tf.where(tf.reshape(drawn["flips"], ()), -1.0, 1.0)


def _mirror_left_right(drawn: dict[str, tf.Tensor], height: float, width: float) -> tf.Tensor:
    return _scale(_sign(drawn), 1.0, height, width)


def _mirror_top_bottom(drawn: dict[str, tf.Tensor], height: float, width: float) -> tf.Tensor:
    return _scale(1.0, _sign(drawn), height, width)


def _rotate(drawn: dict[str, tf.Tensor], height: float, width: float) -> tf.Tensor:  # noqa: ARG001 (the table's signature)
    return tf.reshape(tf.concat([tf.reshape(drawn["rotation_matrix"], (8,)), [1.0]], 0), (3, 3))


def _zoom(drawn: dict[str, tf.Tensor], height: float, width: float) -> tf.Tensor:
    zoom = tf.reshape(drawn["height_zoom"], ())
    return _scale(zoom, zoom, height, width)


def _translate(drawn: dict[str, tf.Tensor], height: float, width: float) -> tf.Tensor:  # noqa: ARG001 (the table's signature)
    x, y = tf.unstack(tf.reshape(drawn["translations"], (2,)))
    return tf.stack([[1.0, 0, -x], [0, 1, -y], [0, 0, 1]])


def _saturate(image: tf.Tensor, drawn: dict[str, tf.Tensor]) -> tf.Tensor:
    """The result of Keras' `RandomSaturation`, in half its time: without the conversion to HSV and back."""
    return tf.image.adjust_saturation(image, tf.reshape(drawn["factor"], ()))


# float32 whatever the global policy says: in half precision an image has too few places and too few grey values.
# Contrast and saturation get both ends of their range: given one number, RandomContrast only ever raises the contrast.
_COLOUR = {"value_range": (0, 1), "dtype": "float32"}
_STEPS = (
    _Step("horizontal_flip", lambda _: keras.layers.RandomFlip("horizontal", dtype="float32"), _mirror_left_right),
    _Step("vertical_flip", lambda _: keras.layers.RandomFlip("vertical", dtype="float32"), _mirror_top_bottom),
    _Step(
        "rotation_degrees", lambda a: keras.layers.RandomRotation(a.rotation_degrees / 360, dtype="float32"), _rotate
    ),
    _Step("zoom", lambda a: keras.layers.RandomZoom(a.zoom, dtype="float32"), _zoom),
    _Step(
        "translation",
        lambda a: keras.layers.RandomTranslation(a.translation, a.translation, dtype="float32"),
        _translate,
    ),
    _Step("brightness", lambda a: keras.layers.RandomBrightness(a.brightness, **_COLOUR)),
    _Step("contrast", lambda a: keras.layers.RandomContrast((a.contrast, a.contrast), **_COLOUR)),
    _Step(
        "saturation",
        lambda a: keras.layers.RandomSaturation(((1 - a.saturation) / 2, (1 + a.saturation) / 2), **_COLOUR),
        recolour=_saturate,
    ),
    _Step("hue", lambda a: keras.layers.RandomHue(a.hue, **_COLOUR)),
)
