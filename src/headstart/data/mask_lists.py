"""Lists that say which images of a data set with masks are for training, validation and test."""

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

from headstart.data.annotated import broken_file
from headstart.data.part_names import part_named
from headstart.data.walking import FolderWalk
from headstart.errors import SplitError

# Pascal VOC keeps the lists for masks apart from those for boxes; other data sets have one set of lists.
_FOLDERS = ("imagesets/segmentation", "imagesets", "splits", "split", "lists", "list", "annotations", "")
_ORDER = ("", "train", "validation", "test")
_NUM_SHOWN = 3


def listed_parts(walk: FolderWalk, files: Iterable[str], images: Iterable[str]) -> dict[str, str]:
    """Image → part, from text files such as `ImageSets/Segmentation/train.txt`; empty where there are none.

    A line is the name of an image, with or without its folder and ending. Images that are in no list are "" where a
    list for training exists, and "train" where only the others exist.

    Raises:
        AnnotationsError: a list cannot be read.
        SplitError: a list names no image of this folder.
    """
    lists = _lists(files)
    if not lists:
        return {}
    images = list(images)
    by_ending = _by_ending(images)
    parts: dict[str, str] = {}
    for file, part in sorted(lists.items(), key=lambda item: (_ORDER.index(item[1]), "val" not in item[0].lower())):
        lines = _lines_of(walk, file)
        named = {line: _named(line, by_ending) for line in lines}
        lost = [line for line, found in named.items() if not found]
        if lines and len(lost) == len(lines):
            raise SplitError(
                f"'{file}' lists no image of this folder that has a mask.",
                expected="names of images, one per line, with or without folder and ending",
                received=f"{len(lines)} lines, the first is '{lines[0]}'",
                hint="Correct or remove the list; without the list, the data is split automatically.",
            )
        if lost:
            shown = ", ".join(f"'{line}'" for line in lost[:_NUM_SHOWN]) + (", ..." if lost[_NUM_SHOWN:] else "")
            walk.remark("listed_without_mask", [file], f"{len(lost)} of {len(lines)} lines: {shown}")
        for path in {path for found in named.values() for path in found}:
            if {parts.get(path, part), part} == {"train", "test"}:
                walk.remark("listed_twice", [path], f"for {parts[path]} and {part}")
            parts[path] = part
    rest = "" if "train" in lists.values() else "train"
    return {path: parts.get(path, rest) for path in images}


def _lists(files: Iterable[str]) -> dict[str, str]:
    """List → part, from the first folder that has lists."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for file in files:
        path = PurePosixPath(file)
        part = part_named(path.stem) if path.suffix.lower() == ".txt" else ""
        folder = path.parent.as_posix().lower()
        for name in _FOLDERS:
            if part and (folder == name or (name and folder.endswith(f"/{name}")) or (not name and folder == ".")):
                found[name][file] = part
    return next((found[name] for name in _FOLDERS if name in found), {})


def _lines_of(walk: FolderWalk, file: str) -> list[str]:
    try:
        text = (walk.root / file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise broken_file(walk.root / file, error, expected="names of images, one a line") from error
    return list(dict.fromkeys(filter(None, map(str.strip, text.splitlines()))))


def _by_ending(images: Iterable[str]) -> dict[str, list[str]]:
    """Every end of an image's path, without its suffix, in lower case → images."""
    found: dict[str, list[str]] = defaultdict(list)
    for image in images:
        names = PurePosixPath(os.path.splitext(image.lower())[0]).parts  # noqa: PTH122  names may hold several dots
        for start in range(len(names)):
            found["/".join(names[start:])].append(image)
    return found


def _named(line: str, by_ending: dict[str, list[str]]) -> list[str]:
    """Images that a line names: by the whole line, or by its first word (SegNet writes the mask behind the image)."""
    for text in dict.fromkeys((line, line.split(maxsplit=1)[0])):
        names = PurePosixPath(text.replace("\\", "/").lower()).parts
        for stem in (names[-1], os.path.splitext(names[-1])[0]) if names else ():  # noqa: PTH122
            # The longest end that fits: /SegNet/CamVid/train/1.png was written on another machine.
            for start in range(len(names)):
                found = by_ending.get("/".join([*names[start:-1], stem]))
                if found:
                    return found
    return []
