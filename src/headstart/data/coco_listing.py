"""JSON files in COCO form made plain: categories, pictures, and what is marked in each."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from headstart.data.annotated import Annotated, broken_file
from headstart.data.inspection import could_be_picture
from headstart.data.part_names import part_named
from headstart.data.walking import FolderWalk, is_file, relative_path
from headstart.errors import AnnotationsError

ANNOTATION_FOLDER = "annotations"
_PICTURE_FOLDERS = ("images", "JPEGImages")
_LISTS = ("images", "annotations", "categories")


@dataclass
class Listing:
    """One JSON file made plain: names of categories, pictures by their numbers, what is marked in each.

    Attributes:
        file: POSIX, relative to the root.
        part: that it lists, "" where it does not say.
        names: category number → name, in the order of the numbers.
        images: number of the picture → its entry.
        marks: number of the picture → its annotations.
    """

    file: str
    part: str
    names: dict[object, str]
    images: dict[object, dict]
    marks: dict[object, list[dict]] = field(default_factory=lambda: defaultdict(list))

    def used(self) -> set[object]:
        """Numbers of the categories that any annotation has."""
        numbers = (mark.get("category_id") for marks in self.marks.values() for mark in marks)
        return {number for number in numbers if is_number(number)} & self.names.keys()


def coco_files(walk: FolderWalk) -> list[str]:
    """JSON files that look like COCO: in the folder, in `annotations`, and in the folders of parts."""
    folders, files = walk.children("")
    for folder in folders:
        if folder.lower() == ANNOTATION_FOLDER or part_named(folder):
            files += walk.children(folder)[1]
    return [file for file in files if file.lower().endswith(".json") and _mentions_lists(walk.root / file)]


def read_listings(walk: FolderWalk, files: Iterable[str]) -> list[Listing]:
    """The JSON files made plain; what is wrong with single entries is remarked.

    Raises:
        AnnotationsError: a file is broken or lacks a list.
    """
    listings = [_listing(walk, file) for file in files]
    if len(listings) == 1 and not part_named(PurePosixPath(listings[0].file).parent.name):
        listings[0].part = ""
    return listings


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
                    hint="Export all parts of the data set at once.",
                )
    return dict(sorted(names.items()))


def _mentions_lists(path: Path) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return b'"images"' in content and b'"annotations"' in content


def _listing(walk: FolderWalk, file: str) -> Listing:
    try:
        content = json.loads((walk.root / file).read_text(encoding="utf-8-sig"))
    except (ValueError, OSError, RecursionError) as error:
        raise broken_file(walk.root / file, error, expected="a JSON file in COCO form") from error
    lists = content if isinstance(content, dict) else {}
    missing = [name for name in _LISTS if not _is_list_of_objects(lists.get(name))]
    if missing:
        raise AnnotationsError(
            f"'{walk.root / file}' lacks {' and '.join(repr(name) for name in missing)}.",
            expected="the lists 'images', 'annotations' and 'categories' of a COCO file",
            received=", ".join(map(repr, lists)) or f"a {type(content).__name__}",
            hint="Export it again as COCO JSON.",
        )
    names = {
        it.get("id"): _sound(str(it.get("name", ""))).strip() for it in lists["categories"] if is_number(it.get("id"))
    }
    names = dict(
        sorted(
            names.items(),
            key=lambda item: (not isinstance(item[0], int), item[0] if isinstance(item[0], int) else 0, str(item[0])),
        )
    )
    images = {
        it.get("id"): it for it in lists["images"] if is_number(it.get("id")) and isinstance(it.get("file_name"), str)
    }
    if len(images) < len(lists["images"]):
        raise AnnotationsError(
            f"'{walk.root / file}' lists pictures without a number or a name of their own.",
            expected="'id', each once, and 'file_name' for every picture",
            received=f"{len(lists['images'])} pictures, {len(images)} of which can be told apart",
            hint="Export it again as COCO JSON.",
        )
    listing = Listing(file, _part_of_file(file), {key: name for key, name in names.items() if name}, images)
    lost: dict[str, int] = defaultdict(int)
    for mark in lists["annotations"]:
        number = mark.get("image_id")
        if is_number(number) and number in images:
            listing.marks[number].append(mark)
        else:
            lost[f"{number!r:.60}"] += 1
    for number, count in lost.items():
        walk.remark("unknown_image", [file], f"{count} with image_id {number}")
    return listing


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def is_number(value: object) -> bool:
    """Whether a value can be the number of something: a whole number or text."""
    return isinstance(value, int | str) and not isinstance(value, bool)


def _sound(text: str) -> str:
    """Text that can be written to a file: JSON can spell halves of characters."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _part_of_file(file: str) -> str:
    path = PurePosixPath(file)
    words = [path.parent.name, path.stem, *re.split(r"[^a-z]+", path.stem.lower())]
    return next(filter(None, map(part_named, words)), "")


def located(walk: FolderWalk, listing: Listing) -> Iterator[tuple[str, dict, list[dict]]]:
    """Path, entry and annotations of every picture that is there; remarks about the others."""
    here = PurePosixPath(listing.file).parent.as_posix()
    word = re.search(r"(train|val|valid|validation|test)\d*", PurePosixPath(listing.file).stem.lower())
    beside = [here, ".", *_PICTURE_FOLDERS, *(f"{here}/{name}" for name in _PICTURE_FOLDERS)]
    beside += [f"{above}{word[0]}" for above in ("", "images/")] if word else []
    for number, entry in listing.images.items():
        name = _sound(entry["file_name"])
        tried = (relative_path(f"{folder}/{name}", walk.root) for folder in beside)
        path = next((path for path in tried if path is not None and is_file(walk.root, path)), None)
        if path is not None:
            yield path, entry, listing.marks[number]
        elif relative_path(f"{here}/{name}", walk.root) is None:
            walk.remark("outside_path", [listing.file], f"names '{name}'")
        else:
            walk.remark("annotation_without_picture", [listing.file], f"lists '{name}'")


def remark_unlisted(walk: FolderWalk, listings: Iterable[Listing], examples: Iterable[Annotated]) -> None:
    """Remarks about pictures beside JSON files that none of them lists."""
    listed = {example.path for example in examples}
    for folder in {PurePosixPath(listing.file).parent.as_posix() for listing in listings}:
        files = walk.children("" if folder == "." else folder)[1]
        pictures = [file for file in files if PurePosixPath(file).suffix and could_be_picture(file)]
        walk.remark("unlisted", set(pictures) - listed, "stands in no JSON file")
