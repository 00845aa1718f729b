"""JSON files in COCO form made plain: categories, images, and what is marked in each."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from headstart.data.annotated import ANNOTATION_FOLDERS, broken_file
from headstart.data.json_values import sound_text
from headstart.data.part_names import part_named
from headstart.data.walking import FolderWalk
from headstart.errors import AnnotationsError

_LISTS = ("images", "annotations", "categories")
_NUM_SHOWN = 3


Entry = dict[str, Any]  # an object of a JSON file


@dataclass
class Listing:
    """One JSON file made plain: names of categories, images by their numbers, what is marked in each.

    Attributes:
        file: POSIX, relative to the root.
        part: that it lists, "" where it does not say.
        names: category number → name, in the order of the numbers.
        images: number of the image → its entry.
        marks: number of the image → its annotations.
    """

    file: str
    part: str
    names: dict[object, str]
    images: dict[object, Entry]
    marks: dict[object, list[Entry]] = field(default_factory=lambda: defaultdict(list))

    def used(self) -> set[object]:
        """Numbers of the categories that any annotation has."""
        numbers = {number_of(mark.get("category_id")) for marks in self.marks.values() for mark in marks}
        return numbers & self.names.keys()


def coco_files(walk: FolderWalk) -> list[str]:
    """JSON files that look like COCO: in the folder, in folders of parts and of annotations, and in those in them."""
    folders, files = walk.children("")
    for folder in folders:
        if folder.lower() in ANNOTATION_FOLDERS or part_named(folder):
            inner, found = walk.children(folder)
            files += found
            for deeper in inner:
                if PurePosixPath(deeper).name.lower() in ANNOTATION_FOLDERS or part_named(PurePosixPath(deeper).name):
                    files += walk.children(deeper)[1]
    return [file for file in files if file.lower().endswith(".json") and _mentions_lists(walk.root / file)]


def read_listings(walk: FolderWalk, files: Iterable[str]) -> list[Listing]:
    """The JSON files made plain; what is wrong with single entries is remarked.

    Files that hold something else than objects (captions, key points, panoptic or stuff segments) beside one that holds
    objects are left out with a remark.

    Raises:
        AnnotationsError: a file is broken or lacks a list, or none holds objects.
    """
    contents = {file: _content(walk.root / file) for file in files}
    held = {file: _held(file, content) for file, content in contents.items()}
    chosen = [file for file, what in held.items() if what == _OBJECTS] or [
        file for file, what in held.items() if what == _KEY_POINTS
    ]
    for file, what in held.items():
        if file not in chosen and chosen:
            walk.remark("other_annotations", [file], f"holds {what}")
    if held and not chosen:
        raise _no_objects(walk.root, held)
    listings = _with_marks(walk, [_listing(walk, file, contents[file]) for file in chosen])
    if len(listings) == 1 and not part_named(PurePosixPath(listings[0].file).parent.name):
        _drop_lone_part(walk, listings[0])
    return listings


def _with_marks(walk: FolderWalk, listings: list[Listing]) -> list[Listing]:
    """Files without those that mark nothing beside others that do: their images would count as background."""
    if not any(listing.marks for listing in listings):
        return listings
    for listing in listings:
        if not listing.marks:
            walk.remark("part_without_labels", [listing.file], f"{len(listing.images)} images without annotations")
    return [listing for listing in listings if listing.marks]


def category_names(listings: Iterable[Listing]) -> dict[int, str]:
    """Number → name of the categories that something is marked with, by number.

    Raises:
        AnnotationsError: two files give a number to different names.
    """
    names: dict[int, str] = {}
    for listing in listings:
        for number in listing.used():
            if isinstance(number, int) and names.setdefault(number, listing.names[number]) != listing.names[number]:
                raise AnnotationsError(
                    f"Category {number} is '{names[number]}' in one file and '{listing.names[number]}' in another.",
                    expected="the same categories in every JSON file",
                    received=f"two names for {number}",
                    hint="Export all parts of the data set together, with the same categories.",
                )
    return dict(sorted(names.items()))


def number_of(value: object) -> object:
    """The value of an `id`: 7, 7.0 and "7" are one number, other text stays text; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"0|[1-9][0-9]{0,17}", value, re.ASCII) else value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _mentions_lists(path: Path) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return b'"images"' in content and b'"annotations"' in content


def _content(path: Path) -> Mapping[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError, RecursionError) as error:
        raise broken_file(path, error, expected="a JSON file in COCO form") from error
    if not isinstance(content, dict):
        raise _lacks(path, _LISTS, f"a {type(content).__name__}")
    return content


_OBJECTS, _KEY_POINTS = "objects", "key points"


def _held(file: str, content: Mapping[str, object]) -> str:
    """A description of the annotations of a file."""
    marks = content.get("annotations")
    if not isinstance(marks, list) or not all(isinstance(mark, dict) for mark in marks):
        return _OBJECTS  # refused where the lists are looked at
    first_word = re.split(r"[^a-z]+", PurePosixPath(file).stem.lower())[0]
    if marks and all("category_id" not in mark for mark in marks):
        known = {"caption": "captions", "segments_info": "panoptic segments"}
        return next((name for key, name in known.items() if key in marks[0]), "annotations without a category_id")
    if first_word == "stuff":
        return "stuff segments"
    return _KEY_POINTS if marks and all("keypoints" in mark for mark in marks) else _OBJECTS


