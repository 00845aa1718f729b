"""Masks as files: a folder of pictures and one of masks whose names agree."""

import os
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from headstart.data.annotated import (
    Annotated,
    Asked,
    annotated_dataset,
    broken_file,
    no_annotations,
    part_of,
    require_annotations,
)
from headstart.data.annotations import mask_to_text
from headstart.data.coco_listing import category_names, coco_files, read_listings
from headstart.data.dataset import Dataset
from headstart.data.inspection import could_be_picture
from headstart.data.masks import IGNORED, OTHER_VALUES, mask_values_in
from headstart.data.part_names import part_named
from headstart.data.walking import FolderWalk
from headstart.errors import AnnotationsError, UnreadableImageError

BACKGROUND, OBJECT = "background", "object"
NAMES_FILE = "classes.txt"

_PICTURE_FOLDERS = ("images", "image", "imgs", "img", "jpegimages", "pictures", "photos")
_MASK_FOLDER = re.compile(r"(?:masks?|segmentationclass)", re.IGNORECASE)
_MASK_FOLDER_OF = re.compile(r"masks?[-_](?P<after>.+)|(?P<before>.+)[-_]masks?", re.IGNORECASE)
_STEM_ENDING = re.compile(r"[-_ ]?(?:mask|seg|label|labels)$", re.IGNORECASE)
_MASK_SUFFIXES = frozenset({".bmp", ".gif", ".png", ".tif", ".tiff", ".webp"})
_LOOKED_FOR = (
    "a folder 'images' beside a folder 'masks' (or 'train' beside 'masks_train'), "
    "with a mask of the same name for every picture"
)
# With fewer partners, two folders of these names are two classes of pictures.
_MIN_SHARE_OF_PARTNERS = 0.5
_MAX_THREADS = 8


@dataclass(frozen=True)
class _Pair:
    """A folder of pictures and the one with their masks."""

    pictures: str
    masks: str
    part: str


def looks_like_masks(root: Path) -> bool:
    """Whether there are folders of masks of which at least half belong to a picture of the same name.

    Two folders 'images' and 'masks' might also be two classes; then their files rarely have the same names.
    """
    walk = FolderWalk(Path(os.path.realpath(root)), stays_inside=True)
    for pair in _pairs(walk):
        masks = _masks_by_place(walk, pair.masks)
        if not masks and not walk.children(pair.masks)[0]:
            return True  # an empty folder of masks: one clear error is better than a strange class
        partners = set(masks) & set(_pictures_by_place(walk, pair.pictures))
        if masks and len(partners) >= _MIN_SHARE_OF_PARTNERS * len(masks):
            return True
    return False


def read_masks(root: Path, asked: Asked) -> Dataset:
    """Pictures with the files of their masks.

    What the values mean is written in a JSON file in COCO form (numbers of categories) or in `classes.txt` (one name a
    line, the first for 0). Without names, masks of 16 bits and more number the objects, as do those that hold
    nothing but 0 and one other value: 0 is "background" and the rest "object". Other masks number classes: 0 is
    "background", the others are named by their numbers. 255 is ignored unless it is named or the only one beside 0.

    Every mask is opened to see its values where there are no names.

    Raises:
        AnnotationsError: no masks, none of which belongs to a picture, or names that cannot be read.
        SplitError: nothing to train on.
    """
    walk = FolderWalk(Path(os.path.realpath(root)), stays_inside=True)
    pairs = _pairs(walk)
    if not pairs:
        raise no_annotations(walk.root, looked_for=_LOOKED_FOR, received="no folder of masks beside one of pictures")
    examples = [example for pair in pairs for example in _examples(walk, pair)]
    if not examples:
        raise no_annotations(walk.root, looked_for=_LOOKED_FOR, received="no mask with the name of a picture")
    values = _named_values(walk) or _guessed_values(walk, [mask for _, mask in examples])
    if asked.ignore_value is not None:
        values[asked.ignore_value] = ""
    # The value that stands for all others comes last, though its number is below 0.
    ordered = sorted(values, key=lambda value: (value == OTHER_VALUES, value))
    names = tuple(dict.fromkeys(values[value] for value in ordered if values[value]))
    require_annotations(walk, names, looked_for=_LOOKED_FOR)
    return annotated_dataset(
        walk.root,
        [example for example, _ in examples],
        names,
        task=asked.task,
        remarks=walk.remarks,
        mask_values={value: values[value] for value in ordered},
    )


