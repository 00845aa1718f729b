"""Pascal VOC: one XML file per image, lists of images for the parts."""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path, PurePosixPath

import numpy as np

from headstart.data.annotated import (
    ANNOTATION_FOLDERS,
    Annotated,
    Asked,
    annotated_dataset,
    annotation_files,
    part_of,
    require_annotations,
    used_class_names,
)
from headstart.data.annotations import Box, boxes_to_text
from headstart.data.box_units import are_fractions
from headstart.data.class_names import sort_class_names
from headstart.data.dataset import Dataset
from headstart.data.images import upright_size
from headstart.data.inspection import could_be_picture
from headstart.data.part_names import part_named
from headstart.data.voc_lists import listed_parts
from headstart.data.voc_pages import begins_as_annotation, read_page
from headstart.data.walking import FolderWalk
from headstart.errors import AnnotationsError, UnreadableImageError

_PICTURE_FOLDERS = ("jpegimages", "images")
_MASK_FOLDERS = ("segmentationclass", "segmentationobject")
_YEAR = re.compile(r"voc[ _-]?(19|20)\d\d([ _-].*)?", re.IGNORECASE)
_NUM_PAGES_TRIED = 20
_LOOKED_FOR = "a folder 'Annotations' with one XML file per image, as LabelImg and Pascal VOC write them"


@dataclass
class _Marked:
    """The annotations of XML files for one image."""

    boxes: list[Box] = field(default_factory=list)
    width: int = 0
    height: int = 0


def looks_like_voc(root: Path) -> bool:
    """Whether XML files with boxes lie where Pascal VOC has them, also in parts or years, or beside images."""
    walk = FolderWalk(Path(os.path.realpath(root)), stays_inside=True)
    folders, files = walk.children("")
    named = {folder.lower(): folder for folder in folders}
    for name in filter(lambda name: name in ANNOTATION_FOLDERS or part_named(name) or _YEAR.fullmatch(name), named):
        inner_folders, inner_files = walk.children(named[name])
        files += inner_files
        for folder in inner_folders:
            if PurePosixPath(folder).name.lower() in ANNOTATION_FOLDERS or part_named(PurePosixPath(folder).name):
                files += walk.children(folder)[1]
    pages = [file for file in files if file.lower().endswith(".xml")]
    if any(begins_as_annotation(walk.root / page) for page in pages[:_NUM_PAGES_TRIED]):
        return True
    # An empty Annotations folder beside the images: better one clear error than two strange classes.
    has_both = "annotations" in named and bool(named.keys() & set(_PICTURE_FOLDERS))
    return has_both and walk.children(named["annotations"]) == ([], [])


def has_own_masks(root: Path) -> bool:
    """Whether masks lie where Pascal VOC has them, for another task than the boxes."""
    walk = FolderWalk(Path(os.path.realpath(root)), stays_inside=True)
    return any(_folders(file) & set(_MASK_FOLDERS) for file in walk.files_below(""))


def read_voc(root: Path, asked: Asked) -> Dataset:
    """Boxes from XML files.

    An image belongs to the XML file of the same name without its ending, or to the one whose `filename` names it;
    `path` and `folder` are not followed. Images without an XML file are background. Lists say what is train, val and
    test, or else folders of these names. Several years may lie side by side, each with its own lists. Objects with
    `difficult` are neither learned nor scored, unless all have it.

    Raises:
        AnnotationsError: no XML file, none that marks anything, or one that could be about several images.
        SplitError: nothing to train on.
    """
    walk, files, pages = annotation_files(root, ".xml", looked_for=_LOOKED_FOR)
    pictures = _Pictures(files)
    marked, spoilt = _read_pages(walk, pages, pictures)
    _scale_fractions(walk, marked)
    _heed_difficult(walk, marked)
    boxes = [box for one in marked.values() for box in one.boxes]
    used = {box.name for box in boxes if not box.ignored}
    require_annotations(walk, used, looked_for=_LOOKED_FOR)
    names = used_class_names(sort_class_names({box.name for box in boxes}), used, walk.remark)
    listed = listed_parts(walk, files, pictures) if asked.for_training else {}
    parts = {path: listed.get(path, part_of(path)) for path in pictures.paths if path not in spoilt}
    without_pages = _remark_missing(walk, parts, marked)
    examples = [
        Annotated(path, boxes_to_text(one.boxes), part, one.width, one.height)
        for path, part in parts.items()
        if part not in without_pages
        for one in [marked.get(path, _Marked())]
    ]
    return annotated_dataset(walk.root, examples, names, task=asked.task, remarks=walk.remarks)


