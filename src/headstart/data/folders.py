"""From a folder of class folders to a data set."""

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from headstart.data.annotated import Asked
from headstart.data.class_names import sort_class_names
from headstart.data.dataset import Dataset, frame_from_rows
from headstart.data.folder_doubts import listed, require_classes
from headstart.data.inspection import could_be_picture
from headstart.data.list_files import image_lists, split_files
from headstart.data.mask_doubts import require_no_masks
from headstart.data.part_names import part_like, part_named, parts_named
from headstart.data.side_files import side_files
from headstart.data.unusable_input import no_class_folders
from headstart.data.walking import FolderWalk
from headstart.errors import SplitError


def read_folders(root: Path, asked: Asked) -> Dataset:
    """Class folders as a data set: flat, inside folders of parts, with folders of parts inside, or beside lists.

    Every visible file below a class folder becomes a row, however deep it lies; the audit decides which of them are
    images. Symbolic links are followed, but no folder is entered twice.

    Raises:
        NoClassFoldersError: no folder with images inside, or one folder around the class folders.
        SplitError: there is a validation or test folder but no train folder, two folders for the same part, or folders
            whose names only mention a part.
        DataFormatError: the folders look like parts, sites or masks instead of classes, and nobody named the format.
    """
    walk = FolderWalk(Path(os.path.realpath(root)))
    folders, files = walk.children("")
    part_of = _part_folders(walk, folders, needs_train=asked.for_training)
    class_folders = (
        {folder: part for top, part in part_of.items() for folder in _folders_of_part(walk, top)}
        if part_of
        else dict.fromkeys(_folders_of_classes(walk, folders, files), "")
    )
    walk.remark("unlabelled", filter(could_be_picture, files), "is in no class folder")
    if part_of:
        walk.remark("unused_folder", set(folders) - set(part_of), "is next to the train folder")
    found = {folder: list(walk.files_below(folder)) for folder in class_folders}
    walk.remark("class_without_pictures", (folder for folder in found if not found[folder]), "the folder is empty")
    if not any(could_be_picture(path) for paths in found.values() for path in paths):
        raise no_class_folders(root, num_folders=len(folders))
    if not asked.is_format_given:
        require_no_masks(walk.root, found, shown=root)
    inner_parts = {} if part_of else _parts_inside(found)
    if not inner_parts:
        require_classes(walk.root, found, shown=root, is_format_given=asked.is_format_given)
        _remark_nested(walk, found)
    found = _without_side_files(walk, found)
    rows = [
        (path, PurePosixPath(folder).name, "", inner_parts.get(path.split("/")[1], class_folders[folder]))
        for folder, paths in found.items()
        for path in paths
    ]
    return Dataset(
        frame=frame_from_rows(rows),
        class_names=sort_class_names(target for _, target, _, _ in rows),
        root=walk.root,
        remarks=tuple(sorted(walk.remarks)),
    )


def _folders_of_classes(walk: FolderWalk, folders: list[str], files: list[str]) -> list[str]:
    """Class folders; those inside the only folder with images where lists beside it state parts, as in Food-101."""
    holding = [folder for folder in folders if any(map(_is_picture, walk.files_below(folder)))]
    if len(holding) != 1:
        return folders
    inner, directly = walk.children(holding[0])
    beside = [*files, *(file for folder in folders if folder not in holding for file in walk.files_below(folder))]
    if len(inner) < 2 or any(map(_is_picture, directly)):
        return folders
    has_lists = image_lists(walk.root, beside, tables=True) or split_files(beside, tables=True)
    return inner if has_lists else folders


def _is_picture(path: str) -> bool:
    return bool(PurePosixPath(path).suffix) and could_be_picture(path)


