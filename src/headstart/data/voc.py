"""Pascal VOC: one XML file a picture, lists of pictures for the parts."""

import os
from collections import defaultdict
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

from headstart.data.annotated import (
    Annotated,
    Asked,
    annotated_dataset,
    box_of,
    broken_file,
    no_annotations,
    part_of,
    require_annotations,
)
from headstart.data.annotations import Box, boxes_to_text
from headstart.data.class_names import sort_class_names
from headstart.data.dataset import Dataset
from headstart.data.inspection import could_be_picture
from headstart.data.part_names import part_named
from headstart.data.walking import FolderWalk

_ANNOTATION_FOLDER = "annotations"
_PICTURE_FOLDERS = ("jpegimages", "images")
_MASK_FOLDERS = ("segmentationclass", "segmentationobject")
# Later lists win: what is to be measured on stays out of training. "trainval" is train and val together.
_LISTS = {"trainval": "train", "train": "train", "val": "validation", "test": "test"}
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_MAX_BYTES = 1 << 26
_NUM_PAGES_TRIED = 20
_LOOKED_FOR = "a folder 'Annotations' with one XML file a picture, as LabelImg and Pascal VOC write them"


class _Page(NamedTuple):
    """What one XML file says."""

    filename: str
    width: int
    height: int
    boxes: list[Box]
    broken: int


def looks_like_voc(root: Path) -> bool:
    """Whether XML files with boxes lie where Pascal VOC has them: in Annotations, or beside pictures or in parts."""
    walk = FolderWalk(Path(os.path.realpath(root)), stays_inside=True)
    folders, files = walk.children("")
    named = {folder.lower(): folder for folder in folders}
    for name in filter(lambda name: name == _ANNOTATION_FOLDER or part_named(name), named):
        inner_folders, inner_files = walk.children(named[name])
        files += inner_files
        for folder in inner_folders:
            if PurePosixPath(folder).name.lower() == _ANNOTATION_FOLDER:
                files += walk.children(folder)[1]
    pages = [file for file in files if file.lower().endswith(".xml")]
    if any(_begins_as_annotation(walk.root / page) for page in pages[:_NUM_PAGES_TRIED]):
        return True
    # An empty Annotations folder beside the pictures: better one clear error than two strange classes.
    has_both = _ANNOTATION_FOLDER in named and bool(named.keys() & set(_PICTURE_FOLDERS))
    return has_both and walk.children(named[_ANNOTATION_FOLDER]) == ([], [])


def read_voc(root: Path, asked: Asked) -> Dataset:
    """Boxes from XML files.

    A picture belongs to the XML file of the same name without its ending, or to the one whose `filename` names it;
    `path` and `folder` are not followed. Pictures without an XML file are background. ImageSets/Main says what is
    train, val and test, or else folders of these names.

    Raises:
        AnnotationsError: no XML file, or none that marks anything.
        SplitError: nothing to train on.
    """
    walk = FolderWalk(Path(os.path.realpath(root)), stays_inside=True)
    files = list(walk.files_below(""))
    pages = [file for file in files if file.lower().endswith(".xml")]
    if not pages:
        raise no_annotations(walk.root, looked_for=_LOOKED_FOR, received=f"{len(files)} files, none ends in .xml")
    pictures = _Pictures(files)
    targets: dict[str, tuple[str, int, int]] = {}
    spoilt: set[str] = set()
    names: set[str] = set()
    for path in pages:
        try:
            page = _read_page(walk.root / path)
        except (ElementTree.ParseError, ValueError, OSError) as error:
            walk.remark("broken_annotation", [path], " ".join(str(error).split()))
            spoilt.add(pictures.of(path, "") or "")
            continue
        picture = pictures.of(path, page.filename)
        if picture is None:
            walk.remark(
                "annotation_without_picture", [path], f"no picture '{page.filename or PurePosixPath(path).stem}'"
            )
            continue
        if page.broken:
            walk.remark("broken_box", [picture], f"{page.broken} in '{path}'")
        names |= {box.name for box in page.boxes}
        targets[picture] = (boxes_to_text(page.boxes), page.width, page.height)
    require_annotations(walk, names, looked_for=_LOOKED_FOR)
    parts = _listed_parts(walk, files, pictures)
    examples = [
        Annotated(path, text, parts.get(path, part_of(path)), width, height)
        for path in pictures.paths
        if path not in spoilt
        for text, width, height in [targets.get(path, ("[]", 0, 0))]
    ]
    return annotated_dataset(walk.root, examples, sort_class_names(names), task=asked.task, remarks=walk.remarks)