def _pairs(walk: FolderWalk) -> list[_Pair]:
    """Folders that belong together, in the data folder and in the folders of parts."""
    folders = walk.children("")[0]
    pairs = list(_pairs_among(folders))
    for folder in filter(part_named, folders):
        pairs += _pairs_among(walk.children(folder)[0])
    return pairs


def _pairs_among(folders: Iterable[str]) -> Iterator[_Pair]:
    named = {PurePosixPath(folder).name.lower(): folder for folder in folders}
    for name, folder in named.items():
        match = _MASK_FOLDER_OF.fullmatch(name)
        if _MASK_FOLDER.fullmatch(name):
            partners = [named[other] for other in _PICTURE_FOLDERS if other in named]
        elif match and ((word := match["after"] or match["before"]) in _PICTURE_FOLDERS or part_named(word)):
            candidates = [word, *(f"{other}_{word}" for other in _PICTURE_FOLDERS)]
            partners = [named[other] for other in candidates if other in named]
        else:
            continue
        if partners:
            yield _Pair(partners[0], folder, part_named(name if match is None else word))


def _examples(walk: FolderWalk, pair: _Pair) -> Iterator[tuple[Annotated, str]]:
    """Pictures with their masks, and the masks' paths."""
    pictures, masks = _pictures_by_place(walk, pair.pictures), _masks_by_place(walk, pair.masks)
    for place in sorted(pictures.keys() & masks.keys()):
        path, mask = pictures[place], masks[place]
        yield Annotated(path, mask_to_text(mask), pair.part or part_of(path)), mask
    walk.remark("unmasked", [pictures[place] for place in pictures.keys() - masks.keys()], f"none in '{pair.masks}'")
    walk.remark(
        "annotation_without_picture",
        [masks[place] for place in masks.keys() - pictures.keys()],
        f"no picture of this name in '{pair.pictures}'",
    )


def _pictures_by_place(walk: FolderWalk, folder: str) -> dict[str, str]:
    """Path below the folder without its ending → path, for every picture."""
    files = [file for file in walk.files_below(folder) if PurePosixPath(file).suffix and could_be_picture(file)]
    return {_place(file, folder): file for file in files}


def _masks_by_place(walk: FolderWalk, folder: str) -> dict[str, str]:
    """As `_pictures_by_place`; a name such as 7_mask.png belongs to picture 7."""
    files = [file for file in walk.files_below(folder) if PurePosixPath(file).suffix.lower() in _MASK_SUFFIXES]
    plain = {_place(file, folder): file for file in files}
    return {_STEM_ENDING.sub("", place) or place: file for place, file in plain.items()} | {
        place: file for place, file in plain.items() if not _STEM_ENDING.search(place)
    }


def _place(file: str, folder: str) -> str:
    return PurePosixPath(file).relative_to(folder).with_suffix("").as_posix()


def _named_values(walk: FolderWalk) -> dict[int, str]:
    """Value → name from a file of names or JSON files; empty where there is neither."""
    names_file = walk.root / NAMES_FILE
    if NAMES_FILE in walk.children("")[1]:
        try:
            lines = names_file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise broken_file(names_file, error, expected="names of classes, one a line") from error
        named = {value: line.strip() for value, line in enumerate(lines) if line.strip()}
        return {IGNORED: "", **named}
    files = coco_files(walk)
    if not files:
        return {}
    # Remarks about the annotations do not matter here: the masks are what is learned.
    named = category_names(read_listings(FolderWalk(walk.root, stays_inside=True), files))
    return {0: "", IGNORED: "", **named} if named else {}


def _guessed_values(walk: FolderWalk, masks: list[str]) -> dict[int, str]:
    found: set[int] = set()
    wide = False
    with ThreadPoolExecutor(min(_MAX_THREADS, os.cpu_count() or 1)) as pool:
        for values in pool.map(_distinct_values, [walk.root / mask for mask in masks]):
            found |= set(values.tolist())
            wide = wide or values.dtype != np.uint8
    if not found:
        raise AnnotationsError(
            f"None of the {len(masks)} masks in '{walk.root}' can be read.",
            expected="pictures with one number a pixel, such as grey PNGs",
            received=f"files like '{masks[0]}'",
            hint="Save them again as grey PNG.",
        )
    if wide or len(found - {0}) == 1:
        return {0: BACKGROUND, OTHER_VALUES: OBJECT}
    return {0: BACKGROUND, **{value: str(value) for value in sorted(found - {0, IGNORED})}, IGNORED: ""}


def _distinct_values(path: Path) -> np.ndarray:
    """Values in a mask; none where it cannot be read, which the audit reports."""
    try:
        return np.unique(mask_values_in(path))
    except UnreadableImageError:
        return np.zeros(0, np.uint8)
