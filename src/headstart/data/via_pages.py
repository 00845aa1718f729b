"""Files of the VGG Image Annotator (VIA) made plain: images, and the regions that are marked in each.

References:
    https://gitlab.com/vgg/via, `via-2.x.y/CodeDoc.md`: the exports `via_region_data.json` and `.csv`, and the project.
"""

import csv
import io
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from headstart.data.json_values import is_place, sound_text
from headstart.files import cell_limit

Points = tuple[tuple[float, float], ...]

_CORNERS_OF_CIRCLE = 64
_MAX_BYTES = 1 << 28
_MAX_CELL = 1 << 24
_KEYS = ((b'"filename"', b'"regions"', b'"file_attributes"'), (b'"metadata"', b'"fid_list"', b'"fname"'))
_HEADER = (b"region_shape_attributes", b"region_attributes")


class Region(NamedTuple):
    """One region: its shape, the corners around it (none where it has no area or is broken), and what it is said to be.

    Attributes:
        shape: "rect", "polygon", "circle", "ellipse", or one without an area.
        points: `x, y` in pixels.
        said: name of an attribute → its value, "" for none.
    """

    shape: str
    points: Points
    said: dict[str, str]


class MarkedImage(NamedTuple):
    """One image, as it is named, with its regions."""

    name: str
    regions: tuple[Region, ...]


def begins_as_via(path: Path) -> bool:
    """Whether a .json or .csv file mentions what exports of VIA have."""
    try:
        content = path.read_bytes() if path.stat().st_size <= _MAX_BYTES else b""
    except OSError:
        return False
    if path.suffix.lower() == ".csv":
        return all(name in content.split(b"\n", 1)[0] for name in _HEADER)
    return any(all(key in content for key in keys) for keys in _KEYS)


def read_via(path: Path) -> list[MarkedImage]:
    """Every image of a file.

    Raises:
        ValueError, OSError, RecursionError: it cannot be read, or is no file of VIA.
    """
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"larger than {_MAX_BYTES // 2**20} MB")
    text = path.read_text(encoding="utf-8-sig")
    return _from_rows(text) if path.suffix.lower() == ".csv" else list(_from_json(json.loads(text)))


def _from_json(content: object) -> Iterator[MarkedImage]:
    if isinstance(content, dict) and isinstance(content.get("metadata"), dict):
        yield from _from_version_3(content)
        return
    if isinstance(content, dict):
        content = content.get("_via_img_metadata", content)  # of a whole project
    entries = content.values() if isinstance(content, dict) else ()
    found = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("filename"), str)]
    if not found and entries:
        raise ValueError("no entry has a 'filename'")
    for entry in found:
        regions = entry.get("regions")
        # The first version numbered regions: {"0": ..., "1": ...}.
        items = regions.values() if isinstance(regions, dict) else regions if isinstance(regions, list) else ()
        yield MarkedImage(sound_text(entry["filename"]), tuple(map(_region, items)))


def _from_version_3(content: Mapping[str, object]) -> Iterator[MarkedImage]:
    """Images of a project of version 3, in which files, views, regions and attributes are tables."""
    files, views, marks, attributes = (_table(content.get(name)) for name in ("file", "view", "metadata", "attribute"))
    of_view: dict[str, list[dict[str, object]]] = defaultdict(list)
    for mark in marks.values():
        of_view[str(mark.get("vid"))].append(mark)
    for number, view in views.items():
        inside = view.get("fid_list")
        file = files.get(str(inside[0]), {}) if isinstance(inside, list) and len(inside) == 1 else {}
        if isinstance(file.get("fname"), str):
            regions = tuple(_region_of_3(mark, attributes) for mark in of_view[number])
            yield MarkedImage(sound_text(str(file["fname"])), regions)


def _region_of_3(mark: Mapping[str, object], attributes: Mapping[str, dict[str, object]]) -> Region:
    xy = mark.get("xy")
    number, *places = xy if isinstance(xy, list) and xy else [0]
    kind, keys = _SHAPES_OF_3.get(str(number), (f"shape {number}"[:40], ()))
    shape: dict[str, object] = dict(zip(keys, places, strict=False))
    if kind == "polygon":
        shape = {"all_points_x": places[::2], "all_points_y": places[1::2]}
    said = {}
    for key, value in _items(mark.get("av")):
        attribute = attributes.get(key, {})
        options = attribute.get("options")
        chosen = options.get(str(value), value) if isinstance(options, dict) else value
        said[sound_text(str(attribute.get("aname") or key))] = _value(chosen)
    return Region(kind, _OUTLINES[kind](shape) if kind in _OUTLINES else (), said)