class _Pictures:
    """Pictures by name, in any folder but those of masks."""

    def __init__(self, files: Iterable[str]) -> None:
        found = [file for file in files if PurePosixPath(file).suffix and could_be_picture(file)]
        found = [file for file in found if not set(map(str.lower, PurePosixPath(file).parts)) & set(_MASK_FOLDERS)]
        inside = [file for file in found if set(map(str.lower, PurePosixPath(file).parts)) & set(_PICTURE_FOLDERS)]
        self.paths = inside or found
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in self.paths:
            self._by_stem[PurePosixPath(path).stem].append(path)
            self._by_name[PurePosixPath(path).name].append(path)

    def named(self, stem: str) -> list[str]:
        return self._by_stem.get(stem, [])

    def of(self, page: str, filename: str) -> str | None:
        """The picture that an XML file is about. Its own name says so: what stands in it is often copied."""
        name = PurePosixPath(filename.replace("\\", "/")).name
        same_stem = self._by_stem.get(PurePosixPath(page).stem, [])
        candidates = [path for path in same_stem if PurePosixPath(path).name == name] or same_stem
        candidates = candidates or self._by_name.get(name, [])
        # Parts may repeat a name; then the picture nearest to the file is meant.
        return max(candidates, key=lambda path: _num_common_folders(path, page), default=None)


def _num_common_folders(path: str, other: str) -> int:
    pairs = zip(PurePosixPath(path).parts, PurePosixPath(other).parts, strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def _begins_as_annotation(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return False
    return b"<annotation" in head


def _read_page(path: Path) -> _Page:
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError("too large for the annotation of a picture")
    root = _safe_tree(path.read_bytes())
    if root.tag != "annotation":
        raise ValueError(f"begins with <{root.tag}> instead of <annotation>")
    boxes, broken = [], 0
    for item in root.findall("object"):
        name = (item.findtext("name") or "").strip()
        corners = item.find("bndbox")
        found = None if corners is None else box_of(name, [corners.findtext(corner) for corner in _CORNERS])
        if found is None or not name:
            broken += 1
        else:
            boxes.append(found)
    return _Page(
        (root.findtext("filename") or "").strip(),
        _whole(root, "size/width"),
        _whole(root, "size/height"),
        boxes,
        broken,
    )


def _safe_tree(content: bytes) -> ElementTree.Element:
    """The parsed file. A document type, which entities would need that swell a small file to gigabytes, is refused."""
    checker = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise ValueError("has a document type (<!DOCTYPE), which annotations do not need")

    checker.StartDoctypeDeclHandler = refuse
    try:
        checker.Parse(content, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    return ElementTree.fromstring(content)  # no document type, hence no entities


def _whole(root: ElementTree.Element, path: str) -> int:
    try:
        return max(0, int(float(root.findtext(path) or 0)))
    except (ValueError, OverflowError):
        return 0


def _listed_parts(walk: FolderWalk, files: Iterable[str], pictures: _Pictures) -> dict[str, str]:
    """Part of every picture that a list names. Lists that name nothing of this folder are remarked."""
    lists = {
        PurePosixPath(file).stem.lower(): file
        for file in files
        if file.lower().endswith(".txt")
        and [name.lower() for name in PurePosixPath(file).parts[-3:-1]] == ["imagesets", "main"]
    }
    parts: dict[str, str] = {}
    for name, part in _LISTS.items():
        if name not in lists:
            continue
        try:
            text = (walk.root / lists[name]).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise broken_file(walk.root / lists[name], error, expected="names of pictures, one a line") from error
        for line in filter(None, map(str.strip, text.splitlines())):
            named = pictures.named(line) or pictures.named(PurePosixPath(line).stem) or pictures.named(line.split()[0])
            if not named:
                walk.remark("annotation_without_picture", [lists[name]], f"lists '{line}'")
            for path in named:
                if {parts.get(path, part), part} == {"train", "test"}:
                    walk.remark("listed_twice", [path], f"for {parts[path]} and {part}")
                parts[path] = part
    return parts
