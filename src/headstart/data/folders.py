"""From a folder of class folders to a data set."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from headstart.data.class_names import sort_class_names
from headstart.data.dataset import Dataset, Remark, frame_from_rows
from headstart.data.inspection import could_be_picture
from headstart.errors import DataNotFoundError, NoClassFoldersError, SplitError

SPLIT_FOLDERS = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}

# What file managers and archivers leave behind. Names beginning with a dot (.DS_Store, ._photo.jpg) need no list.
_CLUTTER = frozenset({"thumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin", "lost+found"})

_KIND_OF_ERRNO = {errno.ENOENT: "broken_link", errno.ELOOP: "link_loop"}


def read_folders(root: Path) -> Dataset:
    """Class folders, flat or inside train / val / test folders, as a data set.

    Every visible file below a class folder becomes a row, however deep it lies; the audit decides which of them are
    pictures. Symbolic links are followed, but no folder is entered twice.

    Raises:
        NoClassFoldersError: no folder with pictures inside.
        SplitError: there is a validation or test folder but no train folder, or two folders for the same part.
    """
    walk = _Walk(Path(os.path.realpath(root)))
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


@dataclass
class _Walk:
    """Reads folders below `root` and keeps remarks. Paths are POSIX and relative to `root`; "" is `root` itself."""

    root: Path
    remarks: set[Remark] = field(default_factory=set)

    def remark(self, kind: str, paths: Iterable[str], detail: str) -> None:
        self.remarks.update(Remark(kind, path, detail) for path in paths)

    def children(self, folder: str) -> tuple[list[str], list[str]]:
        """Folders and files directly in a folder, each sorted, clutter left out."""
        folders, files = [], []
        for name in sorted(self._visible_names(folder)):
            path = f"{folder}/{name}" if folder else name
            mode = self._mode(path)
            if stat.S_ISDIR(mode):
                folders.append(path)
            elif stat.S_ISREG(mode):  # neither a pipe nor a device, where reading could wait for ever
                files.append(path)
        return folders, files

    def files_below(self, folder: str) -> Iterator[str]:
        """Every file below a folder, however deep."""
        # The folders above are entered already: a link to one of them is a loop.
        above = [self.root, *(self.root / parent for parent in Path(folder).parents)]
        entered = {os.path.realpath(path) for path in above}
        waiting = [folder]
        while waiting:
            current = waiting.pop()
            real = os.path.realpath(self.root / current)
            if real in entered:
                self.remark(
                    "link_loop", [current], f"leads to '{os.path.relpath(real, self.root)}', which is read already"
                )
                continue
            entered.add(real)
            folders, files = self.children(current)
            waiting.extend(reversed(folders))
            yield from files

    def _visible_names(self, folder: str) -> list[str]:
        try:
            names = [entry.name for entry in (self.root / folder).iterdir()]
        except OSError as error:
            if not folder:
                raise _unreadable_root(self.root, error) from error
            self.remark("unreadable_folder", [folder], error.strerror or str(error))
            return []
        visible = [name for name in names if not name.startswith(".") and name.lower() not in _CLUTTER]
        return [name for name in visible if self._is_unicode(folder, name)]

    def _is_unicode(self, folder: str, name: str) -> bool:
        try:
            name.encode("utf-8")
        except UnicodeEncodeError:
            # Such a name fits into no table and no report; only its bytes can be shown.
            shown = os.fsencode(name).decode("utf-8", "backslashreplace")
            self.remark("undecodable_name", [f"{folder}/{shown}"], "its name is not UTF-8")
            return False
        return True

    def _mode(self, path: str) -> int:
        """What kind of thing a path leads to (`st_mode`), 0 where it leads nowhere."""
        absolute = self.root / path
        try:
            mode = absolute.stat().st_mode
        except OSError as error:
            self.remark(_KIND_OF_ERRNO.get(error.errno or 0, "unreadable"), [path], error.strerror or str(error))
            return 0
        real = os.path.realpath(absolute)
        if absolute.is_symlink() and not Path(real).is_relative_to(self.root):
            self.remark("link_outside", [path], f"leads to '{real}'")
        return mode


def _part_folders(walk: _Walk, folders: list[str]) -> dict[str, str]:
    """Which folder is which part; empty for a flat folder, where `train` may even be the name of a class."""
    parts = {folder: SPLIT_FOLDERS[folder.lower()] for folder in folders if folder.lower() in SPLIT_FOLDERS}
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


def _rows_of_part(walk: _Walk, folder: str, part: str) -> list[tuple[str, str, str, str]]:
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


def _unreadable_root(root: Path, error: OSError) -> DataNotFoundError:
    return DataNotFoundError(
        f"'{root}' cannot be read.",
        expected="a folder this user may read",
        received=error.strerror or str(error),
        hint="Change its permissions, or copy the pictures elsewhere.",
    )