def _read_pages(walk: FolderWalk, pages: Iterable[str], pictures: "_Pictures") -> tuple[dict[str, _Marked], set[str]]:
    """The annotations of every image that has an XML file, and the images whose file is damaged."""
    marked: dict[str, _Marked] = {}
    spoilt: set[str] = set()
    for path in pages:
        try:
            page = read_page(walk.root / path)
        except (ValueError, OSError) as error:
            walk.remark("broken_annotation", [path], " ".join(str(error).split()))
            spoilt.add(pictures.of(path, "") or "")
            continue
        picture = pictures.of(path, page.filename)
        if picture is None:
            name = page.filename or PurePosixPath(path).stem
            walk.remark("annotation_without_picture", [path], f"no image '{name}'")
            continue
        if page.broken:
            walk.remark("broken_box", [picture], f"{page.broken} in '{path}'")
        one = marked.setdefault(picture, _Marked())
        one.boxes += [box for box in page.boxes if box not in one.boxes] if one.boxes else page.boxes
        one.width, one.height = page.width or one.width, page.height or one.height
    return marked, spoilt


def _remark_missing(walk: FolderWalk, parts: dict[str, str], marked: dict[str, _Marked]) -> set[str]:
    """Remarks about images without an XML file; parts that measure and have no such file are not background, given."""
    without = set()
    for part in ("validation", "test"):
        paths = [path for path in parts if parts[path] == part]
        if paths and not marked.keys() & set(paths):
            walk.remark("part_without_labels", [""], f"{len(paths)} images for {part}, none with an XML file")
            without.add(part)
    rest = [path for path, part in parts.items() if part not in without]
    num_missing = len(set(rest) - marked.keys())
    if num_missing > len(rest) / 2:
        walk.remark("missing_labels", [""], f"{num_missing} of {len(rest)} images have no XML file")
    return without


def _scale_fractions(walk: FolderWalk, marked: dict[str, _Marked]) -> None:
    """Boxes in pixels where nearly all are fractions of the sides, with a remark."""
    rows = [(*box[1:5], one.width, one.height) for one in marked.values() for box in one.boxes]
    numbers = np.array(rows, np.float64).reshape(-1, 6)
    if not are_fractions(numbers[:, :4], numbers[:, 4:]):
        return
    for path, one in marked.items():
        try:
            height, width = (one.height, one.width) if one.width and one.height else upright_size(walk.root / path)
        except UnreadableImageError:
            continue  # the audit leaves it out
        one.boxes = [
            box._replace(
                x_min=round(box.x_min * width, 2),
                y_min=round(box.y_min * height, 2),
                x_max=round(box.x_max * width, 2),
                y_max=round(box.y_max * height, 2),
            )
            for box in one.boxes
        ]
    walk.remark("fractions", [""], f"corners of boxes, such as {', '.join(f'{corner:g}' for corner in rows[0][:4])}")


