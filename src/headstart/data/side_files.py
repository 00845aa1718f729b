"""Files with the name of an image beside it: annotations of places in it, or harmless captions and metadata."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from headstart.data.inspection import could_be_picture
from headstart.data.yolo_lines import parse_line

_SUFFIXES = frozenset({".txt", ".json", ".xml", ".xmp", ".caption", ".tags"})
_MAX_LOOKED_AT = 40
_MAX_BYTES = 2**16
_MIN_SHARE = 0.5
# Keys under which formats of annotations keep objects and their corners.
_PLACES = re.compile(
    rb'"(shapes|annotations|regions|objects|bbox|bboxes|boundingbox|boxes|points|polygons?|segmentation)"\s*:', re.I
)
_NUMBER = re.compile(r"-?\d+(\.\d*)?(e[-+]?\d+)?", re.IGNORECASE)
_MIN_NUMBERS = 4
_MAX_WORDS = 3


def side_files(paths: Iterable[str]) -> list[str]:
    """Files with the name of an image in the same folder, with its ending (`1.png.json`) or without (`1.txt`).

    Args:
        paths: files, POSIX.
    """
    files = [PurePosixPath(path) for path in paths]
    pictures = [file for file in files if file.suffix and could_be_picture(file.name)]
    named = {picture.with_suffix("") for picture in pictures} | set(pictures)
    return [file.as_posix() for file in files if file.suffix.lower() in _SUFFIXES and file.with_suffix("") in named]


def hold_places(root: Path, files: Sequence[str]) -> bool:
    """Whether most of some side files that are not empty say where something is in an image.

    Text files do so by lines of numbers, as of YOLO, KITTI and DOTA; JSON files by the keys of known formats; other
    files are taken for annotations whatever they hold.

    Args:
        root: of the data set.
        files: of one ending, relative to the root.
    """
    sampled = files[:: len(files) // _MAX_LOOKED_AT + 1]
    contents = [content for file in sampled if (content := _beginning(root / file)).strip()]
    found = sum(_holds_places(PurePosixPath(files[0]).suffix.lower(), content) for content in contents)
    return bool(contents) and found >= _MIN_SHARE * len(contents)


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES)
    except OSError:
        return b""


def _holds_places(suffix: str, content: bytes) -> bool:
    if suffix == ".json":
        return _PLACES.search(content) is not None
    if suffix != ".txt":
        return True
    return any(map(_is_place, content.decode("utf-8", "replace").splitlines()))


def _is_place(line: str) -> bool:
    words = line.split()
    numbers = [word for word in words if _NUMBER.fullmatch(word.strip(",;"))]
    return parse_line(line) is not None or (len(numbers) >= _MIN_NUMBERS and len(words) - len(numbers) <= _MAX_WORDS)