def _without_side_files(walk: FolderWalk, found: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Class folders without captions and their like, which are no damaged images."""
    beside = {path for paths in found.values() for path in side_files(paths)}
    if beside:
        walk.remark("side_files", [""], f"{len(beside)} files, such as '{min(beside)}'")
    return {folder: [path for path in paths if path not in beside] for folder, paths in found.items()}


def _part_folders(walk: FolderWalk, folders: list[str], *, needs_train: bool) -> dict[str, str]:
    """Which folder is which part; empty for a flat folder, where `train` may even be the name of a class."""
    parts = parts_named(folders)
    train = [folder for folder, part in parts.items() if part == "train"]
    only_parts = len(parts) == len(folders) > 0
    if not (only_parts or any(walk.children(folder)[0] for folder in train)):
        return {}
    if not train and needs_train:
        raise SplitError(
            f"'{walk.root.name}' has no train folder.",
            expected="a train folder beside " + listed(parts),
            received=", ".join(parts),
            hint="Rename the folder with the training images to 'train', or put the class folders directly into the "
            "data folder.",
        )
    for part in set(parts.values()):
        same = [folder for folder in parts if parts[folder] == part]
        if len(same) > 1:
            raise SplitError(
                f"'{walk.root.name}' has more than one {part} folder.",
                expected=f"one folder for {part}",
                received=listed(same),
                hint="Merge them, or move the one that should not be used out of the data folder.",
            )
    if train:
        _require_no_other_parts(walk, set(folders) - set(parts), train[0], is_alone=len(parts) == 1)
    return parts


def _require_no_other_parts(walk: FolderWalk, others: set[str], train: str, *, is_alone: bool) -> None:
    """Refuses folders beside the parts whose loss would be the loss of a part, or of classes."""
    inside = {folder: {PurePosixPath(path).name for path in walk.children(folder)[0]} for folder in sorted(others)}
    like = [folder for folder in inside if inside[folder] and part_like(folder)]
    if like:
        raise SplitError(
            f"'{walk.root.name}' contains {listed(like)} beside '{train}', which look like parts with unknown names.",
            expected="parts in folders named train, validation and test",
            received=listed(like),
            hint="Rename or merge them, or move them out of the data folder.",
        )
    classes = {PurePosixPath(path).name for path in walk.children(train)[0]}
    foreign = [folder for folder in inside if inside[folder] and not inside[folder] & classes]
    if is_alone and foreign:
        raise SplitError(
            f"'{walk.root.name}' contains '{train}', which can be the train part or a class.",
            expected="only train, validation and test folders, or class folders with other names",
            received=f"'{train}' with the folders {listed(classes)} beside {listed(foreign)} with others",
            hint=f"If '{train}' is the train part, move {listed(foreign)} elsewhere; if it is a class, rename it.",
        )


def _folders_of_part(walk: FolderWalk, part_folder: str) -> list[str]:
    """Class folders of a part, also where an archive has put the part into a folder of its own name (train/train)."""
    classes, strays = walk.children(part_folder)
    walk.remark("unlabelled", filter(could_be_picture, strays), "is in no class folder")
    if len(classes) == 1 and not strays and _is_same_part(classes[0]):
        return _folders_of_part(walk, classes[0])
    return classes


def _is_same_part(folder: str) -> bool:
    path = PurePosixPath(folder)
    return part_named(path.name) == part_named(path.parent.name)


def _parts_inside(found: Mapping[str, list[str]]) -> dict[str, str]:
    """Name of a folder inside the class folders → its part, where each class folder holds nothing but parts."""
    places = [path.split("/")[1:] for paths in found.values() for path in paths if could_be_picture(path)]
    num_classes = sum(any(map(could_be_picture, paths)) for paths in found.values())
    names = {place[0] for place in places}
    parts = parts_named(names)
    is_sorted = all(len(place) == 2 for place in places) and names == set(parts)
    return parts if is_sorted and num_classes > 1 and "train" in parts.values() else {}


def _remark_nested(walk: FolderWalk, found: Mapping[str, list[str]]) -> None:
    for folder, paths in found.items():
        depth = folder.count("/") + 1
        inner = sorted({path.split("/")[depth] for path in paths if path.count("/") > depth and could_be_picture(path)})
        if len(inner) > 1:
            walk.remark("nested_folders", [folder], f"{len(inner)} folders count as one class: {listed(inner)}")
