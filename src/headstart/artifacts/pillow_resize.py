"""Pillow's antialiased bicubic resize as a TensorFlow graph, for exported files that take images of any size.

It does in a graph what `headstart.data.resize_image` does, with the same rounding, so that an image resized inside the
file and one resized outside get the same prediction.
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

# Pillow rounds weights to so many binary digits. In float64 all sums of products are then exact, as Pillow's integers.
_PRECISION = 2.0**22


class _Side(NamedTuple):
    """How one side of an image is resampled, in whole numbers: runtimes that only know float32 lose nothing.

    Attributes:
        num_source: pixels of the image.
        numerator, denominator: of the scale, source pixels a target pixel.
        twice_start: where the part that is shown begins, in halves of a source pixel, times `denominator`.
        num_target: pixels that it becomes.
        offset: target pixels before them, which stay black.
    """

    num_source: tf.Tensor
    numerator: tf.Tensor
    denominator: tf.Tensor
    twice_start: tf.Tensor
    num_target: tf.Tensor
    offset: tf.Tensor


def resized(images: tf.Tensor, image_size: tuple[int, int], mode: str) -> tf.Tensor:
    """Images of any size in the size of the model's input; those that have it already are left alone.

    Args:
        images: `(n, h, w, 3)` uint8; `n`, `h` and `w` need not be known yet.
        image_size: `(height, width)` in pixels.
        mode: `stretch`, `pad` or `crop`, as in `headstart.data.resize_image`.

    Returns:
        `(n, height, width, 3)` float32, whole numbers from 0 to 255.
    """
    size = tf.shape(images)[1:3]
    pixels = tf.cond(
        tf.reduce_all(tf.equal(size, tf.constant(image_size))),
        lambda: tf.cast(images, tf.float32),
        lambda: _resampled(images, _SIDES[mode](size, tf.constant(image_size)), image_size),
    )
    pixels.set_shape((images.shape[0], *image_size, 3))
    return pixels


def _resampled(images: tf.Tensor, sides: tuple[_Side, _Side], image_size: tuple[int, int]) -> tf.Tensor:
    """Two passes, one for each side, each rounded to 0-255, in the order that Pillow has since version 13."""
    down, across = (_weights(side, length) for side, length in zip(sides, image_size, strict=True))
    down = tf.transpose(down)
    planes = tf.cast(tf.transpose(images, (0, 3, 1, 2)), tf.float64)
    lost_rows, lost_columns = (side.num_source - side.num_target for side in sides)
    planes = tf.cond(
        tf.logical_and(lost_rows > 0, lost_rows > 2 * lost_columns),
        lambda: _rounded(tf.matmul(_rounded(tf.matmul(down, planes)), across)),
        lambda: _rounded(tf.matmul(down, _rounded(tf.matmul(planes, across)))),
    )
    return tf.cast(tf.transpose(planes, (0, 2, 3, 1)), tf.float32)


def _rounded(values: tf.Tensor) -> tf.Tensor:
    zero, white = tf.constant(0.0, tf.float64), tf.constant(255.0, tf.float64)
    return tf.minimum(tf.maximum(tf.floor(values + 0.5), zero), white)


def _weights(side: _Side, length: int) -> tf.Tensor:
    """How much of each source pixel goes into each target pixel: `(num_source, length)` float64.

    When shrinking, the filter is as much wider as the image gets smaller.
    """
    targets = tf.range(length) - side.offset
    sources = tf.range(side.num_source)[:, tf.newaxis]
    distances = (2 * sources + 1) * side.denominator - side.twice_start - (2 * targets + 1) * side.numerator
    width = 2 * tf.maximum(side.numerator, side.denominator)
    weights = _bicubic(tf.cast(tf.abs(distances), tf.float64) / tf.cast(width, tf.float64))
    weights = weights / tf.reduce_sum(weights, axis=0, keepdims=True)
    weights = tf.sign(weights) * tf.floor(tf.abs(weights) * _PRECISION + 0.5) / _PRECISION
    is_filled = tf.logical_and(targets >= 0, targets < side.num_target)
    return tf.where(is_filled, weights, tf.zeros_like(weights))


def _bicubic(distance: tf.Tensor) -> tf.Tensor:
    """Keys' kernel with a = -1/2 at a distance of at least 0."""
    near = (1.5 * distance - 2.5) * distance * distance + 1.0
    far = (((distance - 5.0) * distance + 8.0) * distance - 4.0) * -0.5
    return tf.where(distance < 1.0, near, tf.where(distance < 2.0, far, tf.zeros_like(distance)))


def _stretch(size: tf.Tensor, targets: tf.Tensor) -> tuple[_Side, _Side]:
    zero = tf.constant(0)
    height, width = (_Side(size[a], size[a], targets[a], zero, targets[a], zero) for a in (0, 1))
    return height, width


def _pad(size: tf.Tensor, targets: tf.Tensor) -> tuple[_Side, _Side]:
    """The whole image, as large as fits, in the middle."""
    wanted, given = tf.cast(targets, tf.float64), tf.cast(size, tf.float64)
    filled = tf.maximum(tf.cast(tf.round(given * tf.reduce_min(wanted / given)), tf.int32), 1)
    zero = tf.constant(0)
    height, width = (_Side(size[a], size[a], filled[a], zero, filled[a], (targets[a] - filled[a]) // 2) for a in (0, 1))
    return height, width


def _crop(size: tf.Tensor, targets: tf.Tensor) -> tuple[_Side, _Side]:
    """The largest part of the right proportions, in the middle: both sides have the scale of the one kept whole."""
    is_wide = size[1] * targets[0] >= size[0] * targets[1]
    numerator = tf.where(is_wide, size[0], size[1])
    denominator = tf.where(is_wide, targets[0], targets[1])
    zero = tf.constant(0)
    height, width = (
        _Side(size[a], numerator, denominator, size[a] * denominator - numerator * targets[a], targets[a], zero)
        for a in (0, 1)
    )
    return height, width


_SIDES: dict[str, Callable[[tf.Tensor, tf.Tensor], tuple[_Side, _Side]]] = {
    "stretch": _stretch,
    "pad": _pad,
    "crop": _crop,
}
