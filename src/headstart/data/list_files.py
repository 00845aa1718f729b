"""Files that state which image is for training, validation or test: train.txt and its like, splits.json, split.csv."""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from headstart.data.annotated import broken_file
from headstart.data.inspection import could_be_picture
from headstart.data.part_names import part_like, part_named
from headstart.data.yolo_lines import are_labels
from headstart.errors import AnnotationsError

_TEXTS = frozenset({".txt", ".lst", ".list"})
_TABLES = frozenset({".csv", ".tsv"})
_SPLIT_FILE = re.compile(r"(.*[\W_])?(splits?|partitions?)([\W_].*)?", re.IGNORECASE)
# train and val together: says only what is not for testing.
_BOTH = re.compile(r"train_?val(id)?", re.IGNORECASE)
_CELLS = re.compile(r"[,;\t|]+| +")
_MAX_BYTES = 2**26


class ImageList(NamedTuple):
    """The images that one file lists for one part.

    Attributes:
        file: POSIX, relative to the root.
        part: "train", "validation" or "test".
        lines: names of images, perhaps with more behind them.
        is_both: whether it is train and validation together.
        is_sure: whether the file is certainly a list of images by its name or form.
    """

    file: str
    part: str
    lines: tuple[str, ...]
    is_both: bool = False
    is_sure: bool = True


def image_lists(root: Path, files: Iterable[str], *, tables: bool) -> list[ImageList]:
    """Lists among some files, by their names and content.

    Args:
        root: of the data set.
        files: POSIX, relative to the root, images among them: a text file with the name of an image beside it is not a
            list.
        tables: whether .csv and .tsv files may be lists; not where they hold the labels.

    Raises:
        AnnotationsError: a list named for a part cannot be read.
    """
    files = list(files)
    suffixes = _TEXTS | {".json"} | (_TABLES if tables else set())
    named = [file for file in files if PurePosixPath(file).suffix.lower() in suffixes and _is_named_so(file)]
    if not named:
        return []
    pictures = [PurePosixPath(file) for file in files if PurePosixPath(file).suffix and could_be_picture(file)]
    about_one = {path.with_suffix("").as_posix() for path in pictures} | {path.stem for path in pictures}
    found = [one for file in named if not _is_about(file, about_one) for one in _lists_in(root, file)]
    return [one for one in found if one.lines and not are_labels(one.lines)]


def split_files(files: Iterable[str], *, tables: bool) -> list[str]:
    """Text files and tables whose name says that they state parts, such as train_test_split.txt.

    Args:
        files: POSIX.
        tables: as for `image_lists`.
    """
    suffixes = _TEXTS | (_TABLES if tables else set())
    paths = [PurePosixPath(file) for file in files]
    return [path.as_posix() for path in paths if path.suffix.lower() in suffixes and _SPLIT_FILE.fullmatch(path.stem)]


def could_be_name(line: str) -> bool:
    """Whether a line looks like the name of an image: one word, or one with an image's ending, or numbers behind it."""
    words = line.split()
    is_named = any(PurePosixPath(text).suffix and could_be_picture(text) for text in (line, words[0]))
    return is_named or all(re.fullmatch(r"-?\d+(\.\d+)?", word) for word in words[1:])


def _is_named_so(file: str) -> bool:
    stem = PurePosixPath(file).stem
    return bool(part_like(stem)) or _SPLIT_FILE.fullmatch(stem) is not None


def _is_about(file: str, about_one: Collection[str]) -> bool:
    """Whether a file has the name of an image: beside it, or anywhere where it does not have exactly that of a part."""
    path = PurePosixPath(file).with_suffix("")
    return path.as_posix() in about_one or (path.name in about_one and not part_named(path.name))


def _lists_in(root: Path, file: str) -> Iterator[ImageList]:
    path = PurePosixPath(file)
    is_exact = bool(part_named(path.stem))
    try:
        content = _text(root / file)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        if is_exact and path.suffix.lower() in _TEXTS:
            raise _unreadable(root / file, error) from error
        return
    if path.suffix.lower() == ".json":
        yield from _lists_in_json(file, content)
        return
    lines = tuple(dict.fromkeys(filter(None, map(str.strip, content.splitlines()))))
    lines = tuple(line for line in lines if not line.startswith("#"))
    if _SPLIT_FILE.fullmatch(path.stem):
        yield from list(_lists_of_rows(file, lines)) or _lists_of_numbers(root, file, lines)
    elif part := part_like(path.stem):
        is_text = path.suffix.lower() in _TEXTS
        yield ImageList(file, part, lines, _BOTH.fullmatch(path.stem) is not None, is_exact and is_text)


def _text(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"larger than {_MAX_BYTES // 2**20} MB")
    return content.decode("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")


def _lists_in_json(file: str, text: str) -> Iterator[ImageList]:
    """Lists of names under the names of parts; a file named for one part may hold its list alone."""
    if '"annotations"' in text:  # a COCO file
        return
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return
    own = part_named(PurePosixPath(file).stem)
    if not isinstance(content, dict):
        content = {own: content} if own else {}
    parts = {key: part_named(key) for key in content}
    if own and not any(parts.values()):  # {"cat": ["cat/1"]} of one part, as Food-101 has it
        content, parts = {own: content}, {own: own}
    for key, part in parts.items():
        lines = tuple(dict.fromkeys(_names_in(content[key])))
        if part and lines:
            yield ImageList(file, part, lines, _BOTH.fullmatch(key) is not None, is_sure=False)


def _names_in(value: object) -> Iterator[str]:
    """Names in a list, in lists by class, or at the beginning of rows."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    for item in inner:
        if isinstance(item, str) and item.strip():
            yield item.strip()
        elif isinstance(item, list) and isinstance(value, list):
            yield from (cell.strip() for cell in item[:1] if isinstance(cell, str) and cell.strip())
        elif isinstance(item, list):
            yield from _names_in(item)


def _lists_of_rows(file: str, lines: Iterable[str]) -> Iterator[ImageList]:
    """Lists from rows that hold the name of an image and of its part."""
    found: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for line in lines:
        cells = [cell.strip("\"' ") for cell in _CELLS.split(line)]
        words = [cell for cell in cells if part_named(cell)]
        rest = [cell for cell in cells if cell and not part_named(cell)]
        if len(words) == 1 and rest:
            found[part_named(words[0]), _BOTH.fullmatch(words[0]) is not None].append(" ".join(rest))
    for (part, is_both), names in found.items():
        yield ImageList(file, part, tuple(names), is_both, is_sure=False)


def _lists_of_numbers(root: Path, file: str, lines: Iterable[str]) -> Iterator[ImageList]:
    """Lists from rows `number 1` for training and `number 0` for testing; images.txt has the names, as in CUB-200.

    References:
        Wah et al., The Caltech-UCSD Birds-200-2011 Dataset, README: `train_test_split.txt` and `images.txt`.
    """
    try:
        named = _text((root / file).with_name("images.txt"))
    except (OSError, UnicodeDecodeError, ValueError):
        return
    name_of = dict(row for line in named.splitlines() if len(row := line.split(maxsplit=1)) == 2)
    rows = [line.split() for line in lines]
    if not all(len(row) == 2 and row[0] in name_of and row[1] in {"0", "1"} for row in rows):
        return
    for part, flag in (("train", "1"), ("test", "0")):
        names = tuple(name_of[number] for number, is_training in rows if is_training == flag)
        yield ImageList(file, part, names, is_sure=False)


def _unreadable(path: Path, error: Exception) -> AnnotationsError:
    return broken_file(path, error, expected="names of images, one per line, in UTF-8")
