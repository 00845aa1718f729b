"""YOLO: one text file a picture, a line for every object, places as shares of the picture's sides."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from headstart.data.annotated import (
    MAX_PLACE,
    Annotated,
    Asked,
    annotated_dataset,
    broken_file,
    no_annotations,
    part_of,
    require_annotations,
    used_class_names,
)
from headstart.data.annotations import Box, boxes_to_text
from headstart.data.dataset import Dataset
from headstart.data.images import upright_size
from headstart.data.inspection import could_be_picture
from headstart.data.part_names import part_named
from headstart.data.walking import FolderWalk
from headstart.errors import AnnotationsError, UnreadableImageError

_PICTURES, _LABELS = "images", "labels"
_NAME_FILES = ("data.yaml", "data.yml", "dataset.yaml", "classes.txt", "obj.names")
_LOOKED_FOR = "a folder 'labels' beside 'images' (also inside train, val and test), with a .txt file for every picture"
_ITEM = re.compile(r"""^\s*(?:-|(?P<number>\d+)\s*:)\s*(?P<name>.+?)\s*$""")
_INLINE_ITEM = re.compile(r"""\s*(?:(?P<number>\d+)\s*:\s*)?(?P<name>'[^']*'|"[^"]*"|[^,'"{}\[\]]+)""")


def looks_like_yolo(root: Path) -> bool:
    """Whether a folder `labels` with text files, or an empty one, lies beside `images`; also inside parts."""
    walk = FolderWalk(Path(os.path.realpath(root)), stays_inside=True)
    folders = walk.children("")[0]
    places = ["", *filter(part_named, folders)]
    return any(_holds_labels(walk, place) for place in places)


def read_yolo(root: Path, asked: Asked) -> Dataset:
    """Boxes from text files.

    The labels of `images/a/1.jpg` are in `labels/a/1.txt`; without such folders they lie beside the picture. Pictures
    without a file, or with an empty one, are background. Lines with more than four numbers are outlines, and the box
    around them counts. Names of classes come from data.yaml, classes.txt or obj.names; without them the numbers are
    the names. Headers of pictures are read, because places are shares of their sides.

    Raises:
        AnnotationsError: no labels, or none that marks anything, or names that cannot be read.
        SplitError: nothing to train on.
    """
    walk = FolderWalk(Path(os.path.realpath(root)), stays_inside=True)
    files = list(walk.files_below(""))
    names = _class_names(walk, files)
    pictures = [file for file in files if PurePosixPath(file).suffix and could_be_picture(file)]
    pictures = [file for file in pictures if _LABELS not in map(str.lower, PurePosixPath(file).parts[:-1])]
    texts = set(files)
    examples, used, label_files = [], set(), set()
    for picture in pictures:
        label_file = _label_file(picture)
        has_labels = label_file in texts
        try:
            boxes = list(_boxes(walk, picture, label_file, names)) if has_labels else []
        except (UnicodeDecodeError, OSError) as error:
            walk.remark("broken_annotation", [label_file], " ".join(str(error).split()))
            continue
        finally:
            label_files |= {label_file} if has_labels else set()
        used |= {box.name for box in boxes}
        examples.append(Annotated(picture, boxes_to_text(boxes), part_of(picture)))
    if not label_files:
        raise no_annotations(walk.root, looked_for=_LOOKED_FOR, received=f"{len(pictures)} pictures, no such file")
    require_annotations(walk, used, looked_for=_LOOKED_FOR)
    strays = {file for file in texts - label_files if _LABELS in PurePosixPath(file).parts and file.endswith(".txt")}
    walk.remark("annotation_without_picture", (file for file in strays if not _is_names(file)), "no such picture")
    class_names = used_class_names(names.values() or sorted(used, key=int), used, walk.remark)
    return annotated_dataset(walk.root, examples, class_names, task=asked.task, remarks=walk.remarks)


def _holds_labels(walk: FolderWalk, place: str) -> bool:
    named = {PurePosixPath(folder).name.lower(): folder for folder in walk.children(place)[0]}
    if not {_PICTURES, _LABELS} <= named.keys():
        return False
    files = list(walk.files_below(named[_LABELS]))
    return not files or any(file.lower().endswith(".txt") for file in files)


