"""Masks as files: images, and for each a file that says which class every pixel belongs to."""

import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from headstart.data.annotated import Annotated, Asked, annotated_dataset, no_annotations, require_annotations
from headstart.data.annotations import mask_to_text
from headstart.data.coco_listing import category_names, coco_files, read_listings
from headstart.data.dataset import Dataset
from headstart.data.mask_lists import listed_parts
from headstart.data.mask_looks import MaskLook, look_at_masks
from headstart.data.mask_meaning import Meaning, heed_ignore_value, meaning_of
from headstart.data.mask_names import names_images, names_masks
from headstart.data.mask_pairs import Pair, Pairing, evenly_chosen, pair_by_place, pair_masks, require_one_set
from headstart.data.mask_sizes import require_sizes
from headstart.data.mask_tables import find_names
from headstart.data.masks import IGNORED
from headstart.data.part_names import part_like, part_named
from headstart.data.walking import FolderWalk
from headstart.errors import AnnotationsError, DataFormatError

_LOOKED_FOR = (
    "images beside masks of the same names, such as images/1.jpg and masks/1.png, or 1.jpg and 1_mask.png in one folder"
)
# With fewer partners, two folders of these names are two classes of images.
_MIN_SHARE_OF_PARTNERS = 0.5
_NUM_OPENED, _MIN_SHARE_LIKE_MASKS = 16, 0.8


def looks_like_masks(root: Path) -> bool:
    """Whether at least half of the files that are named like masks belong to images and look like masks.

    Names alone do not decide: class folders may be called `mask` and `image`, too. Some masks are opened.
    """
    walk, _, pairing = _paired(root)
    if pairing.arrays and not pairing.num_masks:
        return True  # one clear error is better than one class
    if not pairing.num_masks:
        return _has_empty_masks(walk)
    return _enough_partners(pairing) and _look_like_masks(walk, _some(pairing))


def could_be_masks(root: Path) -> bool:
    """Whether files of one folder look like masks of images in another, although no name states it.

    Enough where somebody asks for masks; two class folders may be like this, too.
    """
    walk, files, _ = _paired(root)
    return _paired_by_content(walk, files) is not None


def refuse_unclear_masks(root: Path) -> None:
    """Refuses folders that are named like images and masks where the names of the files do not agree.

    Read as class folders they would be two classes "images" and "masks", which hardly anybody wants.

    Raises:
        DataFormatError: the folders can be masks as well as classes.
    """
    walk, _, pairing = _paired(root)
    folders = {name for path in pairing.orphans for name in PurePosixPath(path).parts[:-1] if names_masks(name)}
    others = {name for path in pairing.unmasked for name in PurePosixPath(path).parts[:-1]}
    images = {name for name in others if names_images(name)} or {name for name in others if part_named(name)}
    if pairing.pairs or not folders or not images or not _look_like_masks(walk, pairing.orphans):
        return
    raise DataFormatError(
        f"'{walk.root}' can be images with masks, or class folders.",
        expected=_LOOKED_FOR,
        received=f"folders {' and '.join(map(repr, sorted(images | folders)))}, but the names of their files differ",
        hint="Give each mask the name of its image, or use --format folders if these are classes.",
    )


def takes_names_from_coco(root: Path, names: Collection[str]) -> bool:
    """Whether the COCO files beside masks name all of some classes: then both belong to one data set."""
    walk = FolderWalk(Path(os.path.realpath(root)), stays_inside=True)
    try:
        return set(names) <= set(category_names(read_listings(walk, coco_files(walk))).values())
    except AnnotationsError:
        return False


def read_masks(root: Path, asked: Asked) -> Dataset:
    """Images with the files of their masks.

    Which mask belongs to which image: `pair_masks`. What the values mean is read from a file of names
    (`mask_tables`) or a JSON file in COCO form; without one it follows from what the masks hold (`mask_meaning`). Every
    mask is opened. Parts come from lists such as ImageSets/Segmentation/train.txt, or else from names of folders.

    Raises:
        AnnotationsError: no masks, none of which belongs to an image, or values or names that cannot be understood.
        SplitError: nothing to train on, or a list of images of another data set.
    """
    walk, files, pairing = _paired(root)
    if not pairing.pairs:
        pairing = _paired_by_content(walk, files) or pairing
    require_one_set(pairing)
    pairs = pairing.pairs
    if not pairs:
        raise _no_pairs(walk, pairing)
    of_image = [(pair.image, path) for pair in pairs for path in pair.masks]
    looks = look_at_masks(walk.root, [path for _, path in of_image])
    require_sizes(walk.root, [image for image, _ in of_image], looks)
    meaning = _meaning(walk, files, looks, asked)
    for kind, detail in meaning.remarks:
        walk.remark(kind, [""], detail)
    names = tuple(dict.fromkeys(name for name in meaning.values.values() if name))
    require_annotations(walk, names, looked_for=_LOOKED_FOR)
    _remark_left_over(walk, pairing)
    if not any(pair.part for pair in pairs):
        pairs = _with_mentioned_parts(walk, pairs)
    examples = _examples(walk, files if asked.for_training else [], pairs)
    return annotated_dataset(
        walk.root, examples, names, task=asked.task, remarks=walk.remarks, mask_values=meaning.values
    )


