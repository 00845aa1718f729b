"""Single annotations of COCO files: their boxes, outlines and runs of pixels, in the forms that exporters write."""

import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from headstart.data.annotated import MAX_PLACE, box_of
from headstart.data.annotations import Box
from headstart.data.outlines import polygon_area
from headstart.data.rle import area_of, bounds_of, runs_of

_DEEPEST = 5


class Runs(NamedTuple):
    """One mask as runs of pixels, checked."""

    size: tuple[int, int]
    counts: str


class Shape(NamedTuple):
    """The content of `segmentation`.

    Attributes:
        polygons: corners `(n, 2)` of each that can be read.
        runs: masks kept as runs of pixels.
        problems: what is wrong with the parts that cannot be read.
    """

    polygons: list[np.ndarray]
    runs: list[Runs]
    problems: list[str]

    @property
    def area(self) -> float:
        """In square pixels; where parts overlap they count twice."""
        return sum(map(polygon_area, self.polygons)) + sum(area_of(*runs) for runs in self.runs)

    def bounds(self, name: str) -> Box | None:
        """The box around everything, `None` where there is nothing."""
        corners = [(*polygon.min(axis=0), *polygon.max(axis=0)) for polygon in self.polygons]
        corners += [bounds_of(*runs) for runs in self.runs]
        if not corners:
            return None
        sides = np.array(corners, np.float64)
        return box_of(name, [*sides[:, :2].min(axis=0).tolist(), *sides[:, 2:].max(axis=0).tolist()])


def is_crowd(mark: Mapping[str, object]) -> bool:
    """Whether an annotation has `iscrowd`."""
    return _is_set(mark, "iscrowd")


def is_difficult(mark: Mapping[str, object]) -> bool:
    """Whether an annotation has `ignore` or `difficult`, which converters add to COCO's form."""
    return _is_set(mark, "ignore") or _is_set(mark, "difficult")


def _is_set(mark: Mapping[str, object], flag: str) -> bool:
    """Whether a flag is given, as a number, a truth value or text."""
    value = mark.get(flag)
    return value.strip().lower() not in {"", "0", "false"} if isinstance(value, str) else bool(value)


def has_runs(mark: Mapping[str, object]) -> bool:
    """Whether the annotation is a mask kept as runs of pixels; what is in them is not looked at."""
    segmentation = mark.get("segmentation")
    return isinstance(segmentation, dict) and "counts" in segmentation


def sides_of(mark: Mapping[str, object]) -> tuple[float, float, float, float] | None:
    """Left, top, width and height of an annotation's `bbox`; `None` where it is missing or not four numbers."""
    value = mark.get("bbox")
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, dict):
        value = [
            value.get(key) for key in (("x", "y", "width", "height") if "width" in value else ("x", "y", "w", "h"))
        ]
    box = box_of("", value) if isinstance(value, list) else None
    return None if box is None else box[1:5]


def has_box(mark: Mapping[str, object]) -> bool:
    """Whether `bbox` says anything; exporters leave it empty or 0 where only `segmentation` counts."""
    value = mark.get("bbox")
    if value in (None, [], "", {}, "[]"):
        return False
    sides = sides_of(mark)
    return sides is None or any(sides[2:])


def shape_of(mark: Mapping[str, object]) -> Shape:
    """The shape in `segmentation`: a list of polygons, one polygon, points, run lengths (RLE), or JSON of these."""
    shape = Shape([], [], [])
    for part in _parts(mark.get("segmentation"), 0):
        if isinstance(part, np.ndarray):
            shape.polygons.append(part)
        elif isinstance(part, Runs):
            shape.runs.append(part)
        else:
            shape.problems.append(part)
    return shape


def _parts(value: object, depth: int) -> Iterator[np.ndarray | Runs | str]:
    """Polygons, runs, and a sentence for what is neither."""
    if isinstance(value, str) and depth == 0:
        value = _parsed(value)
    if value is None or value in ([], {}):
        return
    if isinstance(value, dict):
        try:
            yield Runs(*runs_of(value))
        except ValueError as error:
            yield f"runs of pixels: {error}"
    elif isinstance(value, list) and depth < _DEEPEST:
        points = _points(value)
        if points is not None:
            yield points
        elif any(isinstance(part, list | dict) for part in value):
            for part in value:
                yield from _parts(part, depth + 1)
        else:
            yield _shown(value)
    else:
        yield _shown(value)


def _points(value: list[object]) -> np.ndarray | None:
    """Corners `(n, 2)` of a list that is one polygon: `x, y, x, y`, `[x, y]` after `[x, y]`, or `{"x":, "y":}`."""
    corners = [part for part in value if isinstance(part, dict) and {"x", "y"} <= part.keys()]
    if len(corners) == len(value):
        value = [[part["x"], part["y"]] for part in corners]
    try:
        numbers = np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError):  # parts of different lengths, text, objects
        return None
    if numbers.ndim == 2 and numbers.shape[1] == 2:
        numbers = numbers.ravel()
    if numbers.ndim != 1 or len(numbers) < 6 or len(numbers) % 2 or not (np.abs(numbers) < MAX_PLACE).all():
        return None
    return numbers.reshape(-1, 2)


def _shown(value: object) -> str:
    return f"'{value!r:.40}' is no outline of three corners or more"


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
