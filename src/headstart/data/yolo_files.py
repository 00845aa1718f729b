"""Images and the label file of each, wherever the two lie: in folders beside each other, above, below, or in one."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from headstart.data.inspection import could_be_picture

_WORD_BREAK = re.compile(r"[-_ .]+")
_PICTURE_WORDS = re.compile(r"images?|imgs?|jpegimages|pictures?|pics|photos?|frames")
_LABEL_WORDS = re.compile(r"labels?|labeltxt|anno\w*|txts?|yolo\w*|bbox\w*|box(?:es)?|gt|ground|truth|groundtruth")
_NO_WORDS = re.compile(r"(?!)")


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
    pictures = [file for file in files if _is_picture(file)]
    texts = {file: file[: -len(".txt")] for file in files if file.lower().endswith(".txt")}
    finder = _LabelFinder(texts)
    label_of = {picture: label for picture in pictures if (label := finder.find(picture)) is not None}
    label_of |= _by_name_alone(pictures, [file for file in texts if in_label_folder(file)], label_of)
    used = set(label_of.values())
    others = (".names", ".labels", ".txt")
    rest = tuple(file for file in files if file.lower().endswith(others) and file not in used)
    return YoloFiles(tuple(pictures), label_of, rest)


def in_label_folder(file: str) -> bool:
    """Whether a folder above a file is named like one of labels."""
    return any(_plain(folder, _LABEL_WORDS) != folder.lower() for folder in PurePosixPath(file).parts[:-1])


def is_plain_place(picture: str, is_part: Iterable[str]) -> bool:
    """Whether the folders of an image are only those of parts and of images, and so no classes."""
    parts = set(is_part)
    return all(folder in parts or not _plain(folder, _PICTURE_WORDS) for folder in PurePosixPath(picture).parts[:-1])


def _by_name_alone(pictures: Iterable[str], labels: Iterable[str], label_of: dict[str, str]) -> dict[str, str]:
    """Images and files of folders of labels that lie elsewhere, where no other image or file has their name."""
    with_name = {kind: _unique(files) for kind, files in (("picture", pictures), ("label", labels))}
    used = set(label_of.values())
    return {
        picture: label
        for name, picture in with_name["picture"].items()
        if picture not in label_of and (label := with_name["label"].get(name)) is not None and label not in used
    }


def _unique(files: Iterable[str]) -> dict[str, str]:
    named: dict[str, list[str]] = defaultdict(list)
    for file in files:
        named[PurePosixPath(file).stem.lower()].append(file)
    return {name: same[0] for name, same in named.items() if len(same) == 1}


class _LabelFinder:
    def __init__(self, texts: dict[str, str]) -> None:
        self._exact = {stem: file for file, stem in texts.items()}
        self._by_case = {stem.lower(): file for file, stem in texts.items()}
        self._by_place: dict[tuple[str, ...], str] = {}
        for file, stem in texts.items():
            if in_label_folder(file):
                self._by_place.setdefault(_place(stem, _LABEL_WORDS), file)

    def find(self, picture: str) -> str | None:
        stem = str(PurePosixPath(picture).with_suffix(""))
        for tried in (*_labels_for_images(stem), stem):
            found = self._exact.get(tried) or self._by_case.get(tried.lower())
            if found is not None:
                return found
        found = self._by_place.get(_place(stem, _PICTURE_WORDS))
        return found or self._by_place.get(_place(stem, _NO_WORDS))


def _is_picture(file: str) -> bool:
    path = PurePosixPath(file)
    return bool(path.suffix) and could_be_picture(file) and "labels" not in map(str.lower, path.parts[:-1])


def _labels_for_images(stem: str) -> Iterator[str]:
    """The usual place: the last folder `images` replaced by `labels`."""
    parts = stem.split("/")
    for position in range(len(parts) - 2, -1, -1):
        if parts[position].lower() == "images":
            yield "/".join([*parts[:position], "labels", *parts[position + 1 :]])
            return


def _place(stem: str, words: re.Pattern[str]) -> tuple[str, ...]:
    """Where a file lies without the words that say what it is: `train_images/a` and `train_labels/a` are one place."""
    *folders, name = stem.split("/")
    plain = (_plain(folder, words) for folder in folders)
    return (*(folder for folder in plain if folder), name.lower())


def _plain(folder: str, words: re.Pattern[str]) -> str:
    every = _WORD_BREAK.split(folder.lower())
    kept = [word for word in every if not words.fullmatch(word)]
    # Where nothing is dropped the name stays as it is, dots and all.
    return "-".join(kept) if len(kept) < len(every) else folder.lower()
