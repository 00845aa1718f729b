"""COCO: a JSON file that lists images, categories and annotations."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from headstart.data.annotated import (
    ANNOTATION_FOLDERS,
    Annotated,
    Asked,
    annotated_dataset,
    box_of,
    no_annotations,
    part_of,
    remark_unlisted,
    require_annotations,
    used_class_names,
)
from headstart.data.annotations import Area, Box, Outline, PixelMask, boxes_to_text, outlines_to_text
from headstart.data.coco_crowds import Crowds, crowds_of
from headstart.data.coco_images import ImageFinder
from headstart.data.coco_listing import (
    Entry,
    Listing,
    coco_files,
    number_of,
    read_listings,
)
from headstart.data.coco_marks import has_box, shape_of, sides_of
from headstart.data.coco_scale import Scale, scale_of, stated_side
from headstart.data.dataset import Dataset
from headstart.data.images import upright_size
from headstart.data.outlines import outline_classes
from headstart.data.part_names import part_named
from headstart.data.walking import FolderWalk
from headstart.errors import AnnotationsError, UnreadableImageError
from headstart.task_spec import TargetForm

_LOOKED_FOR = (
    "a JSON file with the lists 'images', 'annotations' and 'categories', in the folder of the images or above it"
)
_UNKNOWN = ""  # name of an area that belongs to no class: its pixels are ignored


Item = TypeVar("Item", Box, Area)


@dataclass
class _Image(Generic[Item]):
    """One image of a file with what is marked in it."""

    path: str
    part: str
    entry: Mapping[str, object]
    items: list[Item] = field(default_factory=list)


@dataclass(frozen=True)
class _Reading:
    """The state of reading one file."""

    walk: FolderWalk
    listing: Listing
    crowds: Crowds
    scale: Scale


def looks_like_coco(root: Path) -> bool:
    """Whether there is a JSON file with images and annotations where it should be."""
    return bool(coco_files(FolderWalk(Path(os.path.realpath(root)), stays_inside=True)))


def read_coco(root: Path, asked: Asked) -> Dataset:
    """Boxes, or the outlines of areas, from JSON files: one for all images, or one per part.

    A JSON file is for the part that its folder or its name says, else the folders of its images say it. Categories of
    one name are one class; those that nothing is marked with are left out. Crowds are neither learned nor scored. What
    several files mark in one image of the same part is put together.

    Raises:
        AnnotationsError: no such file, one that is broken or lacks a list, images that cannot be told apart or are
            not there, boxes in another form, or nothing that is marked.
        SplitError: nothing to train on.
    """
    start = Path(os.path.realpath(root))
    only = start.name if start.is_file() else None
    if only is not None:
        start = start.parent
        if start.name.lower() in ANNOTATION_FOLDERS:
            only, start = f"{start.name}/{only}", start.parent
    walk = FolderWalk(start, stays_inside=True)
    files = coco_files(walk) if only is None else [only]
    if not files:
        raise no_annotations(walk.root, looked_for=_LOOKED_FOR, received="no such file")
    listings = read_listings(walk, files)
    is_detection = asked.form is TargetForm.BOXES
    if is_detection:
        boxes = _images(walk, listings, _boxes, needs_all=asked.for_training)
        examples, used = [_annotated(image, boxes_to_text(image.items)) for image in boxes], _used_names(boxes)
    else:
        areas = _images(walk, listings, _areas, needs_all=asked.for_training)
        examples, used = [_annotated(image, outlines_to_text(image.items)) for image in areas], _used_names(areas)
    looked_for = _LOOKED_FOR if is_detection else _LOOKED_FOR + ", with outlines ('segmentation')"
    require_annotations(walk, used, looked_for=looked_for)
    listed = [example.path for example in examples]
    remark_unlisted(walk, listed, "stands in no JSON file", beside=[listing.file for listing in listings])
    names = used_class_names(_ordered_names(listings), used, walk.remark)
    if is_detection:
        return annotated_dataset(walk.root, examples, names, task=asked.task, remarks=walk.remarks)
    values, names = outline_classes(names, asked.ignore_value)
    return annotated_dataset(walk.root, examples, names, task=asked.task, remarks=walk.remarks, mask_values=values)


def _used_names(images: Iterable[_Image[Item]]) -> set[str]:
    return {item.name for image in images for item in image.items if not getattr(item, "ignored", "")} - {_UNKNOWN}


def _images(
    walk: FolderWalk,
    listings: list[Listing],
    read: Callable[[_Reading, _Image[Item], list[Entry]], Iterable[Item]],
    *,
    needs_all: bool,
) -> list[_Image[Item]]:
    """Every image of every part once, with what all files mark in it."""
    finder = ImageFinder(walk, listings)
    images: dict[str, list[_Image[Item]]] = {}
    lost: list[Listing] = []
    for listing in listings:
        reading = _Reading(walk, listing, crowds_of(walk, listing), scale_of(walk, listing))
        located = list(finder.located(listing))
        lost += [] if located or not listing.images else [listing]
        for path, entry, marks in located:
            image: _Image[Item] = _Image(path, _part(walk, listing, path, entry), entry)
            image.items = list(read(reading, image, marks))
            _add(images.setdefault(path, []), image)
    if lost and (needs_all or not images):
        raise _no_images(walk, lost, has_others=bool(images))
    return [image for of_path in images.values() for image in of_path]


def _add(known: list[_Image[Item]], image: _Image[Item]) -> None:
    """Puts an image beside what other files say of it: together where the parts agree or only one is named."""
    for other in known:
        if other.part == image.part or not (other.part and image.part):
            other.part = other.part or image.part
            other.items += [item for item in image.items if item not in other.items]
            return
    known.append(image)


def _part(walk: FolderWalk, listing: Listing, path: str, entry: Mapping[str, object]) -> str:
    """Part that the file, the image's own entry or its folders state."""
    own = entry.get("split")
    stated = part_named(own) if isinstance(own, str) else ""
    of_folders = part_of(path)
    part = listing.part or stated or of_folders
    if len({part, stated or part, of_folders or part}) > 1:
        walk.remark(
            "part_conflict", [path], f"{part} by '{listing.file}', {stated or of_folders} by its folder or entry"
        )
    return part


