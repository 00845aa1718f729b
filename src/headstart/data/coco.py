"""COCO: a JSON file that lists pictures, categories and annotations."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from headstart.data.annotated import (
    MAX_PLACE,
    Annotated,
    Asked,
    annotated_dataset,
    box_of,
    no_annotations,
    require_annotations,
    used_class_names,
)
from headstart.data.annotations import DETECTION, Box, Outline, boxes_to_text, outlines_to_text
from headstart.data.coco_listing import (
    ANNOTATION_FOLDER,
    Listing,
    coco_files,
    is_number,
    located,
    read_listings,
    remark_unlisted,
)
from headstart.data.dataset import Dataset
from headstart.data.masks import UNCOVERED
from headstart.data.walking import FolderWalk

BACKGROUND = "background"
_LOOKED_FOR = "a JSON file with the lists 'images', 'annotations' and 'categories', beside the pictures or above them"


def looks_like_coco(root: Path) -> bool:
    """Whether there is a JSON file with images and annotations where it should be."""
    return bool(coco_files(FolderWalk(Path(os.path.realpath(root)), stays_inside=True)))


def read_coco(root: Path, asked: Asked) -> Dataset:
    """Boxes, or the outlines of areas, from JSON files: one for all pictures, or one a part.

    A JSON file is for the part that its folder or its name says. Categories of one name are one class; those that
    nothing is marked with are left out. Crowds, and areas kept as runs of pixels, are not used but named.

    Raises:
        AnnotationsError: no such file, one that is broken or lacks a list, or nothing that is marked.
        SplitError: nothing to train on.
    """
    start = Path(os.path.realpath(root))
    only = start.name if start.is_file() else None
    if only is not None:
        start = start.parent
        if start.name.lower() == ANNOTATION_FOLDER:
            only, start = f"{start.name}/{only}", start.parent
    walk = FolderWalk(start, stays_inside=True)
    files = coco_files(walk) if only is None else [only]
    if not files:
        raise no_annotations(walk.root, looked_for=_LOOKED_FOR, received="no such file")
    listings = read_listings(walk, files)
    read = _read_boxes if asked.task == DETECTION else _read_outlines
    return read(walk, listings, asked)


def _read_boxes(walk: FolderWalk, listings: list[Listing], asked: Asked) -> Dataset:
    examples, used = [], set()
    for listing in listings:
        for path, entry, marks in located(walk, listing):
            boxes = list(_boxes(walk, listing, path, marks))
            used |= {box.name for box in boxes}
            examples.append(_annotated(path, boxes_to_text(boxes), listing, entry))
    require_annotations(walk, used, looked_for=_LOOKED_FOR)
    remark_unlisted(walk, listings, examples)
    names = used_class_names(_ordered_names(listings), used, walk.remark)
    return annotated_dataset(walk.root, examples, names, task=asked.task, remarks=walk.remarks)


def _read_outlines(walk: FolderWalk, listings: list[Listing], asked: Asked) -> Dataset:
    examples, used = [], set()
    for listing in listings:
        for path, entry, marks in located(walk, listing):
            outlines = list(_outlines(walk, listing, path, marks))
            used |= {outline.name for outline in outlines}
            examples.append(_annotated(path, outlines_to_text(outlines), listing, entry))
    require_annotations(walk, used, looked_for=_LOOKED_FOR + ", with outlines ('segmentation')")
    remark_unlisted(walk, listings, examples)
    names = used_class_names(_ordered_names(listings), used, walk.remark)
    # 0 is what no outline covers: background, unless the person says that nothing is known of it.
    uncovered = () if asked.ignore_value == UNCOVERED else (BACKGROUND,)
    values = {UNCOVERED: "".join(uncovered)} | dict(enumerate((name for name in names if name != BACKGROUND), 1))
    if asked.ignore_value in values:
        values[asked.ignore_value] = ""
    names = tuple(dict.fromkeys(name for name in values.values() if name))
    return annotated_dataset(walk.root, examples, names, task=asked.task, remarks=walk.remarks, mask_values=values)


def _annotated(path: str, target: str, listing: Listing, entry: Mapping[str, object]) -> Annotated:
    width, height = (
        value if isinstance(value, int) and 0 < value < 2**31 else 0 for value in map(entry.get, ("width", "height"))
    )
    return Annotated(path, target, listing.part, width, height)


def _ordered_names(listings: Iterable[Listing]) -> list[str]:
    """Names of the categories by number; not the one that only stands above others, which Roboflow adds."""
    used = {(id(listing), number) for listing in listings for number in listing.used()}
    return [
        name
        for listing in listings
        for number, name in listing.names.items()
        if (id(listing), number) in used or number != 0
    ]


def _known_marks(walk: FolderWalk, listing: Listing, path: str, marks: Iterable[dict]) -> Iterator[tuple[str, dict]]:
    """Annotations with the names of their classes, without crowds."""
    for mark in marks:
        number = mark.get("category_id")
        if not is_number(number) or number not in listing.names:
            walk.remark("unknown_category", [path], f"category_id {number!r} in '{listing.file}'")
        elif mark.get("iscrowd"):
            walk.remark("crowd", [path], f"'{listing.names[number]}' in '{listing.file}'")
        else:
            yield listing.names[number], mark


def _boxes(walk: FolderWalk, listing: Listing, path: str, marks: Iterable[dict]) -> Iterator[Box]:
    for name, mark in _known_marks(walk, listing, path, marks):
        corners = mark.get("bbox")
        box = box_of(name, corners) if isinstance(corners, list) else _box_around(name, mark)
        if box is None:
            walk.remark("broken_box", [path], f"bbox {corners!r:.60} in '{listing.file}'")
        elif isinstance(corners, list):
            x, y, width, height = box[1:5]
            yield Box(name, x, y, _sum(x, width), _sum(y, height))
        else:
            yield box


def _sum(start: float, length: float) -> float:
    # 319.38 + 35.94 would be 355.32000000000005.
    return round(start + length, 6)


def _box_around(name: str, mark: Mapping[str, object]) -> Box | None:
    outlines = list(_polygons(mark))
    if not outlines:
        return None
    points = np.concatenate(outlines)
    return box_of(name, [*points.min(axis=0), *points.max(axis=0)])


def _outlines(walk: FolderWalk, listing: Listing, path: str, marks: Iterable[dict]) -> Iterator[Outline]:
    """Outlines of one picture, the largest first, so that what is small stays visible on what is large."""
    found: list[tuple[float, Outline]] = []
    for name, mark in _known_marks(walk, listing, path, marks):
        polygons = list(_polygons(mark))
        if not polygons:
            walk.remark("broken_outline", [path], f"of a '{name}' in '{listing.file}'")
        area = sum(_polygon_area(polygon) for polygon in polygons)
        found += [(area, Outline(name, tuple(polygon.ravel().tolist()))) for polygon in polygons]
    yield from (outline for _, outline in sorted(found, key=lambda item: -item[0]))


def _polygons(mark: Mapping[str, object]) -> Iterator[np.ndarray]:
    """Corners `(n, 2)` of every polygon of an annotation that can be read."""
    parts = mark.get("segmentation")
    for part in parts if isinstance(parts, list) else []:
        try:
            numbers = np.asarray(part, np.float64)
        except (TypeError, ValueError, OverflowError):
            continue
        if numbers.ndim == 1 and len(numbers) >= 6 and len(numbers) % 2 == 0 and (np.abs(numbers) < MAX_PLACE).all():
            yield numbers.reshape(-1, 2)


def _polygon_area(corners: np.ndarray) -> float:
    (x, y), (next_x, next_y) = corners.T, np.roll(corners, -1, axis=0).T
    return float(abs((x * next_y - next_x * y).sum()) / 2)
