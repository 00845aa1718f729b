"""YOLO: one text file per image, a line for every object, places as shares of the image's sides."""

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from headstart.data.annotated import (
    Annotated,
    Asked,
    annotated_dataset,
    no_annotations,
    require_annotations,
    used_class_names,
)
from headstart.data.annotations import Box, Outline, boxes_to_text, outlines_to_text
from headstart.data.dataset import Dataset
from headstart.data.images import upright_size
from headstart.data.outlines import largest_first, outline_classes
from headstart.data.part_names import part_like, parts_named
from headstart.data.walking import FolderWalk
from headstart.data.yolo_files import YoloFiles, in_label_folder, is_plain_place, sort_files
from headstart.data.yolo_lines import Line, are_labels, parse_line, text_lines
from headstart.data.yolo_parts import parts_of_pictures
from headstart.data.yolo_settings import YAML_SUFFIXES, class_names, find_settings, is_names_file
from headstart.errors import AnnotationsError, UnreadableImageError
from headstart.task_spec import TargetForm

_LOOKED_FOR = (
    "a .txt file of the same name for every image, in a folder 'labels' beside 'images' (also inside train, val and "
    "test) or beside the image"
)
_MAX_LOOKED_AT = 40
_MAX_LABEL_BYTES = 2**24


def looks_like_yolo(root: Path) -> bool:
    """Whether images have label files: half of those that are looked at hold lines as YOLO has them.

    A folder `labels` beside `images` is enough where it has text files or nothing, and so is a YAML file with classes
    and parts beside images that lie in no folder of a class.
    """
    walk = FolderWalk(Path(os.path.realpath(root)), stays_inside=True)
    all_files = list(walk.files_below(""))
    files = sort_files(all_files)
    if files.pictures and _is_wrapped(all_files, files):
        return False
    if files.pictures and _has_usual_folders(walk, all_files):
        return True
    labels = sorted(set(files.label_of.values()))
    if not files.pictures:
        labels = [file for file in files.texts if in_label_folder(file) and not is_names_file(file)]
    elif sum(map(in_label_folder, labels)) >= len(files.pictures) / 2:
        return True
    sampled = labels[:: len(labels) // _MAX_LOOKED_AT + 1]
    contents = [lines for label in sampled if (lines := _read_lines(walk, label))]
    if contents:
        return sum(map(are_labels, contents)) >= len(contents) / 2
    return _has_settings(walk, all_files, files)


def read_yolo(root: Path, asked: Asked) -> Dataset:
    """Boxes, or outlines for segmentation, from text files.

    The labels of `images/a/1.jpg` are in `labels/a/1.txt`, or beside the image. Images without a file, or with an empty
    one, are background. Lines with more numbers are outlines, for detection the box around them counts; confidences and
    keypoints are remarked. Names of classes come from a YAML file, classes.txt or obj.names; without them the numbers
    are the names. Parts come from the YAML file or obj.data, from lists of images, or from the names of folders.
    Headers of images are read, because places are shares of their sides: those of the upright image.

    Args:
        root: the folder, or the YAML file of a data set, whose folder then counts.
        asked: for masks, the outlines are used.

    Raises:
        AnnotationsError: no labels, none that marks anything, pixels in place of shares, or names that cannot be read.
        SplitError: nothing to train on, or the parts that are stated cannot be kept.
    """
    chosen = Path(root).name if Path(root).suffix.lower() in YAML_SUFFIXES and Path(root).is_file() else None
    folder = Path(root).parent if chosen else Path(root)
    walk = FolderWalk(Path(os.path.realpath(folder)), stays_inside=True)
    all_files = list(walk.files_below(""))
    files = sort_files(all_files)
    settings = find_settings(walk, all_files, chosen)
    names = class_names(walk, settings, files.texts)
    _require_pairs(walk, files)
    _remark_files(walk, files)
    stated = parts_of_pictures(walk, files, settings, needs_all=asked.for_training)
    part_of = _with_labels(walk, stated, files, needs_all=asked.for_training)
    reader = _Reader(walk, names, settings.num_keypoint_values if settings else 0)
    objects = {picture: found for picture in part_of if (found := reader.objects(picture, files)) is not None}
    reader.require_sound_lines()
    return _dataset(walk, asked, reader, objects, part_of)


@dataclass
class _Objects:
    """The objects of one image: its size `(height, width)`, None if unreadable, and its lines with class names."""

    size: tuple[int, int] | None
    lines: list[tuple[str, Line]]

    def boxes(self) -> Iterator[Box]:
        height, width = self.size or (0, 0)
        for name, line in self.lines:
            yield Box(name, *(line.box * [width, height, width, height]).round(4).tolist())

    def outlines(self) -> Iterator[Outline]:
        height, width = self.size or (0, 0)
        for name, line in self.lines:
            if line.outline is not None:
                yield Outline(name, tuple((line.outline * [width, height]).round(4).ravel().tolist()))


@dataclass
class _Reader:
    """Reads label files and counts what is odd about their lines."""

    walk: FolderWalk
    names: dict[int, str]
    num_keypoint_values: int
    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def objects(self, picture: str, files: YoloFiles) -> _Objects | None:
        """Objects of one image; None where its label file cannot be read."""
        label_file = files.label_of.get(picture)
        if label_file is None:
            return _Objects(None, [])
        try:
            rows = _read_rows(self.walk, label_file)
        except (ValueError, OSError) as error:
            self.walk.remark("broken_annotation", [label_file], " ".join(str(error).split()))
            return None
        lines = [named for row in rows if (named := self._named_line(picture, row, label_file)) is not None]
        if not lines:
            return _Objects(None, [])
        try:
            return _Objects(upright_size(self.walk.root / picture), lines)
        except UnreadableImageError:
            return _Objects(None, [])  # the audit opens it again and says so

    def require_sound_lines(self) -> None:
        """Refuses lines that are not YOLO's, and remarks once what many lines have.

        Raises:
            AnnotationsError: no line can be read, or most are pixels or corners.
        """
        if self.counts["broken"] and not self.counts["line"]:
            raise AnnotationsError(
                f"No line of the label files in '{self.walk.root}' can be read.",
                expected="a class number, then centre and size as fractions, such as '0 0.5 0.5 0.2 0.3'",
                received=self.first["broken"],
                hint="Export the annotations as YOLO, or give their format with --format.",
            )
        if self.is_most("far"):
            raise AnnotationsError(
                f"The boxes in '{self.walk.root}' are outside their images; their coordinates look like pixels.",
                expected="fractions of the image's width and height between 0 and 1, as in YOLO",
                received=f"larger numbers in {self._described('far')}",
                hint="Divide x and width by the image's width, y and height by its height, or export as YOLO again.",
            )
        # Large objects at the edge alone would not have numbers that are corners in nearly every line.
        if self.is_most("leaving") and self.counts["corners"] >= 0.95 * self.counts["line"]:
            raise AnnotationsError(
                f"The boxes in '{self.walk.root}' extend beyond their images; their coordinates look like corners.",
                expected="centre x, centre y, width and height, as in YOLO",
                received=f"x_min, y_min, x_max, y_max in {self._described('corners')}",
                hint="Replace the corners by centre and size, or export as YOLO again.",
            )
        for kind in ("confidence", "keypoints"):
            if self.counts[kind]:
                self.walk.remark(kind, [""], self._described(kind))

    def is_most(self, kind: str) -> bool:
        """Whether more than half of the lines are of a kind."""
        return self.counts[kind] > self.counts["line"] / 2

    def _described(self, kind: str) -> str:
        return f"{self.counts[kind]} of {self.counts['line']} lines, such as {self.first[kind]}"

    def _named_line(self, picture: str, row: str, label_file: str) -> tuple[str, Line] | None:
        where = f"'{row:.60}' in '{label_file}'"
        line = parse_line(row, self.num_keypoint_values)
        if line is None:
            self._count("broken", where)
            self.walk.remark("broken_box", [picture], where)
            return None
        for kind, has in {
            "line": True,
            "far": line.is_far,
            "corners": line.could_be_corners,
            "leaving": line.leaves_image,
            "confidence": line.has_confidence,
            "keypoints": line.has_keypoints,
            "outline": line.outline is not None,
        }.items():
            if has:
                self._count(kind, where)
        if self.names and line.number not in self.names:
            known = f"the names are for {min(self.names)} to {max(self.names)}"
            self.walk.remark("unknown_category", [picture], f"class {line.number} in '{label_file}'; {known}")
            return None
        return self.names.get(line.number, str(line.number)), line

    def _count(self, kind: str, where: str) -> None:
        self.counts[kind] += 1
        self.first.setdefault(kind, where)


def _dataset(
    walk: FolderWalk, asked: Asked, reader: _Reader, objects: dict[str, _Objects], part_of: dict[str, str]
) -> Dataset:
    is_segmentation = asked.form is TargetForm.MASKS
    examples, used = [], set()
    for picture, found in objects.items():
        marks: list[Outline] | list[Box]
        if is_segmentation:
            marks = largest_first(found.outlines())
            missing = [name for name, line in found.lines if line.outline is None]
            if missing:
                walk.remark("broken_outline", [picture], f"{len(missing)} objects have a box only")
            target = outlines_to_text(marks)
        else:
            marks = list(found.boxes())
            target = boxes_to_text(marks)
        used |= {mark.name for mark in marks}
        examples.append(Annotated(picture, target, part_of[picture]))
    require_annotations(walk, used, looked_for=_LOOKED_FOR + (", with outlines" if is_segmentation else ""))
    ordered = used_class_names(reader.names.values() or sorted(used, key=int), used, walk.remark)
    values: dict[int, str] = {}
    if is_segmentation:
        values, ordered = outline_classes(ordered, asked.ignore_value)
    elif (counts := reader.counts)["outline"] * 2 >= max(counts["line"], 1):
        walk.remark("outlines_unused", [""], f"{counts['outline']} of {counts['line']} objects")
    return annotated_dataset(walk.root, examples, ordered, task=asked.task, remarks=walk.remarks, mask_values=values)


def _with_labels(walk: FolderWalk, part_of: dict[str, str], files: YoloFiles, *, needs_all: bool) -> dict[str, str]:
    """The parts of which any image has a label file; images without one would pass for background.

    Raises:
        AnnotationsError: a part to train on or to validate with has none.
    """
    labelled = {part_of[picture] for picture in files.label_of if picture in part_of}
    for part in sorted({*part_of.values()} - labelled):
        pictures = [picture for picture in part_of if part_of[picture] == part]
        if needs_all and part != "test":
            raise AnnotationsError(
                f"No image for {part} in '{walk.root}' has a label file.",
                expected=_LOOKED_FOR,
                received=f"{len(pictures)} images without one, such as '{pictures[0]}'",
                hint="Copy their label files as well. For an image without objects, add an empty file.",
            )
        walk.remark("part_without_labels", [str(PurePosixPath(pictures[0]).parent)], f"{len(pictures)} {part} images")
    return {picture: part for picture, part in part_of.items() if part in labelled}


def _require_pairs(walk: FolderWalk, files: YoloFiles) -> None:
    if not files.pictures:
        raise AnnotationsError(
            f"'{walk.root}' has no images.",
            expected="images in a folder 'images' beside 'labels', or beside their label files",
            received=f"{len(files.texts)} text files, no image",
            hint="Copy the images to this folder; some tools export labels without images.",
        )
    if not files.label_of:
        raise no_annotations(
            walk.root, looked_for=_LOOKED_FOR, received=f"{len(files.pictures)} images, no such file for any of them"
        )
    without = len(files.pictures) - len(files.label_of)
    if without > len(files.pictures) / 2:
        walk.remark("missing_labels", [""], f"{without} of {len(files.pictures)} images")


def _remark_files(walk: FolderWalk, files: YoloFiles) -> None:
    strays = (file for file in files.texts if in_label_folder(file) and file.lower().endswith(".txt"))
    strays = (file for file in strays if not is_names_file(file) and not part_like(PurePosixPath(file).stem))
    walk.remark("annotation_without_picture", strays, "no such image")
    sharing: dict[str, list[str]] = defaultdict(list)
    for picture, label in files.label_of.items():
        sharing[label].append(picture)
    for label, pictures in sharing.items():
        if len(pictures) > 1:
            walk.remark("shared_labels", pictures, f"all have '{label}'")


def _is_wrapped(all_files: Iterable[str], files: YoloFiles) -> bool:
    """Whether images, labels and settings lie in one folder that is a whole data set itself."""
    settings = (file for file in all_files if file.lower().endswith((*YAML_SUFFIXES, ".data")))
    named = (file for file in files.texts if is_names_file(file))
    tops = {file.partition("/")[0] for file in (*files.pictures, *files.label_of.values(), *settings, *named)}
    top = next(iter(tops))
    is_wrapper = len(tops) == 1 and f"{top}/" in files.pictures[0][: len(top) + 1]
    return is_wrapper and not is_plain_place(f"{top}/1", parts_named([top]))


def _has_usual_folders(walk: FolderWalk, files: Iterable[str]) -> bool:
    """Whether a folder `labels` with text files, or an empty one, lies beside `images`."""
    folders = {file.rpartition("/")[0] for file in files}
    above = {path for folder in folders for path in (PurePosixPath(folder), *PurePosixPath(folder).parents)}
    places = {path.parent for path in above if path.name.lower() == "images"}
    for place in places:
        for folder in walk.children("" if str(place) == "." else str(place))[0]:
            if PurePosixPath(folder).name.lower() == "labels":
                inside = list(walk.files_below(folder))
                if not inside or any(file.lower().endswith(".txt") for file in inside):
                    return True
    return False


def _has_settings(walk: FolderWalk, all_files: list[str], files: YoloFiles) -> bool:
    """Whether a file says that there are boxes, though no label does."""
    if files.label_of and any(is_names_file(file) for file in files.texts):
        return True
    folders = {folder for picture in files.pictures for folder in PurePosixPath(picture).parts[:-1]}
    if not all(is_plain_place(picture, parts_named(folders)) for picture in files.pictures):
        return False
    try:
        settings = find_settings(walk, all_files)
    except AnnotationsError:
        return True
    return settings is not None and bool(settings.names or settings.names_file) and bool(settings.places)


def _read_rows(walk: FolderWalk, label_file: str) -> list[str]:
    with (walk.root / label_file).open("rb") as file:
        content = file.read(_MAX_LABEL_BYTES + 1)
    if len(content) > _MAX_LABEL_BYTES:
        raise ValueError(f"larger than {_MAX_LABEL_BYTES // 2**20} MB")
    return text_lines(content)


def _read_lines(walk: FolderWalk, label_file: str) -> list[str]:
    try:
        return _read_rows(walk, label_file)
    except (ValueError, OSError):
        return []