def _annotated(image: _Image[Item], target: str) -> Annotated:
    width, height = (stated_side(image.entry, side) for side in ("width", "height"))
    return Annotated(image.path, target, image.part, width, height)


def _ordered_names(listings: Iterable[Listing]) -> list[str]:
    """Names of the categories by number; not the one that only stands above others, which Roboflow adds."""
    used = {(id(listing), number) for listing in listings for number in listing.used()}
    return [
        name
        for listing in listings
        for number, name in listing.names.items()
        if (id(listing), number) in used or number != 0
    ]


def _known_marks(reading: _Reading, image: _Image[Item], marks: Iterable[Entry]) -> Iterator[tuple[str, str, Entry]]:
    """Annotations with the names of their classes, and why they are passed over, "" for objects."""
    passed_over: Counter[tuple[str, str]] = Counter()
    for mark in marks:
        number = number_of(mark.get("category_id"))
        name = reading.listing.names.get(number)
        if name is None:
            shown = f"category_id {mark.get('category_id')!r:.60} in '{reading.listing.file}'"
            reading.walk.remark("unknown_category", [image.path], shown)
            continue
        ignored = reading.crowds.mark_of(mark)
        if ignored:
            passed_over[ignored, name] += 1
        yield name, ignored, mark
    for (ignored, name), count in passed_over.items():  # whose names are those of the findings
        reading.walk.remark(ignored, [image.path], f"{count} of '{name}' in '{reading.listing.file}'")


def _boxes(reading: _Reading, image: _Image[Box], marks: list[Entry]) -> Iterator[Box]:
    size = _Size(reading, image)
    for name, ignored, mark in _known_marks(reading, image, marks):
        box = _box(name, mark, reading.scale, size)
        if box is None:
            shown = f"bbox {mark.get('bbox')!r:.60} in '{reading.listing.file}'"
            reading.walk.remark("broken_box", [image.path], shown)
        else:
            yield box._replace(ignored=ignored)


