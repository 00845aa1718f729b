"""Whether coordinates are pixels, as they should be, or fractions of the image's sides."""

import numpy as np

# Of the objects: one or two of a file may be wrong in another way.
NEARLY_ALL = 0.9
ROUNDING = 0.02
_LEAST_SIDE = 4  # pixels; smaller images could hold boxes of a pixel
# Percent. Fewer boxes may lie anywhere by chance.
_LEAST_BOXES, _LEAST_LEAVING, _PERCENT_ROUNDING = 4, 0.2, 0.5
_LEAST_CRAMMED, _LARGE = 8, 200


def are_fractions(numbers: np.ndarray, sizes: np.ndarray) -> bool:
    """Whether coordinates are fractions of the sides and not pixels: nearly all objects have all of theirs from 0 to 1.

    Args:
        numbers: `(n, k)` coordinates of n objects.
        sizes: `(n, 2)` of their images in pixels, 0 where it is not known.
    """
    if not len(numbers):
        return False
    is_large = (sizes == 0).any(axis=1) | (sizes >= _LEAST_SIDE).all(axis=1)
    within = ((numbers >= -ROUNDING) & (numbers <= 1 + ROUNDING)).all(axis=1) & (numbers.max(axis=1) > 0)
    return bool(is_large.all() and within.mean() >= NEARLY_ALL)


def are_percent(corners: np.ndarray, sizes: np.ndarray) -> bool:
    """Whether corners are percent of the sides: none is beyond 100, in images for which that cannot be pixels.

    Either a good part of the boxes would leave small images, or all would lie in the first 100 pixels of large ones
    and reach far into these.

    Args:
        corners: `(n, 4)` x_min, y_min, x_max, y_max of n objects.
        sizes: `(n, 2)` width and height of their images in pixels.
    """
    if (
        len(corners) < _LEAST_BOXES
        or not ((corners >= -_PERCENT_ROUNDING) & (corners <= 100 + _PERCENT_ROUNDING)).all()
    ):
        return False
    leaves = (corners[:, 2:] > sizes + 1).any(axis=1).mean() >= _LEAST_LEAVING
    is_crammed = len(corners) >= _LEAST_CRAMMED and sizes.min() >= _LARGE and (corners[:, 2:].max(axis=0) >= 50).all()
    return bool(leaves or is_crammed)
