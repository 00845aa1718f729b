"""Class folders that look like images and their masks: an error asks instead of telling images from masks."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import permutations
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from headstart.data.images import open_rgb
from headstart.data.inspection import could_be_picture
from headstart.errors import DataFormatError, UnreadableImageError

_MASK_WORDS = "mask|seg|label|gt|annotation|annot|trimap|groundtruth|ground_truth|target|segmentation"
_MASK_FOLDER = re.compile(rf"(.*[-_ ])?({_MASK_WORDS})s?([-_ ].*)?|segmentation(class|object)(raw)?|labels?\w*", re.I)
_IMAGE_FOLDER = re.compile(
    r"(.*[-_ ])?(images?|imgs?|jpegimages|pictures?|photos?|inputs?|rgb|originals?|scans?|frames?)([-_ ].*)?", re.I
)
_MASK_STEM = re.compile(r"[-_ ](mask|seg|segmentation|label|labels|labelids|gt|l|annotation|trimap)([-_ ]?\d+)?$", re.I)
# Class folders are often numbered alike (cat/001.jpg, dog/001.jpg), so equal names alone prove nothing.
_MIN_SHARE_OF_PARTNERS = 0.8
_MIN_SHARE_BESIDE = 0.05
_MIN_PARTNERS = 2
_MAX_FOLDERS = 12
_NUM_OPENED = 6
_MIN_SHARE_CONFIRMED = 0.75
# How many colours cover 95 % of the pixels: few in masks, even with JPEG's noise at their edges; more in photographs.
_COVERED = 0.95
_MOST_MASK_COLOURS = 24
_LEAST_PHOTO_COLOURS = 48
_SIDE = 128


def require_no_masks(root: Path, found: Mapping[str, list[str]], *, shown: Path) -> None:
    """Refuses class folders of which one holds the masks of another, or which hold images beside their masks.

    Args:
        root: of the data set.
        found: class folder → the files below it, relative to the root.
        shown: the root as the user typed it.

    Raises:
        DataFormatError: there are masks.
    """
    places = {folder: by_place for folder, paths in found.items() if (by_place := _by_place(folder, paths))}
    for folder, by_place in places.items():
        masks = [place for place in by_place if (plain := _MASK_STEM.sub("", place)) != place and plain in by_place]
        if len(masks) >= max(_MIN_PARTNERS, _MIN_SHARE_BESIDE * len(by_place)):
            example = by_place[masks[0]], by_place[_MASK_STEM.sub("", masks[0])]
            raise _looks_like_masks(
                shown, f"{len(masks)} pairs such as '{example[1]}' and '{example[0]}' in '{folder}'"
            )
    siblings = defaultdict(list)
    for folder in places:
        siblings[PurePosixPath(folder).parent].append(folder)
    for folders in siblings.values():
        for images, masks_folder in permutations(folders[:_MAX_FOLDERS], 2):
            _require_no_pairs(root, images, masks_folder, places, shown=shown)


def _require_no_pairs(root: Path, images: str, masks: str, places: dict[str, dict[str, str]], *, shown: Path) -> None:
    mask_places = {_MASK_STEM.sub("", place): path for place, path in places[masks].items()}
    common = sorted(mask_places.keys() & places[images].keys())
    if len(common) < max(_MIN_PARTNERS, _MIN_SHARE_OF_PARTNERS * min(len(mask_places), len(places[images]))):
        return
    names = PurePosixPath(images).name, PurePosixPath(masks).name
    is_named_so = bool(_IMAGE_FOLDER.fullmatch(names[0]) and _MASK_FOLDER.fullmatch(names[1]))
    pairs = [(root / places[images][place], root / mask_places[place]) for place in _spread(common)]
    if is_named_so or _are_masks(pairs):
        raise _looks_like_masks(shown, f"{len(common)} files of the same names in '{images}' and '{masks}'")


def _by_place(folder: str, paths: Iterable[str]) -> dict[str, str]:
    """Path below the folder without its ending → path, for every image."""
    pictures = [path for path in paths if PurePosixPath(path).suffix and could_be_picture(path)]
    return {PurePosixPath(path).relative_to(folder).with_suffix("").as_posix(): path for path in pictures}


def _spread(places: list[str]) -> list[str]:
    """A few of the items, evenly spaced."""
    indexes = np.linspace(0, len(places) - 1, min(len(places), _NUM_OPENED)).round().astype(int)
    return [places[index] for index in indexes]


def _are_masks(pairs: Iterable[tuple[Path, Path]]) -> bool:
    """Whether most of the second images have the size of the first, and few colours where the first have many."""
    confirmed = []
    for image, mask in pairs:
        try:
            first, second = open_rgb(image), open_rgb(mask)
        except UnreadableImageError:
            continue
        is_mask = _num_colours(second) <= _MOST_MASK_COLOURS and _num_colours(first) >= _LEAST_PHOTO_COLOURS
        confirmed.append(first.size == second.size and is_mask)
    return bool(confirmed) and sum(confirmed) >= _MIN_SHARE_CONFIRMED * len(confirmed)


def _num_colours(image: Image.Image) -> int:
    """How many colours cover most of an image."""
    small = np.asarray(image.resize((_SIDE, _SIDE), Image.Resampling.NEAREST)).reshape(-1, 3).astype(np.int64)
    _, counts = np.unique(small @ [1, 256, 65_536], return_counts=True)
    covered = np.cumsum(np.sort(counts)[::-1]) / counts.sum()
    return int(np.searchsorted(covered, _COVERED)) + 1


def _looks_like_masks(shown: Path, received: str) -> DataFormatError:
    return DataFormatError(
        f"The folders of '{shown}' look like images with their masks, not like classes.",
        expected="one folder per class",
        received=received,
        hint=f"To learn the masks: headstart train '{shown}' --task semantic-segmentation. "
        "To learn the folders as classes, add --format folders.",
    )