def _box(name: str, mark: Mapping[str, object], scale: Scale, size: "_Size") -> Box | None:
    if not has_box(mark):
        around = shape_of(mark).bounds(name)
        if around is not None:
            factors = size.factors if scale.outlines else (1, 1)
            return box_of(name, [_sum(side * factor, 0) for side, factor in zip(around[1:5], factors * 2, strict=True)])
    sides = sides_of(mark)
    if sides is None:
        return None
    x, y, width, height = sides
    if scale.boxes:
        if max(sides) > 2:  # pixels, in a file of fractions
            return None
        across, down = size.factors
        x, y, width, height = (round(side, 2) for side in (x * across, y * down, width * across, height * down))
    return box_of(name, [x, y, _sum(x, width), _sum(y, height)])


def _sum(start: float, length: float) -> float:
    # 319.38 + 35.94 would be 355.32000000000005.
    return round(start + length, 6)


class _Size:
    """Width and height that fractions of an image's sides are multiplied by: as the file states them, else its own."""

    def __init__(self, reading: _Reading, image: _Image[Box] | _Image[Area]) -> None:
        self._root, self._image = reading.walk.root, image

    @property
    def factors(self) -> tuple[int, int]:
        width, height = (stated_side(self._image.entry, side) for side in ("width", "height"))
        if not (width and height):
            try:
                height, width = upright_size(self._root / self._image.path)
            except UnreadableImageError:
                return 1, 1  # the audit leaves it out
        return width, height


def _areas(reading: _Reading, image: _Image[Area], marks: list[Entry]) -> list[Area]:
    """Areas of one image, the largest first, so that what is small stays visible on what is large.

    Crowds, and objects of which only the box is known, become areas of no class: their pixels are ignored.
    """
    found: list[tuple[float, Area]] = []
    size = _Size(reading, image)
    for name, ignored, mark in _known_marks(reading, image, marks):
        shape = shape_of(mark)
        factors = np.array(size.factors if reading.scale.outlines else (1, 1))
        shown = _UNKNOWN if ignored else name
        area = shape.area * factors.prod()
        found += [(area, Outline(shown, tuple((polygon * factors).ravel().tolist()))) for polygon in shape.polygons]
        found += [(area, PixelMask(shown, *runs)) for runs in shape.runs]
        if shape.problems or not (shape.polygons or shape.runs):
            why = shape.problems[0] if shape.problems else "has none"
            reading.walk.remark("broken_outline", [image.path], f"of a '{name}' in '{reading.listing.file}': {why}")
            found += _boxed(_box(name, mark, reading.scale, size))
    return [area for _, area in sorted(found, key=lambda item: (-item[0], item[1].name != _UNKNOWN))]


def _boxed(box: Box | None) -> list[tuple[float, Area]]:
    """The inside of a box as an area of no class."""
    if box is None:
        return []
    left, top, right, bottom = box[1:5]
    corners = (left, top, right, top, right, bottom, left, bottom)
    return [((right - left) * (bottom - top), Outline(_UNKNOWN, corners))]


def _no_images(walk: FolderWalk, lost: list[Listing], *, has_others: bool) -> AnnotationsError:
    listing = lost[0]
    names = [entry["file_name"] for entry in listing.images.values()]
    inside = "Put the images into a folder 'images' beside the JSON file, or name the folder above both."
    return AnnotationsError(
        f"None of the {len(names)} images that '{listing.file}' lists is in '{walk.root}'.",
        expected="the images inside that folder, with the paths or at least the file names of the JSON file",
        received=f"'{names[0]}'{' and others' if len(names) > 1 else ''}, and no file of that name",
        hint=inside
        if not has_others
        else "Add the images, remove this file, or give the path of the JSON file whose images exist.",
    )
