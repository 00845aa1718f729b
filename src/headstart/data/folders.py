"""From a folder of class folders to a data set."""

import os
from pathlib import Path

from headstart.data.class_names import sort_class_names
from headstart.data.dataset import Dataset, frame_from_rows
from headstart.data.inspection import could_be_picture
from headstart.data.part_names import parts_named
from headstart.data.walking import FolderWalk
from headstart.errors import NoClassFoldersError, SplitError


def read_folders(root: Path) -> Dataset:
    """Class folders, flat or inside train / val / test folders, as a data set.

    Every visible file below a class folder becomes a row, however deep it lies; the audit decides which of them are
    pictures. Symbolic links are followed, but no folder is entered twice.

    Raises:
        NoClassFoldersError: no folder with pictures inside.
        SplitError: there is a validation or test folder but no train folder, or two folders for the same part.
    """
    walk = FolderWalk(Path(os.path.realpath(root)))
    folders, files = walk.children("")
    parts = _part_folders(walk, folders)
    if parts:
        rows = [row for folder, part in parts.items() for row in _rows_of_part(walk, folder, part)]
        walk.remark("unused_folder", set(folders) - set(parts), "lies beside the train folder")
    else:
        rows = _rows_of_part(walk, "", "")
    walk.remark("unlabelled", filter(could_be_picture, files), "lies in no class folder")
    if not any(could_be_picture(path) for path, *_ in rows):
        raise _no_class_folders(root, num_folders=len(folders))
    return Dataset(
        frame=frame_from_rows(rows),
        class_names=sort_class_names(target for _, target, _, _ in rows),
        root=walk.root,
        remarks=tuple(sorted(walk.remarks)),
    )


def _part_folders(walk: FolderWalk, folders: list[str]) -> dict[str, str]:
    """Which folder is which part; empty for a flat folder, where `train` may even be the name of a class."""
    parts = parts_named(folders)
    train = [folder for folder, part in parts.items() if part == "train"]
    only_parts = len(parts) == len(folders) > 0
    if not (only_parts or any(walk.children(folder)[0] for folder in train)):
        return {}
    if not train:
        raise SplitError(
            f"'{walk.root.name}' has no train folder.",
            expected="a train folder beside " + " and ".join(f"'{folder}'" for folder in parts),
            received=", ".join(parts),
            hint="Name the folder to learn from 'train', or put the class folders directly into the data folder.",
        )
    for part in set(parts.values()):
        same = [folder for folder in parts if parts[folder] == part]
        if len(same) > 1:
            raise SplitError(
                f"'{walk.root.name}' has more than one {part} folder.",
                expected=f"one folder for {part}",
                received=" and ".join(f"'{folder}'" for folder in same),
                hint="Merge them, or rename the one that should be left out and move it elsewhere.",
            )
    return parts


def _rows_of_part(walk: FolderWalk, folder: str, part: str) -> list[tuple[str, str, str, str]]:
    classes, strays = walk.children(folder)
    rows: list[tuple[str, str, str, str]] = []
    for class_folder in classes:
        files = list(walk.files_below(class_folder))
        target = class_folder.rpartition("/")[2]
        rows.extend((path, target, "", part) for path in files)
        if not files:
            walk.remark("class_without_pictures", [class_folder], "the folder is empty")
    if folder:
        walk.remark("unlabelled", filter(could_be_picture, strays), "lies in no class folder")
    return rows


def _no_class_folders(root: Path, *, num_folders: int) -> NoClassFoldersError:
    num_files = sum(len(files) for _, _, files in os.walk(root))
    return NoClassFoldersError(
        f"'{root}' has no class folders with pictures.",
        expected="one folder per class with pictures inside, such as photos/cat/1.jpg and photos/dog/1.jpg",
        received=f"{num_folders} folders and {num_files} files, no picture in a class folder",
        hint="Sort the pictures into one folder per class, or name a table of labels (.csv, .tsv, .parquet) instead.",
    )
