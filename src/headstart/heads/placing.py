"""From answers in pixels of the model's input to answers in pixels of the picture as it is stored."""

import numpy as np
from PIL import Image

from headstart.data import clipped_boxes, moved_boxes, resize_matrix
from headstart.heads.detections import Detections


def boxes_in_picture(
    found: Detections, size: tuple[int, int], image_size: tuple[int, int], resize_mode: str
) -> Detections:
    """The same detections in pixels of a picture, cut off at its edges; those outside it are left out.

    Args:
        found: in pixels of the model's input.
        size: `(height, width)` of the picture.
        image_size: `(height, width)` of the model's input.
        resize_mode: how the picture got that size, as in `resize_image`.
    """
    back = np.linalg.inv(resize_matrix(size, image_size, resize_mode))
    rows = np.column_stack([moved_boxes(found.boxes, back), found.scores, found.classes])
    inside = clipped_boxes(rows, size)
    return Detections(inside[:, :4], inside[:, 4], inside[:, 5].astype(int))


def mask_in_picture(
    mask: np.ndarray, size: tuple[int, int], image_size: tuple[int, int], resize_mode: str
) -> np.ndarray:
    """The same mask in the size of a picture, each pixel as the nearest one of the model's.

    Args:
        mask: `(height, width)` uint8 of the model's input.
        size: `(height, width)` of the picture.
        image_size: `(height, width)` of the model's input.
        resize_mode: how the picture got that size: `stretch` or `pad`; `crop` shows the model less than the picture.

    Returns:
        `(height, width)` uint8.
    """
    matrix = resize_matrix(size, image_size, resize_mode)
    height, width = size
    moved = Image.fromarray(mask).transform(
        (width, height), Image.Transform.AFFINE, tuple(matrix[:2].ravel()), resample=Image.Resampling.NEAREST
    )
    return np.asarray(moved)
