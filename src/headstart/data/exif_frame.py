"""Annotations drawn on an image as its file stores it, before the EXIF orientation turns it upright.

Tools such as labelImg show photos without looking at the EXIF orientation, others with it. The size that an annotation
states tells which it was, where turning exchanges width and height.
"""

import numpy as np
from PIL import Image

from headstart.data.annotations import (
    Area,
    PixelMask,
    boxes_from_text,
    boxes_to_text,
    mask_path,
    outlines_from_text,
    outlines_to_text,
)
from headstart.data.boxes import moved_boxes
from headstart.data.images import TRANSPOSES
from headstart.data.rle import mask_of, text_of
from headstart.task_spec import TargetForm

UPRIGHT, STORED, UNKNOWN = "upright", "stored", "unknown"
_SIDEWAYS = frozenset({5, 6, 7, 8})


def frame_of(orientation: int, size: tuple[int, int], stated: tuple[int, int]) -> str:
    """On which image an annotation was drawn: `UPRIGHT`, `STORED`, or `UNKNOWN`.

    Args:
        orientation: EXIF orientation of the image, 1 to 8.
        size: `(height, width)` of the upright image, in pixels.
        stated: `(height, width)` that the annotation states; 0 where it states none.
    """
    if orientation == 1:
        return UPRIGHT
    if orientation in _SIDEWAYS and size[0] != size[1]:
        if stated == size:
            return UPRIGHT
        if stated == size[::-1]:
            return STORED
    return UNKNOWN


def turned_upright(target: str, form: TargetForm, *, orientation: int, size: tuple[int, int]) -> str:
    """The target of an image that was annotated as it is stored, for the upright image.

    Args:
        target: boxes, or outlines and runs of pixels, in pixels of the stored image.
        form: `BOXES` or `MASKS`.
        orientation: EXIF orientation, 2 to 8.
        size: `(height, width)` of the upright image.
    """
    matrix = stored_to_upright(orientation, size)
    if form is not TargetForm.BOXES:
        return outlines_to_text(_turned_area(area, orientation, matrix) for area in outlines_from_text(target))
    boxes = boxes_from_text(target)
    corners = moved_boxes(np.array([box[1:5] for box in boxes], np.float64).reshape(-1, 4), matrix).tolist()
    return boxes_to_text(
        box._replace(x_min=_plain(x_min), y_min=_plain(y_min), x_max=_plain(x_max), y_max=_plain(y_max))
        for box, (x_min, y_min, x_max, y_max) in zip(boxes, corners, strict=True)
    )


def marks_places(target: str, form: TargetForm) -> bool:
    """Whether a target holds boxes or areas in pixels; a mask file is turned like its image or has its own size."""
    if form is TargetForm.BOXES:
        return bool(boxes_from_text(target))
    return mask_path(target) is None and bool(outlines_from_text(target))


def stored_to_upright(orientation: int, size: tuple[int, int]) -> np.ndarray:
    """`(3, 3)`: where a place of the stored image lies in the upright one of `size` `(height, width)`.

    References:
        Exif 2.32 (CIPA DC-008), section 4.6.4, tag Orientation.
    """
    height, width = size
    rows = {
        2: ((-1, 0, width), (0, 1, 0)),
        3: ((-1, 0, width), (0, -1, height)),
        4: ((1, 0, 0), (0, -1, height)),
        5: ((0, 1, 0), (1, 0, 0)),
        6: ((0, -1, width), (1, 0, 0)),
        7: ((0, -1, width), (-1, 0, height)),
        8: ((0, 1, 0), (-1, 0, height)),
    }[orientation]
    return np.array([*rows, (0, 0, 1)], np.float64)


def _turned_area(area: Area, orientation: int, matrix: np.ndarray) -> Area:
    if isinstance(area, PixelMask):
        try:
            stored = Image.fromarray(mask_of(area.size, area.counts))
        except ValueError:  # the audit looks at it again and leaves it out
            return area
        mask = np.asarray(stored.transpose(TRANSPOSES[orientation]))
        return area._replace(size=(mask.shape[0], mask.shape[1]), counts=text_of(mask))
    places = np.array(area.corners, np.float64)[: len(area.corners) // 2 * 2].reshape(-1, 2)
    moved = places @ matrix[:2, :2].T + matrix[:2, 2]
    return area._replace(corners=tuple(map(_plain, moved.ravel().tolist())))


def _plain(number: float) -> float:
    return int(number) if number.is_integer() else round(number, 6)
