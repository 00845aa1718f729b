"""Folders that could be classes, but look like parts, sites or data sets: an error asks instead of learning them."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from headstart.data.inspection import could_be_picture
from headstart.data.part_names import part_like, part_named
from headstart.data.side_files import hold_places
from headstart.errors import DataFormatError, NoClassFoldersError, SplitError

# Folders with two names in common, such as cat and dog, hold the same classes. One common name, such as cat/images and
# dog/images, says nothing.
_MIN_COMMON_NAMES = 2
_MIN_SHARE_IN_COMMON = 0.5
_ANNOTATION_SUFFIXES = frozenset({".json", ".txt", ".xml"})
_NUM_SHOWN = 5
_NUMBER = re.compile(r"[\W_]*\d+[\W_]*$")


def require_classes(root: Path, found: Mapping[str, list[str]], *, shown: Path, is_format_given: bool) -> None:
    """Refuses class folders that are probably something else.

    Args:
        root: of the data set.
        found: class folder → the files below it, relative to the root.
        shown: the root as the user typed it.
        is_format_given: whether the user said that these are class folders; only a wrapper is refused then.

    Raises:
        NoClassFoldersError: one folder around the class folders.
        SplitError: the names of the folders mention parts.
        DataFormatError: the folders hold folders of the same names.
    """
    inside = {folder: names for folder, paths in found.items() if (names := _names_inside(folder, paths))}
    if len({PurePosixPath(folder).name for folder in inside}) == 1:
        _require_no_wrapper(found, shown=shown)
    if is_format_given:
        return
    _require_no_annotations(root, found, shown=shown)
    siblings = defaultdict(list)
    for folder in inside:
        siblings[PurePosixPath(folder).parent].append(folder)
    for folders in siblings.values():
        common = _common_names({folder: inside[folder] for folder in folders})
        if _are_parts(folders) or (common and any(map(part_like, folders))):
            is_flat = all(inside[folder] == {""} for folder in folders)
            raise _parts(root, folders, is_flat=is_flat)
        if common:
            raise _sites(shown, folders, common)


def _names_inside(folder: str, paths: Iterable[str]) -> set[str]:
    """Names of the folders in a folder that hold images; "" for images that lie in it directly."""
    depth = folder.count("/") + 1
    places = [path.split("/")[depth:] for path in filter(_is_picture, paths)]
    return {place[0] if len(place) > 1 else "" for place in places}


def _is_picture(path: str) -> bool:
    return bool(PurePosixPath(path).suffix) and could_be_picture(path)


def _common_names(inside: Mapping[str, set[str]]) -> list[str]:
    """Names that most folders inside of several folders share; none where these are few."""
    counts = Counter(name for names in inside.values() for name in names if name)
    common = [name for name, count in counts.items() if count > 1]
    share = sum(counts[name] for name in common) / max(1, counts.total())
    return sorted(common) if len(common) >= _MIN_COMMON_NAMES and share >= _MIN_SHARE_IN_COMMON else []


def _are_parts(folders: Iterable[str]) -> bool:
    """Whether every name mentions a part: different ones (my_train, my_test) or numbered ones (train_1)."""
    names = [PurePosixPath(folder).name for folder in folders]
    like = [part_like(name) for name in names]
    if len(names) < 2 or not all(like):
        return False
    return len(set(like)) > 1 or all(part_named(_NUMBER.sub("", name)) for name in names)


def _require_no_wrapper(found: Mapping[str, list[str]], *, shown: Path) -> None:
    """Refuses a single class whose images all lie in folders inside of it."""
    folders = [folder for folder, paths in found.items() if any(map(_is_picture, paths))]
    places = {PurePosixPath(path).parent for paths in found.values() for path in filter(_is_picture, paths)}
    around = PurePosixPath(os.path.commonpath(places)) if len(folders) == 1 else PurePosixPath(folders[0])
    inner = sorted({place.relative_to(around).parts[:1] for place in places if place.is_relative_to(around)})
    if () in inner or len(inner) < 2:  # images lie in it directly, or in one folder: it is a class
        return
    names = [name for (name,) in inner]
    raise NoClassFoldersError(
        f"'{shown}' has its class folders inside another folder, '{around}'.",
        expected="the folder whose folders are the classes",
        received=f"{listed(names)} in {listed(folders)}",
        hint=f"Use the inner folder: headstart train '{shown / around}'"
        if len(folders) == 1
        else f"Move the class folders from {listed(folders)} one folder up.",
    )


def _require_no_annotations(root: Path, found: Mapping[str, list[str]], *, shown: Path) -> None:
    """Refuses class folders of which most images have a file of annotations with the same name."""
    pictures = {_stem(path) for paths in found.values() for path in paths if _is_picture(path)}
    of_suffix = defaultdict(list)
    for path in (path for paths in found.values() for path in paths):
        if (suffix := PurePosixPath(path).suffix.lower()) in _ANNOTATION_SUFFIXES and _stem(path) in pictures:
            of_suffix[suffix].append(path)
    suffix, files = max(of_suffix.items(), key=lambda item: len(item[1]), default=("", []))
    count = len(files)
    if count and count >= _MIN_SHARE_IN_COMMON * len(pictures) and hold_places(root, files):
        raise DataFormatError(
            f"The folders of '{shown}' look like images with annotations, not like classes.",
            expected="one folder per class, with images inside",
            received=f"{count} {suffix} files with the names of images in {listed(found)}",
            hint="Give the folder that directly contains the folders of images and annotations. With --format voc, "
            "coco or yolo, the error shows what is missing. If the folders are the classes, add --format folders.",
        )


def _stem(path: str) -> str:
    """Top folder and name without its ending."""
    return f"{path.split('/', maxsplit=1)[0]}/{PurePosixPath(path).stem}"


def _parts(root: Path, folders: Iterable[str], *, is_flat: bool) -> SplitError:
    advice = "Rename the folders of the parts to train, validation and test."
    if is_flat:
        advice = (
            "If these are parts, sort the images of each into class folders, or write a table with the columns path, "
            "label and split and name that table."
        )
    return SplitError(
        f"The folders of '{root.name}' look like parts, not like classes: {listed(folders)}.",
        expected="parts in folders named train, validation and test, or one folder per class",
        received=listed(folders),
        hint=f"{advice} If these are the classes, add --format folders.",
    )


def _sites(shown: Path, folders: list[str], common: list[str]) -> DataFormatError:
    return DataFormatError(
        f"The folders of '{shown}' contain folders with the same names, so they do not look like classes.",
        expected="one folder per class, or parts in folders named train, validation and test",
        received=f"{listed(common)} in several of {listed(folders)}",
        hint=f"If they are data sets, choose one: headstart train '{shown / sorted(folders)[0]}'. If they are parts, "
        "rename them to train, validation and test. If they are the classes, add --format folders.",
    )


def listed(names: Iterable[str]) -> str:
    """The first few of some names, quoted, and how many more there are."""
    ordered = sorted(names)
    rest = len(ordered) - _NUM_SHOWN
    return ", ".join(f"'{name}'" for name in ordered[:_NUM_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
