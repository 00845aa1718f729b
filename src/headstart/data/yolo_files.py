"""Images and the label file of each, wherever the two lie: in folders beside each other, above, below, or in one."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from headstart.data.inspection import could_be_picture

_WORD_BREAK = re.compile(r"[-_ .]+")
_PICTURE_WORDS = re.compile(r"images?|imgs?|jpegimages|pictures?|pics|photos?|frames")
_LABEL_WORDS = re.compile(r"labels?|labeltxt|anno\w*|txts?|yolo\w*|bbox\w*|box(?:es)?|gt|ground|truth|groundtruth")
_NO_WORDS = re.compile(r"(?!)")
_MAX_KEPT = 100_000


@dataclass(frozen=True)
class YoloFiles:
    """Files of a data set by what they are; paths are POSIX and relative to its root.

    Attributes:
        pictures: images, sorted.
        label_of: image → its label file.
        texts: other text files and lists of names, sorted.
    """

    pictures: tuple[str, ...]
    label_of: dict[str, str]
    texts: tuple[str, ...]


def sort_files(files: Iterable[str]) -> YoloFiles:
    """Every image with its label file: in `labels` instead of `images`, or beside it, or at the same place below."""
    files = sorted(files)
    pictures = [file for file in files if is_picture(file)]
    texts = [file for file in files if file.lower().endswith(".txt")]
    label_of: dict[str, str] = {}
    if texts:  # a folder of class folders has none, and a million images
        finder = _LabelFinder(texts)
        label_of = {picture: label for picture in pictures if (label := finder.find(picture)) is not None}
        label_of |= _by_name_alone(pictures, [file for file in texts if in_label_folder(file)], label_of)
    used = set(label_of.values())
    others = (".names", ".labels", ".txt")
    rest = tuple(file for file in files if file.lower().endswith(others) and file not in used)
    return YoloFiles(tuple(pictures), label_of, rest)


def is_picture(file: str) -> bool:
    """Whether a file is named like an image and lies in no folder `labels`."""
    folder, _, name = file.rpartition("/")
    _, dot, suffix = name.rpartition(".")
    return bool(dot) and _is_picture_suffix(suffix.lower()) and not _has_folder_labels(folder)


def stem_of(file: str) -> str:
    """The path without the ending of its name."""
    folder, slash, name = file.rpartition("/")
    return folder + slash + (name[: name.rindex(".")] if "." in name[1:] else name)


def in_label_folder(file: str) -> bool:
    """Whether a folder above a file is named like one of labels."""
    return _is_label_folder(file.rpartition("/")[0])


def is_plain_place(picture: str, is_part: Iterable[str]) -> bool:
    """Whether the folders of an image are only those of parts and of images, and so no classes."""
    parts = set(is_part)
    return all(folder in parts or not _plain(folder, _PICTURE_WORDS) for folder in picture.split("/")[:-1])


def _by_name_alone(pictures: Iterable[str], labels: Iterable[str], label_of: dict[str, str]) -> dict[str, str]:
    """Images and files of folders of labels that lie elsewhere, where no other image or file has their name."""
    used = set(label_of.values())
    free = {name: label for name, label in _unique(labels).items() if label not in used}
    if not free:
        return {}
    return {
        picture: free[name] for name, picture in _unique(pictures).items() if name in free and picture not in label_of
    }


def _unique(files: Iterable[str]) -> dict[str, str]:
    """Name without its ending → file, for names that one file has."""
    named: dict[str, list[str]] = defaultdict(list)
    for file in files:
        named[stem_of(file).rpartition("/")[2].lower()].append(file)
    return {name: same[0] for name, same in named.items() if len(same) == 1}


class _LabelFinder:
    def __init__(self, texts: Iterable[str]) -> None:
        self._exact = {stem_of(file): file for file in texts}
        self._by_case = {stem.lower(): file for stem, file in self._exact.items()}
        self._by_place: dict[tuple[str, str], str] = {}
        for stem, file in self._exact.items():
            if in_label_folder(file):
                self._by_place.setdefault(_place(stem, _LABEL_WORDS), file)

    def find(self, picture: str) -> str | None:
        stem = stem_of(picture)
        folder, slash, name = stem.rpartition("/")
        for tried in (f"{_folder_of_labels(folder)}{slash}{name}", stem):
            found = self._exact.get(tried) or self._by_case.get(tried.lower())
            if found is not None:
                return found
        return self._by_place.get(_place(stem, _PICTURE_WORDS)) or self._by_place.get(_place(stem, _NO_WORDS))


@cache
def _is_picture_suffix(suffix: str) -> bool:
    return could_be_picture(f"name.{suffix}")


@lru_cache(_MAX_KEPT)
def _has_folder_labels(folder: str) -> bool:
    return "labels" in folder.lower().split("/")


@lru_cache(_MAX_KEPT)
def _is_label_folder(folder: str) -> bool:
    return any(_plain(name, _LABEL_WORDS) != name.lower() for name in folder.split("/"))


@lru_cache(_MAX_KEPT)
def _folder_of_labels(folder: str) -> str:
    """The usual place: the last folder `images` replaced by `labels`."""
    parts = folder.split("/")
    for position in range(len(parts) - 1, -1, -1):
        if parts[position].lower() == "images":
            return "/".join([*parts[:position], "labels", *parts[position + 1 :]])
    return folder


def _place(stem: str, words: re.Pattern[str]) -> tuple[str, str]:
    """Where a file lies without the words that say what it is: `train_images/a` and `train_labels/a` are one place."""
    folder, _, name = stem.rpartition("/")
    return _plain_folder(folder, words), name.lower()


@lru_cache(_MAX_KEPT)
def _plain_folder(folder: str, words: re.Pattern[str]) -> str:
    return "/".join(filter(None, (_plain(name, words) for name in folder.split("/"))))


def _plain(folder: str, words: re.Pattern[str]) -> str:
    every = _WORD_BREAK.split(folder.lower())
    kept = [word for word in every if not words.fullmatch(word)]
    # Where nothing is dropped the name stays as it is, dots and all.
    return "-".join(kept) if len(kept) < len(every) else folder.lower()
