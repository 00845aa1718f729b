"""Which mask belongs to which image, by the names of files and folders."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import PurePosixPath
from typing import TypeVar

from headstart.data.annotated import part_of
from headstart.data.inspection import could_be_picture
from headstart.data.mask_names import NamedFile, ends_weakly, mentions_masks, named_files
from headstart.errors import AnnotationsError

# Formats of arrays and volumes that hold masks elsewhere and are not read here.
ARRAY_SUFFIXES = (".npy", ".npz", ".mat", ".nii", ".nii.gz", ".dcm", ".nrrd", ".mha", ".h5", ".pt")
# Where the same masks lie there in several forms, the first of these that most images have is used.
_VARIANTS = ("trainids", "", "objects", "colours")
_MIN_SHARE_OF_VARIANT = 0.5
_MIN_SHARE_IN_COMMON = 0.8


Item = TypeVar("Item")
Place = tuple[tuple[str, ...], str]  # folders and stem


@dataclass(frozen=True)
class Pair:
    """An image with the files of its mask, paths relative to the root, and its part ("" where the folders say none)."""

    image: str
    masks: tuple[str, ...]
    part: str


@dataclass
class Pairing:
    """Images with their masks, and the files without a partner.

    Attributes:
        pairs: images with their masks.
        unmasked: images without a mask.
        orphans: masks without an image.
        unused: masks in a form that another form of the same masks replaces, such as Cityscapes' colours.
        arrays: files of arrays, such as .npy, that are named like masks of images.
        sets: names of the sets of masks where an image has masks of more than one; else empty.
    """

    pairs: list[Pair] = field(default_factory=list)
    unmasked: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    arrays: list[str] = field(default_factory=list)
    sets: list[str] = field(default_factory=list)

    @property
    def num_masks(self) -> int:
        """Masks with an image or without, those of unused forms left out."""
        return sum(len(pair.masks) for pair in self.pairs) + len(self.orphans)


def pair_masks(files: Iterable[str]) -> Pairing:
    """Pairs the files of a data folder.

    A mask lies in a folder that is named like one (`_said` in `mask_names`), or its own name ends in `_mask` and the
    like beside an image without the ending. An image and a mask belong together where their names agree without such
    endings, in folders whose names agree without such words, or else anywhere where only one image has the name.
    """
    files = list(files)
    either = [path for path in files if _could_be_either(path)]
    images, masks = _images_and_masks(named_files(either)) if any(map(mentions_masks, either)) else ([], [])
    if not masks and any(map(ends_weakly, either)):
        images, masks = _images_and_masks(named_files(either, weak_endings=True))
    if not masks:
        return Pairing(unmasked=either)
    masks_of, orphans = _matched(images, masks)
    pairing = Pairing(
        orphans=orphans, arrays=[it.path for it in masks if _is_array(it.path) and it.path not in orphans]
    )
    masks_of = {image: [it for it in found if not _is_array(it.path)] for image, found in masks_of.items()}
    masks_of = {image: found for image, found in masks_of.items() if found}
    pairing.orphans = [path for path in orphans if not _is_array(path)]
    variant = _chosen_variant(masks_of.values())
    for image in images:
        found = masks_of.get(image.path, [])
        chosen = [it for it in found if it.variant == variant]
        pairing.unused += [it.path for it in found if it.variant != variant]
        sets = {it.source: it.path for it in chosen}
        if len(sets) > 1 and not pairing.sets:
            pairing.sets = sorted(sets.values())
        if chosen:
            masks_there = tuple(it.path for it in chosen)
            pairing.pairs.append(Pair(image.path, masks_there, image.part or chosen[0].part))
        else:
            pairing.unmasked.append(image.path)
    return pairing


def pair_by_place(files: Iterable[str]) -> list[Pairing]:
    """Pairs files of the same names in two folders whose names say nothing: one pairing for each way round.

    What lies in them has to tell which are the masks.
    """
    places: dict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
    for file in filter(_could_be_either, files):
        *folders, name = PurePosixPath(file).parts
        if folders and not _is_array(file):
            places[folders[0]][(*folders[1:], PurePosixPath(name).stem)] = file
    found = []
    for images, masks in permutations(sorted(places), 2):
        common = sorted(places[images].keys() & places[masks].keys())
        if len(common) >= max(2, _MIN_SHARE_IN_COMMON * max(len(places[images]), len(places[masks]))):
            pairs = [
                Pair(places[images][place], (places[masks][place],), part_of(places[images][place])) for place in common
            ]
            left = [[places[it][place] for place in sorted(places[it].keys() - set(common))] for it in (images, masks)]
            found.append(Pairing(pairs=pairs, unmasked=left[0], orphans=left[1]))
    return found


def require_one_set(pairing: Pairing) -> None:
    """Refuses images whose masks come from two sets, of which only one can be meant.

    Raises:
        AnnotationsError: there are two.
    """
    if pairing.sets:
        raise AnnotationsError(
            "Images have masks of more than one set.",
            expected="one mask per image",
            received=" and ".join(f"'{path}'" for path in pairing.sets),
            hint="Copy the data without the masks that should not be used, and use the copy.",
        )


def _could_be_either(path: str) -> bool:
    return "." in path.rpartition("/")[2].lstrip(".") and (could_be_picture(path) or _is_array(path))


def _is_array(path: str) -> bool:
    return path.lower().endswith(ARRAY_SUFFIXES)


def _images_and_masks(named: Sequence[NamedFile]) -> tuple[list[NamedFile], list[NamedFile]]:
    """A name such as 1_mask.png counts only beside a file that has the same name without the word."""
    here = {(it.path.rpartition("/")[0], stem) for it in named if not it.is_named_so for stem in it.stems}
    images: list[NamedFile] = []
    masks: list[NamedFile] = []
    for it in named:
        folder = it.path.rpartition("/")[0]
        ends = it.is_named_so and any((folder, stem) in here for stem in it.stems[1:])
        (masks if it.is_mask or ends else images).append(it)
    return [it for it in images if not _is_array(it.path)], masks


def _matched(images: Sequence[NamedFile], masks: Sequence[NamedFile]) -> tuple[dict[str, list[NamedFile]], list[str]]:
    """Image → its masks, and paths of masks that belong to no image."""
    near: dict[Place, list[NamedFile]] = defaultdict(list)
    far: dict[str, list[NamedFile]] = defaultdict(list)
    for level in (0, 1):
        for image in images:
            for stem in image.stems[:1] if level == 0 else image.stems[1:]:
                # A name as it stands goes before one that was shortened.
                if all(len(other.stems[0]) != len(stem) for other in near[image.folders, stem]):
                    near[image.folders, stem].append(image)
                far[stem].append(image)
    masks_of: dict[str, list[NamedFile]] = defaultdict(list)
    orphans: list[str] = []
    for mask in masks:
        partner = _partner(mask, near, far)
        if partner is None:
            orphans.append(mask.path)
        else:
            masks_of[partner.path].append(mask)
    return masks_of, _given_to_lonely(images, masks, masks_of, orphans)


def _given_to_lonely(
    images: Sequence[NamedFile], masks: Sequence[NamedFile], masks_of: dict[str, list[NamedFile]], orphans: list[str]
) -> list[str]:
    """Gives masks of other names to the only image of their folder: 7/images/7.png has all of 7/masks.

    Returns:
        The masks that are still without an image.
    """
    in_folder: dict[tuple[str, ...], list[NamedFile]] = defaultdict(list)
    for image in images:
        in_folder[image.folders].append(image)
    left, lonely = [], set(orphans)
    for mask in (it for it in masks if it.path in lonely):
        alone = in_folder.get(mask.folders, []) if mask.folders and mask.is_mask else []
        if len(alone) == 1:
            masks_of[alone[0].path].append(mask)
        else:
            left.append(mask.path)
    return left


def _partner(mask: NamedFile, near: dict[Place, list[NamedFile]], far: dict[str, list[NamedFile]]) -> NamedFile | None:
    for stem in mask.stems:
        found = near.get((mask.folders, stem), [])
        if len(found) == 1 or (found and found[0].stems[0] == stem):
            return found[0]
    if not mask.is_mask:  # known by its ending alone: its image lies beside it
        return None
    for stem in mask.stems:
        found = [image for image in far.get(stem, []) if not (mask.part and image.part) or mask.part == image.part]
        if len({image.path for image in found}) == 1:
            return found[0]
    return None


def _chosen_variant(masks: Iterable[Sequence[NamedFile]]) -> str:
    counts = Counter(variant for found in masks for variant in {it.variant for it in found})
    most = max(counts.values(), default=0)
    return next((name for name in _VARIANTS if counts[name] and counts[name] >= _MIN_SHARE_OF_VARIANT * most), "")


def evenly_chosen(items: Sequence[Item], number: int) -> Iterator[Item]:
    """At most `number` of the items, spread evenly over all of them."""
    step = max(1, len(items) / number)
    return (items[int(place * step)] for place in range(min(number, len(items))))
