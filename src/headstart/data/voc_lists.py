"""Lists of images that state the parts of a Pascal VOC data set."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple, Protocol

from headstart.data.annotated import ANNOTATION_FOLDERS, broken_file
from headstart.data.dataset import SPLITS
from headstart.data.part_names import part_named
from headstart.data.walking import FolderWalk
from headstart.errors import AnnotationsError

_LIST_FOLDERS = (("imagesets", "main"), ("imagesets",))
# train and val together: says only what is not for testing.
_BOTH = re.compile(r"train_?val(id)?", re.IGNORECASE)
# cat_train.txt: whether each image of the part shows a cat, as 1, 0 (only difficult ones) or -1.
_OF_CLASS = re.compile(r".+_(?P<part>[a-z]+)", re.IGNORECASE)
_NUM_SHOWN = 3


class NamedPictures(Protocol):
    """The images of a data set, found by their names."""

    def listed(self, line: str, base: str) -> list[str]:
        """Images below the folder `base` that a line of a list means."""
        ...


class _List(NamedTuple):
    """A file that lists images: the folder they lie below, their part, and whether it is train and val together."""

    file: str
    base: str
    part: str
    is_both: bool


def listed_parts(walk: FolderWalk, files: Iterable[str], pictures: NamedPictures) -> dict[str, str]:
    """Part of every image that a list names; the one that measures wins. Lines that name no image are remarked.

    Lists lie in `ImageSets/Main`, in `ImageSets`, or beside `Annotations`; they hold for the images below that folder.
    Lists of classes state parts where there are no others.

    Raises:
        AnnotationsError: a list cannot be read, or none of its images is there: its part would be lost.
    """
    parts: dict[str, tuple[str, bool]] = {}
    for one in sorted(_lists(list(files)), key=lambda it: (not it.is_both, SPLITS.index(it.part), it.file)):
        for path in _named_in(walk, one, pictures):
            earlier, was_both = parts.get(path, (one.part, one.is_both))
            if earlier != one.part and (not was_both or one.part == "test"):
                walk.remark("listed_twice", [path], f"for {earlier} and {one.part}")
            parts[path] = (one.part, one.is_both)
    return {path: part for path, (part, _) in parts.items()}


def _lists(files: Iterable[str]) -> Iterator[_List]:
    """Lists of parts; of a folder that has none, lists of classes."""
    bases = {
        PurePosixPath(file).parts[:place] for file in files for place in [_place_of_annotations(file)] if place >= 0
    }
    plain: dict[str, list[_List]] = defaultdict(list)
    of_classes: dict[str, list[_List]] = defaultdict(list)
    for file in files:
        path = PurePosixPath(file)
        if path.suffix.lower() != ".txt":
            continue
        base = _base_of(path, bases)
        match = _OF_CLASS.fullmatch(path.stem)
        if base is None:
            continue
        if part_named(path.stem):
            plain[base].append(_List(file, base, part_named(path.stem), bool(_BOTH.fullmatch(path.stem))))
        elif match and part_named(match["part"]) and path.parent.name.lower() == "main":
            both = bool(_BOTH.fullmatch(match["part"]))
            of_classes[base].append(_List(file, base, part_named(match["part"]), both))
    for base in plain.keys() | of_classes.keys():
        yield from plain.get(base) or of_classes[base]


def _place_of_annotations(file: str) -> int:
    folders = PurePosixPath(file).parts[:-1]
    return next((place for place, name in enumerate(folders) if name.lower() in ANNOTATION_FOLDERS), -1)


def _base_of(path: PurePosixPath, bases: Iterable[tuple[str, ...]]) -> str | None:
    """Folder of the data set that a list belongs to; `None` where it lies in no place of lists."""
    folders = path.parts[:-1]
    lower = tuple(name.lower() for name in folders)
    for ending in _LIST_FOLDERS:
        if lower[-len(ending) :] == ending:
            return "/".join(folders[: -len(ending)])
    return "/".join(folders) if folders in set(bases) else None


def _named_in(walk: FolderWalk, one: _List, pictures: NamedPictures) -> Iterator[str]:
    try:
        text = (walk.root / one.file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise broken_file(walk.root / one.file, error, expected="names of images, one per line") from error
    lost: list[str] = []
    found = False
    for line in filter(None, map(str.strip, text.splitlines())):
        named = pictures.listed(line, one.base)
        if not named:
            lost.append(line)
        found = found or bool(named)
        yield from named
    if lost and not found:
        raise _all_lost(walk, one, lost)
    if lost:
        more = f" and {len(lost) - _NUM_SHOWN} more" if len(lost) > _NUM_SHOWN else ""
        shown = ", ".join(f"'{line:.80}'" for line in lost[:_NUM_SHOWN])
        walk.remark("annotation_without_picture", [one.file], f"lists {shown}{more}")


def _all_lost(walk: FolderWalk, one: _List, lost: list[str]) -> AnnotationsError:
    return AnnotationsError(
        f"None of the {len(lost)} images that '{one.file}' lists for {one.part} is in '{walk.root / one.base}'.",
        expected="names of images of this data set, one per line",
        received=f"'{lost[0]:.80}'{' and others' if len(lost) > 1 else ''}",
        hint="Add the images, correct the names, or remove the list.",
    )
