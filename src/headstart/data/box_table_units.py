"""Units of the places in a table of boxes: fractions become pixels, percent is refused."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from headstart.data.annotations import Box
from headstart.data.box_units import are_percent
from headstart.data.images import upright_size
from headstart.data.walking import FolderWalk
from headstart.errors import AnnotationsError, UnreadableImageError

_MOST = 100.5
_NUM_LOOKED_AT = 50


def in_pixels(box: Box, image: Path) -> Box | None:
    """A box of fractions of the image's sides in pixels; None where the image cannot be read."""
    try:
        height, width = upright_size(image)
    except UnreadableImageError:
        return None  # the audit leaves the image out and says why
    x_min, y_min = round(box.x_min * width, 6), round(box.y_min * height, 6)
    x_max, y_max = round(box.x_max * width, 6), round(box.y_max * height, 6)
    return Box(box.name, x_min, y_min, x_max, y_max, box.ignored)


def require_no_percent(walk: FolderWalk, table: str, rows: Sequence[tuple[str, Box, tuple[int, int]]]) -> None:
    """Refuses places that are percent of the image's sides: as pixels they would be other places.

    Args:
        walk: of the data set.
        table: for the message.
        rows: image, box, and the width and height that the table states, 0 where it states none.

    Raises:
        AnnotationsError: they look like percent.
    """
    if any(max(box[1:5]) > _MOST for _, box, _ in rows):
        return
    chosen = rows[:: len(rows) // _NUM_LOOKED_AT + 1]
    known = [(box[1:5], of_image) for path, box, size in chosen if (of_image := _size(walk.root / path, size))]
    corners = np.array([box for box, _ in known], np.float64).reshape(-1, 4)
    if are_percent(corners, np.array([size for _, size in known], np.float64).reshape(-1, 2)):
        width, height = known[0][1]
        raise AnnotationsError(
            f"The boxes in '{walk.root / table}' look like per cent of the image size, not like pixels.",
            expected="pixels, or fractions of the image size from 0 to 1",
            received=f"{', '.join(f'{place:g}' for place in corners[0])} in an image of {width} x {height} pixels, and "
            "no coordinate above 100",
            hint="Divide all coordinates by 100 to get fractions.",
        )


def _size(image: Path, stated: tuple[int, int]) -> tuple[int, int] | None:
    """Width and height of an image; None where it cannot be read."""
    if all(stated):
        return stated
    try:
        height, width = upright_size(image)
    except UnreadableImageError:
        return None
    return width, height