def _label_file(picture: str) -> str:
    parts = list(PurePosixPath(picture).with_suffix(".txt").parts)
    for position in range(len(parts) - 2, -1, -1):
        if parts[position].lower() == _PICTURES:
            parts[position] = _LABELS
            break
    return "/".join(parts)


def _is_names(file: str) -> bool:
    return PurePosixPath(file).name in _NAME_FILES


def _boxes(walk: FolderWalk, picture: str, label_file: str, names: dict[int, str]) -> Iterator[Box]:
    """Objects of one picture in pixels; what cannot be used is remarked."""
    lines = (walk.root / label_file).read_text(encoding="utf-8-sig").splitlines()
    rows = [line.split() for line in lines if line.strip()]
    if not rows:
        return
    try:
        height, width = upright_size(walk.root / picture)
    except UnreadableImageError:
        return  # the audit opens it again and says so
    for row in rows:
        numbers = _numbers(row)
        if numbers is None:
            walk.remark("broken_box", [picture], f"'{' '.join(row):.60}' in '{label_file}'")
            continue
        number = int(numbers[0])
        if names and number not in names:
            walk.remark("unknown_category", [picture], f"class {number} in '{label_file}'")
            continue
        corners = _corners(numbers[1:]) * [width, height, width, height]
        yield Box(names.get(number, str(number)), *corners.round(4).tolist())


def _numbers(row: list[str]) -> np.ndarray | None:
    """The numbers of a line: a class and four shares, or an outline of three corners and more; `None` for others."""
    try:
        numbers = np.array(row, np.float64)
    except ValueError:
        return None
    is_box = len(numbers) == 5
    is_outline = len(numbers) >= 7 and len(numbers) % 2 == 1
    is_sound = (is_box or is_outline) and (np.abs(numbers) < MAX_PLACE).all() and numbers[0] >= 0
    return numbers if is_sound and float(numbers[0]).is_integer() else None


def _corners(shares: np.ndarray) -> np.ndarray:
    """x_min, y_min, x_max, y_max as shares, from centre and size or from an outline."""
    if len(shares) == 4:
        return np.concatenate([shares[:2] - shares[2:] / 2, shares[:2] + shares[2:] / 2])
    points = shares.reshape(-1, 2)
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def _class_names(walk: FolderWalk, files: Iterable[str]) -> dict[int, str]:
    """Number → name; empty where no file says it."""
    found = {PurePosixPath(file).name: file for file in sorted(files, key=lambda file: file.count("/"), reverse=True)}
    file = next((found[name] for name in _NAME_FILES if name in found), None)
    if file is None:
        return {}
    path = walk.root / file
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise broken_file(path, error, expected="names of classes") from error
    if path.suffix not in {".yaml", ".yml"}:
        return {number: line.strip() for number, line in enumerate(text.splitlines()) if line.strip()}
    names = _names_in_yaml(text)
    if not names:
        raise AnnotationsError(
            f"'{path}' names no classes.",
            expected="'names:' with a list, such as names: [cat, dog], or with a line '0: cat' for each",
            received="no such entry that can be read",
            hint="Correct it, or write the names into classes.txt, one a line.",
        )
    return names


def _names_in_yaml(text: str) -> dict[int, str]:
    r"""The entry `names` of a YAML file, in the three forms that tools write; no more of YAML is understood.

    Example:
        >>> _names_in_yaml("nc: 2\nnames: ['cat', dog]")
        {0: 'cat', 1: 'dog'}
        >>> _names_in_yaml("names:\n  0: cat\n  1: dog\n")
        {0: 'cat', 1: 'dog'}
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    start = next((place for place, line in enumerate(lines) if re.match(r"names\s*:", line)), None)
    if start is None:
        return {}
    rest = lines[start].split(":", 1)[1].strip()
    if rest[:1] in {"[", "{"}:
        whole = " ".join([rest, *lines[start + 1 :]])
        inside = whole[1 : whole.find("]" if rest[0] == "[" else "}")]
        items = list(_INLINE_ITEM.finditer(inside))
        items = [item for item in items if item["name"].strip()]
    else:
        matches = []
        for line in lines[start + 1 :]:
            match = _ITEM.match(line)
            if match is None:
                break
            matches.append(match)
        items = matches
    names = {
        int(item["number"] or place): item["name"].split(" #")[0].strip().strip("'\"")
        for place, item in enumerate(items)
    }
    return dict(sorted(names.items()))