def _paired(root: Path) -> tuple[FolderWalk, list[str], Pairing]:
    walk = FolderWalk(Path(os.path.realpath(root)), stays_inside=True)
    files = list(walk.files_below(""))
    return walk, files, pair_masks(files)


def _paired_by_content(walk: FolderWalk, files: Sequence[str]) -> Pairing | None:
    for pairing in pair_by_place(files):
        images = [pair.image for pair in pairing.pairs]
        if _look_like_masks(walk, _some(pairing)) and not _look_like_masks(walk, images):
            return pairing
    return None


def _enough_partners(pairing: Pairing) -> bool:
    return pairing.num_masks - len(pairing.orphans) >= _MIN_SHARE_OF_PARTNERS * pairing.num_masks


def _some(pairing: Pairing) -> list[str]:
    return [path for pair in pairing.pairs for path in pair.masks]


def _look_like_masks(walk: FolderWalk, masks: Sequence[str]) -> bool:
    """Whether most of some masks look like masks; those that cannot be read do not count."""
    looks = look_at_masks(walk.root, evenly_chosen(masks, _NUM_OPENED))
    readable = [look for look in looks if not look.error]
    like_masks = [look for look in readable if look.looks_like_mask()]
    return len(like_masks) >= _MIN_SHARE_LIKE_MASKS * len(readable)


def _has_empty_masks(walk: FolderWalk) -> bool:
    """Whether an empty folder for masks lies beside one of images: one clear error is better than one class."""
    folders = walk.children("")[0]
    return any(map(names_images, folders)) and any(
        names_masks(folder) and "mask" in folder.lower() and walk.children(folder) == ([], []) for folder in folders
    )


def _meaning(walk: FolderWalk, files: Sequence[str], looks: Sequence[MaskLook], asked: Asked) -> Meaning:
    tables = find_names(walk, files)
    listings = [] if tables else coco_files(walk)
    if listings:
        # Remarks about the annotations do not matter here: the masks are what is learned.
        named = category_names(read_listings(FolderWalk(walk.root, stays_inside=True), listings))
        if named:
            values = {0: "", IGNORED: "", **named}
            holds_255 = any(IGNORED in look.values for look in looks)
            heed_ignore_value(values, asked.ignore_value, holds_255=holds_255)
            return Meaning(dict(sorted(values.items())))
    return meaning_of(looks, tables, ignore_value=asked.ignore_value)


def _examples(walk: FolderWalk, files: Sequence[str], pairs: Sequence[Pair]) -> list[Annotated]:
    parts = listed_parts(walk, files, [pair.image for pair in pairs])
    unlisted = [image for image, part in parts.items() if not part]
    walk.remark("unlisted", unlisted, "is in no list of images")
    return [
        Annotated(pair.image, mask_to_text(*pair.masks), parts[pair.image] if parts else pair.part)
        for pair in pairs
        if parts.get(pair.image, "-")
    ]


def _with_mentioned_parts(walk: FolderWalk, pairs: list[Pair]) -> list[Pair]:
    """Parts from folders that only mention one, such as uavid_train, where each image lies in such a folder."""
    mentioned = [
        next(((part, name) for name in PurePosixPath(pair.image).parts[:-1] if (part := part_like(name))), ("", ""))
        for pair in pairs
    ]
    if "" in {part for part, _ in mentioned} or len(dict(mentioned)) < 2:
        return pairs
    folders = sorted({name for _, name in mentioned})
    walk.remark("mentioned_parts", [""], f"{', '.join(map(repr, folders))}; rename the folders if they are not parts")
    return [replace(pair, part=part) for pair, (part, _) in zip(pairs, mentioned, strict=True)]


def _remark_left_over(walk: FolderWalk, pairing: Pairing) -> None:
    walk.remark("unmasked", pairing.unmasked, "no mask of this name")
    walk.remark("annotation_without_picture", pairing.orphans, "no image of this name")
    united = [pair for pair in pairing.pairs if len(pair.masks) > 1]
    if united:
        example = f"'{united[0].masks[0]}' and '{united[0].masks[1]}'"
        walk.remark("united_masks", [""], f"{len(united)} images, such as '{united[0].image}' with {example}")
    if pairing.unused:
        walk.remark("unused_masks", [""], f"{len(pairing.unused)} files, such as '{min(pairing.unused)}'")
    if pairing.arrays:
        walk.remark("unsupported_format", pairing.arrays, "save it as PNG")


def _no_pairs(walk: FolderWalk, pairing: Pairing) -> AnnotationsError:
    if pairing.arrays:
        return AnnotationsError(
            f"The masks in '{walk.root}' are files of arrays or volumes, which are not supported.",
            expected="masks as images, such as PNG",
            received=f"{len(pairing.arrays)} files like '{pairing.arrays[0]}'",
            hint="Save each mask as a greyscale PNG with the number of the class in each pixel.",
        )
    if pairing.orphans:
        received = f"{len(pairing.orphans)} masks such as '{pairing.orphans[0]}', no mask with the name of an image"
    elif _has_empty_masks(walk):
        received = "an empty folder of masks, no mask with the name of an image"
    else:
        received = "no folder of masks beside a folder of images"
    return no_annotations(walk.root, looked_for=_LOOKED_FOR, received=received)