def _listing(walk: FolderWalk, file: str, lists: Mapping[str, object]) -> Listing:
    marks, categories, entries = (_objects(lists.get(name)) for name in ("annotations", "categories", "images"))
    missing = [name for name in _LISTS if not _is_list_of_objects(lists.get(name))]
    if missing:
        raise _lacks(walk.root / file, missing, ", ".join(_described(name, value) for name, value in lists.items()))
    images = _images(walk, file, entries)
    listing = Listing(file, _part_of_file(file), _names(walk, file, categories), images)
    lost: Counter[str] = Counter()
    for mark in marks:
        number = number_of(mark.get("image_id"))
        if number is not None and number in images:
            listing.marks[number].append(mark)
        else:
            lost[f"{mark.get('image_id')!r:.60}"] += 1
    for number, count in lost.items():
        walk.remark("unknown_image", [file], f"{count} with image_id {number}")
    _require_same_numbers(listing)
    return listing


def _names(walk: FolderWalk, file: str, categories: Iterable[Entry]) -> dict[object, str]:
    """Names of the categories by number; where one has none, what stands above it, or its number."""
    above = Counter(_text(category.get("supercategory")) for category in categories if not _text(category.get("name")))
    names: dict[object, str] = {}
    for category in categories:
        number = number_of(category.get("id"))
        if number is None:
            continue
        name, general = _text(category.get("name")), _text(category.get("supercategory"))
        if not name:
            name = general if general and above[general] == 1 else f"{general} {number}".strip()
            walk.remark("unnamed_category", [file], f"category {number}, called '{name}'")
        if names.setdefault(number, name) != name:
            raise AnnotationsError(
                f"Category {number} has two names in '{file}'.",
                expected="a unique id for every category",
                received=f"'{names[number]}' and '{name}'",
                hint="Export it again as COCO JSON.",
            )
    order = sorted(
        names, key=lambda number: (isinstance(number, str), 0 if isinstance(number, str) else number, str(number))
    )
    return {number: names[number] for number in order}


def _images(walk: FolderWalk, file: str, entries: Iterable[Entry]) -> dict[object, Entry]:
    images: dict[object, Entry] = {}
    for entry in entries:
        number, name = number_of(entry.get("id")), entry.get("file_name")
        if number is None or not isinstance(name, str) or not name.strip():
            raise _not_told_apart(walk.root / file, f"one with id {entry.get('id')!r:.40} and file_name {name!r:.80}")
        plain = {**entry, "file_name": sound_text(name)}
        first = images.setdefault(number, plain)
        if first["file_name"] != plain["file_name"]:
            both = f"id {number!r:.40} for '{first['file_name']}' and for '{plain['file_name']}'"
            raise _not_told_apart(walk.root / file, both)
        if first is not plain:
            walk.remark("repeated_image", [file], f"'{name}' twice with id {number!r:.40}")
    return images


def _require_same_numbers(listing: Listing) -> None:
    """Refuses annotations that count categories from 0 where their list counts from 1, or the other way round."""
    used = {number_of(mark.get("category_id")) for marks in listing.marks.values() for mark in marks}
    numbers = {number for number in used if isinstance(number, int)}
    if not numbers or numbers <= listing.names.keys():
        return
    for step, direction in ((1, "higher"), (-1, "lower")):
        if {number + step for number in numbers} <= listing.names.keys():
            raise AnnotationsError(
                f"The values of category_id in '{listing.file}' do not fit its categories; every class would be wrong.",
                expected=f"numbers of the categories, {_some(listing.names)}",
                received=f"category_id {_some(numbers)}, all of which would fit if they were one {direction}",
                hint="Number categories and annotations from the same number, 0 or 1.",
            )


def _some(numbers: Iterable[object]) -> str:
    shown = sorted(map(str, numbers), key=lambda text: (len(text), text))
    return ", ".join(shown) if len(shown) <= 6 else f"{', '.join(shown[:3])} to {shown[-1]}"


def _drop_lone_part(walk: FolderWalk, listing: Listing) -> None:
    if listing.part not in {"", "train"}:
        walk.remark("lone_part", [listing.file], f"named for {listing.part}")
        listing.part = ""


def _objects(value: object) -> list[Entry]:
    return value if isinstance(value, list) else []


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _text(value: object) -> str:
    return "" if value is None else sound_text(str(value)).strip()


def _part_of_file(file: str) -> str:
    path = PurePosixPath(file)
    folders = [folder for folder in reversed(path.parts[:-1]) if folder.lower() not in ANNOTATION_FOLDERS]
    return next(filter(None, map(part_named, [*folders, path.stem, *_words(path.stem)])), "")


def _words(stem: str) -> Iterator[str]:
    return filter(None, re.split(r"[^a-z]+", stem.lower()))


def _described(name: str, value: object) -> str:
    if name not in _LISTS or _is_list_of_objects(value):
        return f"'{name}'"
    kind = "an object" if isinstance(value, dict) else "no list of objects"
    return f"'{name}' ({kind})"


def _lacks(path: Path, missing: Iterable[str], received: str) -> AnnotationsError:
    return AnnotationsError(
        f"'{path}' has no {' and no '.join(repr(name) for name in missing)}.",
        expected="the lists 'images', 'annotations' and 'categories' of a COCO file",
        received=received or "nothing",
        hint="Export it again as COCO JSON.",
    )


def _not_told_apart(path: Path, received: str) -> AnnotationsError:
    return AnnotationsError(
        f"'{path}' lists images without a unique number or without a name.",
        expected="a unique 'id' and a 'file_name' for every image",
        received=received,
        hint="Export it again as COCO JSON.",
    )


def _no_objects(root: Path, held: Mapping[str, str]) -> AnnotationsError:
    shown = ", ".join(f"'{file}' ({what})" for file, what in list(held.items())[:_NUM_SHOWN])
    return AnnotationsError(
        f"No JSON file in '{root}' contains objects.",
        expected="annotations with 'category_id' and 'bbox' or 'segmentation', such as instances_train2017.json",
        received=shown,
        hint="Add the JSON file with the objects, or give its path.",
    )
