"""Whether coordinates are pixels, as they should be, or fractions of the image's sides."""

import numpy as np

# Of the objects: one or two of a file may be wrong in another way.
NEARLY_ALL = 0.9
ROUNDING = 0.02
_LEAST_SIDE = 4  # pixels; smaller images could hold boxes of a pixel


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
