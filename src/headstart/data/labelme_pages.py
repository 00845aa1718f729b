"""A JSON file of LabelMe made plain: the image it is about, and the shapes in it.

References:
    https://github.com/wkentaro/labelme, `labelme/utils/shape.py`: shape types and `group_id`.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from headstart.data.annotated import MAX_PLACE
from headstart.data.json_values import is_place, sound_text

Points = tuple[tuple[float, float], ...]

_CORNERS_OF_CIRCLE = 64
_MAX_BYTES = 1 << 28


@dataclass(frozen=True)
class Shape:
    """One object: the corners around each of its pieces, `x, y` in pixels of the upright image.

    `is_mask` marks an object that is kept as pixels, of which only the rectangle around it is read.
    """

    name: str
    pieces: tuple[Points, ...]
    is_mask: bool


@dataclass(frozen=True)
class Page:
    """The annotations of one JSON file.

    Attributes:
        image: `imagePath` as it is written.
        holds_pixels: whether the image is inside the file as well.
        width: pixels, 0 where the file does not say it.
        height: like `width`.
        shapes: objects with an area, in the order in which they are drawn.
        flags: names that are true for the image as a whole.
        unused: types of shapes that have no area, or cannot be read.
    """

    image: str
    holds_pixels: bool
    width: int
    height: int
    shapes: tuple[Shape, ...]
    flags: tuple[str, ...]
    unused: tuple[str, ...]


def begins_as_page(path: Path) -> bool:
    """Whether a file mentions what a file of LabelMe has."""
    try:
        content = path.read_bytes() if path.stat().st_size <= _MAX_BYTES else b""
    except OSError:
        return False
    return b'"shapes"' in content and b'"imagePath"' in content


def read_page(path: Path) -> Page:
    """The content of one file as a `Page`.

    Raises:
        ValueError, OSError, RecursionError: it cannot be read, or is no file of LabelMe.
    """
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError("too large for the annotation of an image")
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    shapes = content.get("shapes") if isinstance(content, dict) else None
    if not isinstance(shapes, list) or not isinstance(content.get("imagePath"), str):
        raise ValueError("lacks the list 'shapes' or the text 'imagePath'")
    read = [(shape, _pieces(shape)) for shape in shapes]
    flags = content.get("flags")
    return Page(
        sound_text(content["imagePath"]),
        bool(content.get("imageData")),
        _whole(content.get("imageWidth")),
        _whole(content.get("imageHeight")),
        tuple(_joined((shape, pieces) for shape, pieces in read if pieces)),
        tuple(sound_text(name) for name, is_set in flags.items() if is_set is True) if isinstance(flags, dict) else (),
        tuple(sound_text(_type_of(shape))[:40] for shape, pieces in read if not pieces),
    )


def _joined(read: Iterable[tuple[dict[str, object], Points]]) -> list[Shape]:
    """Shapes of one class and group as one object, at the place of the first."""
    pieces_of: dict[tuple[str, object], list[Points]] = defaultdict(list)
    masks: set[tuple[str, object]] = set()
    for number, (shape, points) in enumerate(read):
        group = shape.get("group_id")
        key = (_name(shape), ("group", str(group)) if group is not None else number)
        pieces_of[key].append(points)
        masks |= {key} if _type_of(shape) == "mask" else set()
    return [Shape(key[0], tuple(pieces), key in masks) for key, pieces in pieces_of.items()]


def _pieces(shape: object) -> Points:
    """Corners around a shape, none where it has no area or no name."""
    if not isinstance(shape, dict) or not _name(shape):
        return ()
    outline = _OUTLINES.get(_type_of(shape))
    points = _points(shape.get("points"))
    return outline(points) if outline and points else ()


def _polygon(points: Points) -> Points:
    return points if len(points) >= 3 else ()


def _rectangle(points: Points) -> Points:
    if len(points) < 2:
        return ()
    (left, right), (top, bottom) = ((min(places), max(places)) for places in zip(*points, strict=True))
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def _circle(points: Points) -> Points:
    if len(points) != 2:
        return ()
    (x, y), edge = points
    radius = math.dist(*points) if edge else 0.0
    angles = [2 * math.pi * step / _CORNERS_OF_CIRCLE for step in range(_CORNERS_OF_CIRCLE)]
    return tuple((round(x + radius * math.cos(a), 6), round(y + radius * math.sin(a), 6)) for a in angles)


_OUTLINES = {
    "polygon": _polygon,
    "rotation": _polygon,
    "rectangle": _rectangle,
    "mask": _rectangle,
    "circle": _circle,
}


def _points(value: object) -> Points:
    if not isinstance(value, list):
        return ()
    points = []
    for point in value:
        if not (isinstance(point, list) and len(point) == 2 and all(map(is_place, point))):
            return ()
        points.append((point[0], point[1]))
    return tuple(points)


def _name(shape: Mapping[str, object]) -> str:
    name = shape.get("label")
    return sound_text(name.strip()) if isinstance(name, str) else ""


def _type_of(shape: object) -> str:
    # Files of old versions have polygons only and name no type.
    kind = shape.get("shape_type") or "polygon" if isinstance(shape, dict) else "no object"
    return str(kind)


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < MAX_PLACE else 0
