"""Annotations of the same images in two formats: the same objects, or an error that asks which of them counts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from headstart.data.annotations import PixelMask, boxes_from_text, outlines_from_text
from headstart.data.dataset import Dataset
from headstart.errors import DataFormatError
from headstart.task_spec import TargetForm

# Pixels, and a share of the coordinates: formats round, and Pascal VOC counts pixels from 1.
_MAX_SHIFT, _MAX_SHARE = 2.0, 0.01


class _Object(NamedTuple):
    name: str
    corners: tuple[float, ...]


def difference(first: Dataset, second: Dataset, names: tuple[str, str]) -> str:
    """The differences of two data sets about the same images, in words; "" if there is none.

    Objects are the same if their boxes are, to within rounding, and if every class of one data set is one class of the
    other: a format may lack the names. Images without objects do not count, because formats list them or not. Objects
    that are neither learned nor scored do not count either.

    Args:
        first: for detection, or segmentation by outlines.
        second: like `first`, for the same task.
        names: of the two formats.
    """
    found, others = _objects(first), _objects(second)
    for path in sorted(found.keys() | others.keys()):
        here, there = found.get(path, []), others.get(path, [])
        if len(here) != len(there):
            return f"'{path}' has {len(here)} objects in {names[0]} and {len(there)} in {names[1]}"
        pairs = _paired(here, there)
        if pairs is None:
            return f"the objects of '{path}' lie at different places"
        found[path], others[path] = [one for one, _ in pairs], [other for _, other in pairs]
    return _other_classes(found, others, names) or _other_parts(first, second, names)


def two_formats(path: Path, names: tuple[str, str], differing: str) -> DataFormatError:
    """The error for a folder with annotations in two formats that do not agree."""
    first, second = names
    return DataFormatError(
        f"'{path}' contains annotations in two formats, {first} and {second}, and they do not agree.",
        expected="annotations in one format, or in several with the same objects and parts",
        received=differing,
        hint=f"Choose the format to use: --format {first} or --format {second}.",
    )


def masks_and_objects(path: Path, other: str) -> DataFormatError:
    """The error for a folder with masks and with annotations of objects, where no task or format was asked for."""
    return DataFormatError(
        f"'{path}' contains masks and annotations in another format, {other}.",
        expected="annotations in one format, or the option --format",
        received=f"both masks and {other}",
        hint=f"Choose the format to use: --format masks or --format {other}.",
    )


def _objects(dataset: Dataset) -> dict[str, list[_Object]]:
    read = _boxes if dataset.form is TargetForm.BOXES else _bounds
    rows = zip(dataset.frame["path"], dataset.frame["target"], strict=True)
    return {path: objects for path, target in rows if (objects := list(read(target)))}


def _boxes(target: str) -> Iterator[_Object]:
    return (_Object(box.name, tuple(map(float, box[1:5]))) for box in boxes_from_text(target) if not box.ignored)


def _bounds(target: str) -> Iterator[_Object]:
    """Areas by the boxes around them; those kept as pixels by the size of their image."""
    if "polygons" not in json.loads(target):
        return
    for area in outlines_from_text(target):
        if not area.name:
            continue
        if isinstance(area, PixelMask):
            yield _Object(area.name, (0.0, 0.0, float(area.size[1]), float(area.size[0])))
        else:
            corners = np.array(area.corners).reshape(-1, 2)
            yield _Object(area.name, (*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist()))


def _paired(here: list[_Object], there: list[_Object]) -> list[tuple[_Object, _Object]] | None:
    """Every object with the nearest of the others that is left; None where one is too far away."""
    places = np.array([it.corners for it in here])
    others = np.array([it.corners for it in there])
    allowed = _MAX_SHIFT + _MAX_SHARE * np.abs(places).max()
    far = np.abs(places[:, None] - others[None]).max(axis=2)
    pairs = []
    for _ in here:
        row, column = np.unravel_index(np.argmin(far), far.shape)
        if not far[row, column] <= allowed:
            return None
        pairs.append((here[int(row)], there[int(column)]))
        far[row], far[:, column] = np.inf, np.inf
    return pairs


def _other_classes(found: dict[str, list[_Object]], others: dict[str, list[_Object]], names: tuple[str, str]) -> str:
    """The first class of one format that is two of the other."""
    meant: dict[tuple[int, str], str] = {}
    for path, here in found.items():
        for one, other in zip(here, others[path], strict=True):
            for side, name, partner in ((0, one.name, other.name), (1, other.name, one.name)):
                known = meant.setdefault((side, name), partner)
                if known != partner:
                    both = f"'{known}' and '{partner}' in {names[1 - side]}"
                    return f"'{name}' of {names[side]} is {both}, such as in '{path}'"
    return ""


def _other_parts(first: Dataset, second: Dataset, names: tuple[str, str]) -> str:
    parts = dict(zip(first.frame["path"], first.frame["split"], strict=True))
    for path, part in zip(second.frame["path"], second.frame["split"], strict=True):
        if parts.get(path, part) != part:
            return f"'{path}' is for {parts[path] or 'no part'} in {names[0]} and for {part or 'no part'} in {names[1]}"
    return ""
