"""Boxes in pixels: `x_min, y_min, x_max, y_max`, where a pixel in column 3 reaches from 3 to 4."""

import numpy as np

from headstart.data.images import check_resize


def resize_matrix(original_size: tuple[int, int], image_size: tuple[int, int], mode: str = "stretch") -> np.ndarray:
    """The matrix that maps places of an image to those of the image resized by `resize_image`.

    Args:
        original_size: `(height, width)` of the upright image, in pixels.
        image_size: `(height, width)` it is resized to.
        mode: as in `resize_image`.

    Returns:
        `(3, 3)` float64; times `(x, y, 1)` of the image as it was gives `(x, y, 1)` in the resized one. The way back
        is its inverse.

    Raises:
        ImageSizeError: a side of `image_size` is below 1.
        RecipeError: `mode` is unknown.
    """
    check_resize(image_size, mode)
    (height, width), (new_height, new_width) = original_size, image_size
    scale_x, scale_y = new_width / width, new_height / height
    shift_x = shift_y = 0.0
    if mode == "pad":
        scale = min(scale_x, scale_y)
        inner_width, inner_height = max(1, round(width * scale)), max(1, round(height * scale))
        scale_x, scale_y = inner_width / width, inner_height / height
        shift_x, shift_y = (new_width - inner_width) // 2, (new_height - inner_height) // 2
    elif mode == "crop":
        scale_x = scale_y = max(scale_x, scale_y)
        shift_x, shift_y = (new_width - width * scale_x) / 2, (new_height - height * scale_y) / 2
    return np.array([[scale_x, 0, shift_x], [0, scale_y, shift_y], [0, 0, 1]], np.float64)


def moved_boxes(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Boxes around the moved corners of boxes.

    Args:
        boxes: `(n, 4)` or more columns, which are kept.
        matrix: `(3, 3)`, as `resize_matrix` gives it, or the matrix of a flip, a turn or a shear.

    Returns:
        Like `boxes`, float64.
    """
    moved = np.array(boxes, np.float64)
    x, y = moved[:, [0, 2, 0, 2]], moved[:, [1, 1, 3, 3]]
    corners = np.stack([x, y, np.ones_like(x)], axis=-1) @ np.asarray(matrix, np.float64).T
    places = corners[..., :2] / corners[..., 2:]
    moved[:, :2], moved[:, 2:4] = places.min(axis=1), places.max(axis=1)
    return moved


def clipped_boxes(boxes: np.ndarray, image_size: tuple[int, int], *, min_visible: float = 0.0) -> np.ndarray:
    """The parts of boxes that lie inside an image.

    Args:
        boxes: `(n, 4)` or more columns, which are kept.
        image_size: `(height, width)` of the image, in pixels.
        min_visible: share of its area, 0 to 1, that must be left of a box; a box with less is dropped. A box of which
            no area is left is always dropped.

    Returns:
        `(m, columns)` float64, in the given order.
    """
    clipped = np.array(boxes, np.float64)
    height, width = image_size
    clipped[:, :4] = np.clip(clipped[:, :4], 0, [width, height, width, height])
    before, after = box_areas(boxes), box_areas(clipped)
    return np.asarray(clipped[(after > 0) & (after >= min_visible * before)])


def box_areas(boxes: np.ndarray) -> np.ndarray:
    """Area of boxes `(n, 4)` or more columns in square pixels, `(n,)` float64; 0 where a maximum is no maximum."""
    boxes = np.asarray(boxes, np.float64)
    sides = np.maximum(boxes[:, 2:4] - boxes[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1])


def iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of every box with every other.

    Args:
        boxes: `(n, 4)` or more columns.
        others: `(m, 4)` or more columns.

    Returns:
        `(n, m)` float64 between 0 and 1. Boxes without area give 0, not NaN.
    """
    left, right = np.asarray(boxes, np.float64)[:, None, :4], np.asarray(others, np.float64)[None, :, :4]
    sides = np.maximum(np.minimum(left[..., 2:], right[..., 2:]) - np.maximum(left[..., :2], right[..., :2]), 0)
    common = sides[..., 0] * sides[..., 1]
    union = box_areas(boxes)[:, None] + box_areas(others)[None, :] - common
    return np.asarray(np.divide(common, union, out=np.zeros_like(common), where=common > 0))