def _heed_difficult(walk: FolderWalk, marked: dict[str, _Marked]) -> None:
    """Remarks about difficult objects; where all are difficult, the mark tells nothing and is taken away."""
    boxes = [box for one in marked.values() for box in one.boxes]
    difficult = [box for box in boxes if box.ignored]
    if boxes and len(difficult) == len(boxes):
        walk.remark("all_difficult", [""], f"{len(boxes)} objects")
        for one in marked.values():
            one.boxes = [box._replace(ignored="") for box in one.boxes]
        return
    for path, one in marked.items():
        count = sum(bool(box.ignored) for box in one.boxes)
        if count:
            walk.remark("difficult", [path], f"{count} of {len(one.boxes)} objects")
    if difficult:
        walk.remark("difficult", [""], f"{len(difficult)} of {len(boxes)} objects in all images")


class _Pictures:
    """Images by name, in any folder but those of masks."""

    def __init__(self, files: Iterable[str]) -> None:
        found = [file for file in files if PurePosixPath(file).suffix and could_be_picture(file)]
        found = [file for file in found if not _folders(file) & set(_MASK_FOLDERS)]
        inside = [file for file in found if _folders(file) & set(_PICTURE_FOLDERS)]
        self.paths = inside or found
        self._all = set(self.paths)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in self.paths:
            self._by_stem[PurePosixPath(path).stem].append(path)
            self._by_name[PurePosixPath(path).name].append(path)

    def listed(self, line: str, base: str) -> list[str]:
        """Images below a folder that a line of a list means: a path, a name with or without its ending, more behind."""
        prefix = f"{base}/" if base else ""
        for text in (line, line.split(maxsplit=1)[0]):
            path = f"{prefix}{PurePosixPath(text.replace(chr(92), '/')).as_posix()}"
            if path in self._all:
                return [path]
            for stem in (text, PurePosixPath(text).stem):
                below = [path for path in self._by_stem.get(stem, []) if path.startswith(prefix)]
                if below:
                    return below
        return []

    def of(self, page: str, filename: str) -> str | None:
        """The image that an XML file is about. Its own name says so: what stands in it is often copied.

        Raises:
            AnnotationsError: several images of that name lie equally near.
        """
        name = PurePosixPath(filename.replace("\\", "/")).name
        base = _base_of(page)
        stem = PurePosixPath(page).stem
        same_stem = [path for path in self._by_stem.get(stem, []) if path.startswith(base)]
        candidates = [path for path in same_stem if PurePosixPath(path).name == name] or same_stem
        candidates = candidates or [path for path in self._by_name.get(name, []) if path.startswith(base)]
        # Parts may repeat a name; then the image of the same part, nearest to the file, is meant.
        measures: tuple[Callable[[str], int], ...] = (
            lambda path: part_of(path) == part_of(page),
            lambda path: _num_common_folders(path, page),
            lambda path: len(_folders(path) & _folders(page)),
        )
        for nearness in measures:
            nearest = max(map(nearness, candidates), default=None)
            candidates = [path for path in candidates if nearness(path) == nearest]
        if len(candidates) > 1:
            raise _ambiguous(page, candidates)
        return next(iter(candidates), None)


def _base_of(page: str) -> str:
    """Folder of the data set that an XML file belongs to, with "/": above `Annotations`; "" for the root."""
    folders = PurePosixPath(page).parts[:-1]
    place = next((place for place, name in enumerate(folders) if name.lower() in ANNOTATION_FOLDERS), 0)
    return "/".join([*folders[:place], ""]) if place else ""


def _folders(path: str) -> set[str]:
    return set(map(str.lower, PurePosixPath(path).parts[:-1]))


def _num_common_folders(path: str, other: str) -> int:
    pairs: Iterator[tuple[str, str]] = zip(PurePosixPath(path).parts, PurePosixPath(other).parts, strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def _ambiguous(page: str, candidates: list[str]) -> AnnotationsError:
    return AnnotationsError(
        f"'{page}' fits several images.",
        expected="one image with the name of the XML file, in its own part and folder",
        received=", ".join(f"'{path}'" for path in candidates[:3]),
        hint="Give every image a unique name, or put each XML file beside its image.",
    )
