"""XML files of Pascal VOC: what one says of its image."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

from headstart.data.annotated import box_of
from headstart.data.annotations import DIFFICULT, Box

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_MAX_BYTES = 1 << 26


class Page(NamedTuple):
    """The annotations of one XML file.

    Attributes:
        filename: of the image, as it is written.
        width: pixels; 0 where nothing is stated.
        height: like `width`.
        boxes: of the objects that can be read; those with `difficult` are marked so.
        broken: how many objects cannot be read.
    """

    filename: str
    width: int
    height: int
    boxes: list[Box]
    broken: int


def begins_as_annotation(path: Path) -> bool:
    """Whether a file looks like an XML file of Pascal VOC."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    return b"<annotation" in head


def read_page(path: Path) -> Page:
    """The annotations of an XML file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too large, broken, or no annotation.
    """
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError("too large for the annotation of one image")
    root = _safe_tree(path.read_bytes())
    if root.tag != "annotation":
        raise ValueError(f"begins with <{root.tag}> instead of <annotation>")
    found = [_box(item) for item in root.findall("object")]
    return Page(
        (root.findtext("filename") or "").strip(),
        _whole(root, "size/width"),
        _whole(root, "size/height"),
        [box for box in found if box is not None],
        found.count(None),
    )


def _box(item: ElementTree.Element) -> Box | None:
    name = (item.findtext("name") or "").strip()
    corners = item.find("bndbox")
    box = box_of(name, _around_polygon(item) if corners is None else [corners.findtext(corner) for corner in _CORNERS])
    if box is None or not name:
        return None
    return box._replace(ignored=DIFFICULT if _is_true(item.findtext("difficult")) else "")


def _around_polygon(item: ElementTree.Element) -> list[float]:
    """Corners around `<polygon>`, with `<x1>`, `<y1>`, ... or `<pt><x>`, `<y>`; none where there is no such."""
    polygon = item.find("polygon")
    x, y = (list(_numbers(polygon, letter)) for letter in "xy")
    return [min(x), min(y), max(x), max(y)] if x and y else []


def _numbers(polygon: ElementTree.Element | None, letter: str) -> Iterator[float]:
    for element in () if polygon is None else polygon.iter():
        if re.fullmatch(rf"{letter}\d*", element.tag):
            try:
                yield float(element.text or "")
            except ValueError:
                continue


def _is_true(text: str | None) -> bool:
    return (text or "").strip().lower() in {"1", "true", "yes"}


def _safe_tree(content: bytes) -> ElementTree.Element:
    """The parsed file. A document type, which entities would need that swell a small file to gigabytes, is refused."""
    checker = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise ValueError("has a document type (<!DOCTYPE), which annotations do not need")

    checker.StartDoctypeDeclHandler = refuse
    try:
        checker.Parse(content, True)
        return ElementTree.fromstring(content)  # no document type, hence no entities
    except (expat.ExpatError, ElementTree.ParseError) as error:
        raise ValueError(str(error)) from error


def _whole(root: ElementTree.Element, path: str) -> int:
    try:
        return max(0, int(float(root.findtext(path) or 0)))
    except (ValueError, OverflowError):
        return 0