def _table(value: object) -> dict[str, dict[str, object]]:
    return {key: row for key, row in _items(value) if isinstance(row, dict)}


def _items(value: object) -> list[tuple[str, object]]:
    return list(value.items()) if isinstance(value, dict) else []


def _from_rows(text: str) -> list[MarkedImage]:
    rows = csv.DictReader(io.StringIO(text), strict=True)
    regions: dict[str, list[Region]] = {}
    try:
        with cell_limit(_MAX_CELL):
            for row in rows:
                name = (row.get("filename") or row.get("#filename") or "").strip()
                shape, said = (
                    json.loads(row.get(key) or "{}") for key in ("region_shape_attributes", "region_attributes")
                )
                if name:
                    regions.setdefault(sound_text(name), [])
                if name and shape:
                    regions[sound_text(name)].append(_region({"shape_attributes": shape, "region_attributes": said}))
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return [MarkedImage(name, tuple(found)) for name, found in regions.items()]


def _region(item: object) -> Region:
    shape = item.get("shape_attributes") if isinstance(item, dict) else None
    said = item.get("region_attributes") if isinstance(item, dict) else None
    if not isinstance(shape, dict):
        return Region("no shape", (), {})
    kind = str(shape.get("name"))[:40]
    points = _OUTLINES[kind](shape) if kind in _OUTLINES else ()
    attributes = said.items() if isinstance(said, dict) else ()
    return Region(kind, points, {sound_text(str(name)): _value(value) for name, value in attributes})


def _value(value: object) -> str:
    """Text of an attribute; of a checkbox the one option that is ticked."""
    if isinstance(value, dict):
        ticked = [name for name, is_set in value.items() if is_set is True or str(is_set).lower() == "true"]
        value = ticked[0] if len(ticked) == 1 else ""
    return sound_text(str(value)).strip() if isinstance(value, str | int | float) else ""


def _rectangle(shape: Mapping[str, object]) -> Points:
    numbers = _numbers(shape, "x", "y", "width", "height")
    if numbers is None:
        return ()
    left, top, width, height = numbers
    right, bottom = round(left + width, 6), round(top + height, 6)
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def _polygon(shape: Mapping[str, object]) -> Points:
    x, y = shape.get("all_points_x"), shape.get("all_points_y")
    if not (isinstance(x, list) and isinstance(y, list) and len(x) == len(y) >= 3 and all(map(is_place, [*x, *y]))):
        return ()
    return tuple(zip(x, y, strict=True))


def _ellipse(shape: Mapping[str, object]) -> Points:
    radius = {"rx": shape.get("r"), "ry": shape.get("r"), "theta": 0, **shape}
    numbers = _numbers(radius, "cx", "cy", "rx", "ry", "theta")
    if numbers is None:
        return ()
    x, y, across, down, turned = numbers
    angles = [2 * math.pi * step / _CORNERS_OF_CIRCLE for step in range(_CORNERS_OF_CIRCLE)]
    offsets = [(across * math.cos(angle), down * math.sin(angle)) for angle in angles]
    cos, sin = math.cos(turned), math.sin(turned)
    return tuple((round(x + dx * cos - dy * sin, 6), round(y + dx * sin + dy * cos, 6)) for dx, dy in offsets)


_OUTLINES: dict[str, Callable[[Mapping[str, object]], Points]] = {
    "rect": _rectangle,
    "polygon": _polygon,
    "circle": _ellipse,
    "ellipse": _ellipse,
}
_SHAPES_OF_3: dict[str, tuple[str, tuple[str, ...]]] = {
    "2": ("rect", ("x", "y", "width", "height")),
    "3": ("circle", ("cx", "cy", "r")),
    "4": ("ellipse", ("cx", "cy", "rx", "ry")),
    "7": ("polygon", ()),
}


def _numbers(shape: Mapping[str, object], *names: str) -> list[float] | None:
    numbers = [shape.get(name) for name in names]
    return [number for number in numbers if isinstance(number, int | float)] if all(map(is_place, numbers)) else None
