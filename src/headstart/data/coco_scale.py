"""In which unit the coordinates of a COCO file are: pixels, as they should be, or fractions of the image's sides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from headstart.data.box_units import NEARLY_ALL, ROUNDING, are_fractions
from headstart.data.coco_listing import Listing
from headstart.data.coco_marks import has_box, shape_of, sides_of
from headstart.data.walking import FolderWalk
from headstart.errors import AnnotationsError

_MOST = 0.5
_LOOKED_AT = 20_000  # annotations of a file


@dataclass(frozen=True)
class Scale:
    """Whether coordinates are fractions.

    Attributes:
        boxes: those of `bbox`.
        outlines: those of polygons.
    """

    boxes: bool = False
    outlines: bool = False


def scale_of(walk: FolderWalk, listing: Listing) -> Scale:
    """The unit of a file's coordinates; a remark where it is not pixels.

    Raises:
        AnnotationsError: boxes are the corners of boxes, or fractions in another form than COCO's.
    """
    boxes = np.array(list(_boxes(listing)), np.float64).reshape(-1, 6)
    scale = Scale(are_fractions(boxes[:, :4], boxes[:, 4:]), _outlines_are_fractions(listing))
    if scale.boxes:
        _require_inside(listing, boxes[:, :4])
    else:
        _require_no_corners(listing, boxes)
    for what, count in (("boxes", scale.boxes), ("outlines", scale.outlines)):
        if count:
            walk.remark("fractions", [listing.file], f"{what}, such as {_example(listing, what)}")
    return scale


def _boxes(listing: Listing) -> Iterator[tuple[float, ...]]:
    """Left, top, width and height of the first boxes, and width and height of their images."""
    count = 0
    for number, marks in listing.marks.items():
        size = tuple(stated_side(listing.images[number], side) for side in ("width", "height"))
        for mark in marks:
            sides = sides_of(mark) if has_box(mark) else None
            if sides is not None:
                yield (*sides, *size)
                count += 1
        if count >= _LOOKED_AT:
            return


def stated_side(entry: Mapping[str, object], side: str) -> int:
    """Width or height that a file states of an image, in pixels; 0 where it states none."""
    value = entry.get(side)
    try:
        number = float(value) if isinstance(value, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return 0
    return int(number) if 0 < number < 2**31 and number.is_integer() else 0


def _outlines_are_fractions(listing: Listing) -> bool:
    numbers, sizes = [], []
    for number, marks in listing.marks.items():
        size = [stated_side(listing.images[number], side) for side in ("width", "height")]
        for polygon in (polygon for mark in marks for polygon in shape_of(mark).polygons):
            numbers.append([*polygon.min(axis=0), *polygon.max(axis=0)])
            sizes.append(size)
        if len(numbers) >= _LOOKED_AT:
            break
    return are_fractions(np.array(numbers, np.float64).reshape(-1, 4), np.array(sizes, np.float64).reshape(-1, 2))


def _require_inside(listing: Listing, boxes: np.ndarray) -> None:
    """Refuses fractions that are not left, top, width, height: centres, or two corners."""
    beyond = ((boxes[:, :2] + boxes[:, 2:]) > 1 + ROUNDING).any(axis=1)
    if beyond.mean() <= 1 - NEARLY_ALL:
        return
    corners = (boxes[:, 2:] > boxes[:, :2]).all()
    raise AnnotationsError(
        f"The boxes of '{listing.file}' are not COCO boxes: fractions, but not of left, top, width and height.",
        expected="bbox as [left, top, width, height] in pixels",
        received=f"{_example(listing, 'boxes')}, which look like {'two corners' if corners else 'centres and sizes'}"
        f"; {beyond.sum()} of {len(boxes)} would leave their image",
        hint="Convert them to [left, top, width, height] in pixels.",
    )


def _require_no_corners(listing: Listing, boxes: np.ndarray) -> None:
    """Refuses `[left, top, right, bottom]` in the place of `[left, top, width, height]`."""
    boxes = boxes[(boxes[:, 4:] > 0).all(axis=1)]
    if not len(boxes):
        return
    corners, sizes = boxes[:, :4], boxes[:, 4:]
    leaves = (corners[:, :2] + corners[:, 2:] > sizes + 1).any(axis=1)
    fits = (corners[:, 2:] > corners[:, :2]).all(axis=1) & (corners[:, 2:] <= sizes + 1).all(axis=1)
    if leaves.mean() > _MOST and fits.mean() >= NEARLY_ALL:
        raise AnnotationsError(
            f"The boxes of '{listing.file}' look like [left, top, right, bottom].",
            expected="bbox as [left, top, width, height] in pixels",
            received=f"{_example(listing, 'boxes')}; {leaves.sum()} of {len(boxes)} would leave their image",
            hint="Convert them: width is right minus left, height is bottom minus top.",
        )


def _example(listing: Listing, what: str) -> str:
    marks = [mark for marks in listing.marks.values() for mark in marks]
    shown = [mark.get("bbox") if what == "boxes" else mark.get("segmentation") for mark in marks]
    return f"{next(filter(None, shown), None)!r:.60}"
