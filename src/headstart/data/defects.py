"""From folders of good and defective images to a data set: the published layout of MVTec AD, and simpler ones.

References:
    Bergmann et al. 2021, The MVTec Anomaly Detection Dataset, IJCV 129: `train/good`, `test/good`, `test/DEFECT` and
    `ground_truth/DEFECT/NAME_mask.png`.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd

from headstart.data.annotated import Asked
from headstart.data.dataset import GOOD, Dataset, frame_from_rows
from headstart.data.folder_doubts import listed
from headstart.data.inspection import could_be_picture
from headstart.data.part_names import parts_named
from headstart.data.walking import FolderWalk
from headstart.errors import DataFormatError

# Names of folders, without case and separators.
_GOOD_NAMES = frozenset({"good", "ok", "normal", "nodefect", "defectfree"})
_MASK_NAMES = frozenset({"groundtruth", "gt", "mask", "masks"})
_UNLABELLED_NAMES = frozenset({"unlabelled", "unlabeled", "unknown", "unsorted"})
_MASK_ENDING = re.compile(r"[-_ ]?(mask|gt)$")
# Name of the one output: how far an image is from the good ones.
SCORE = "anomaly"


@dataclass(frozen=True)
class _Place:
    """A folder of images of one sort in one part: `GOOD` or the name of a defect."""

    folder: str
    sort: str
    part: str


def looks_like_defects(path: Path) -> bool:
    """Whether a folder has good images to train on and nothing else: `train/good`, with or without a test part."""
    if not os.path.isdir(path):  # noqa: PTH112
        return False
    walk = FolderWalk(Path(os.path.realpath(path)))
    folders, _ = walk.children("")
    train = [folder for folder, part in parts_named(folders).items() if part == "train"]
    if len(train) != 1:
        return False
    inner, files = walk.children(train[0])
    holding = [folder for folder in inner if _has_images(walk, folder)]
    return len(holding) == 1 and _plain(holding[0]) in _GOOD_NAMES and not any(map(_is_image, files))


def read_defects(root: Path, asked: Asked) -> Dataset:
    """Good images to learn from, and good and defective ones to test on, with masks where there are some.

    These layouts are read; upper and lower case of the folders does not matter:
    `train/good`, and optionally `validation/good`, `test/good`, `test/DEFECT` and `ground_truth/DEFECT/NAME_mask.png`;
    `good` and optionally `DEFECT`, side by side; images of good objects directly in the folder. Images in a folder
    `unlabelled` are left out with a remark.

    Raises:
        DataFormatError: there are no good images, or images of defects in the part to train on.
    """
    walk = FolderWalk(Path(os.path.realpath(root)))
    folders, files = walk.children("")
    mask_folders = [folder for folder in folders if _plain(folder) in _MASK_NAMES]
    others = [folder for folder in folders if folder not in mask_folders]
    parts = parts_named(others)
    has_parts = any(_has_images(walk, folder) for folder in parts)
    places = _places_of_parts(walk, parts, root) if has_parts else _places_without_parts(walk, others, files, root)
    if has_parts:
        walk.remark("unused_folder", set(others) - set(parts), "is next to the train folder")
        walk.remark("unlabelled", filter(_is_image, files), "is in no folder of a part")
    rows = [(path, place.sort, "", place.part) for place in places for path in _images_of(walk, place)]
    if asked.for_training and not any(sort == GOOD and part in {"", "train"} for _, sort, _, part in rows):
        raise _no_good_images(root, places)
    frame = frame_from_rows(rows)
    frame["mask"] = pd.Series(_masks_of(walk, mask_folders, frame, has_parts=has_parts), dtype=str)
    return Dataset(frame, (SCORE,), walk.root, remarks=tuple(sorted(walk.remarks)), task=asked.task)


def _places_of_parts(walk: FolderWalk, parts: Mapping[str, str], root: Path) -> list[_Place]:
    """Folders of images in the folders of parts; defects are for testing alone."""
    found = []
    for top, part in parts.items():
        inner, files = walk.children(top)
        holding = [folder for folder in inner if _has_images(walk, folder)]
        if any(map(_is_image, files)) and not holding and part != "test":
            found.append(_Place(top, GOOD, part))
            continue
        walk.remark("unlabelled", filter(_is_image, files), "is in no folder such as 'good'")
        if part == "train":
            found.append(_Place(_good_of_training(holding, root), GOOD, part))
            continue
        for folder in holding:
            if _plain(folder) in _GOOD_NAMES:
                found.append(_Place(folder, GOOD, part))
            elif part == "test":
                found.append(_Place(folder, PurePosixPath(folder).name, part))
            else:
                walk.remark("defect_not_in_test", filter(_is_image, walk.files_below(folder)), "move it to 'test'")
    return found


def _good_of_training(holding: list[str], root: Path) -> str:
    """The only folder of the part to train on."""
    good = [folder for folder in holding if _plain(folder) in _GOOD_NAMES]
    if len(holding) == 1:
        return holding[0]
    wrong = [folder for folder in holding if folder not in good]
    raise DataFormatError(
        f"'{root}' has more than good images to train on.",
        expected="one folder of good images in the train part, such as 'train/good'",
        received=listed(wrong) if holding else "no images in it",
        hint="Move images of defects to 'test/DEFECT'. To learn classes, use --task image-classification."
        if holding
        else "Put the good images into 'train/good'.",
    )


def _places_without_parts(walk: FolderWalk, folders: list[str], files: list[str], root: Path) -> list[_Place]:
    """`good` beside folders of defects, or images of good objects directly in the folder."""
    holding = [folder for folder in folders if _has_images(walk, folder)]
    unlabelled = [folder for folder in holding if _plain(folder) in _UNLABELLED_NAMES]
    for folder in unlabelled:
        walk.remark("unlabelled", filter(_is_image, walk.files_below(folder)), "score it with `headstart predict`")
    named = [folder for folder in holding if folder not in unlabelled]
    good = [folder for folder in named if _plain(folder) in _GOOD_NAMES]
    if len(good) == 1:
        walk.remark("unlabelled", filter(_is_image, files), "is in no folder such as 'good'")
        defects = [_Place(folder, PurePosixPath(folder).name, "test") for folder in named if folder not in good]
        return [_Place(good[0], GOOD, ""), *defects]
    if not named and any(map(_is_image, files)):
        return [_Place("", GOOD, "")]
    raise DataFormatError(
        f"'{root}' has no folder of good images.",
        expected="one folder 'train/good' or 'good', or images of good objects directly in the folder",
        received=listed(named) if named else "no images",
        hint="Put the good images into 'train/good' and those with defects into 'test/DEFECT'.",
    )


def _images_of(walk: FolderWalk, place: _Place) -> list[str]:
    """Files of a folder, with all below; directly in the data folder only its own."""
    files = list(walk.files_below(place.folder)) if place.folder else walk.children("")[1]
    return [file for file in files if _is_image(file)]


def _masks_of(walk: FolderWalk, folders: Iterable[str], frame: pd.DataFrame, *, has_parts: bool) -> list[str]:
    """Path of the mask of every image, "" without one; a remark for masks without an image and images without one.

    Where parts are stated, masks belong to the test part: images of other parts may have the same names.
    """
    masks: dict[tuple[str, str], str] = {}
    for folder in folders:
        for file in filter(_is_image, walk.files_below(folder)):
            path = PurePosixPath(file)
            masks[path.parent.name.casefold(), _MASK_ENDING.sub("", path.stem.casefold())] = file
    rows = list(zip(frame["path"], frame["target"], frame["split"], strict=True))
    found = []
    for path, _, part in rows:
        place = PurePosixPath(path)
        name = (place.parent.name.casefold(), place.stem.casefold())
        found.append(masks.get(name, "") if part == "test" or not has_parts else "")
    walk.remark("annotation_without_picture", set(masks.values()) - set(found), "no image has the name of the mask")
    if any(found):
        unmarked = [path for (path, sort, _), mask in zip(rows, found, strict=True) if sort != GOOD and not mask]
        walk.remark("unmarked_defect", unmarked, "no mask has the name of the image")
    return found


def _has_images(walk: FolderWalk, folder: str) -> bool:
    return any(map(_is_image, walk.files_below(folder)))


def _is_image(path: str) -> bool:
    return bool(PurePosixPath(path).suffix) and could_be_picture(path)


def _plain(folder: str) -> str:
    """The last name of a path, without case and separators."""
    return re.sub(r"[\W_]+", "", PurePosixPath(folder).name.casefold())


def _no_good_images(root: Path, places: list[_Place]) -> DataFormatError:
    names = sorted({place.folder for place in places})
    return DataFormatError(
        f"'{root}' has no good images to train on.",
        expected="images in 'train/good' or 'good'",
        received=f"images in {listed(names)}" if names else "no images",
        hint="Put the images without defects into 'train/good'.",
    )
