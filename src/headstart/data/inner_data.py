"""Data that lies deeper than where the user pointed: folders around a data set, and tables inside a folder."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from headstart.data.dataset import Dataset
from headstart.data.walking import FolderWalk
from headstart.errors import DataFormatError

_MAX_DEPTH = 5
# A data set of class folders can have a million; whoever wraps one folder into another has few.
_MAX_FOLDERS = 300
_ANNOTATION_SUFFIXES = frozenset({".csv", ".json", ".tsv", ".txt", ".xml", ".yaml", ".yml"})
_MAX_ANNOTATED = 20
_NUM_SHOWN = 3


def inner_data(root: Path, looks_so: Callable[[Path], bool], *, table_suffixes: tuple[str, ...] = ()) -> list[Path]:
    """Places below a folder that hold a data set, those nearest to it, as a user would type them.

    Args:
        root: as typed.
        looks_so: whether a folder is laid out as a data set.
        table_suffixes: endings of tables, which count where no folder is laid out as a data set.
    """
    levels = list(_levels(root))
    for level in levels:
        found = [folder for folder in level if looks_so(folder)]
        if found:
            return found
    walk = FolderWalk(Path(os.path.realpath(root)))
    for level in [[root], *levels]:
        files = [
            root / file for folder in level for file in walk.children("" if folder == root else _below(folder, root))[1]
        ]
        tables = [file for file in files if file.suffix.lower() in table_suffixes]
        if tables:
            return tables
    return []


def annotated_folders(dataset: Dataset) -> list[str]:
    """Class folders that hold files of the kinds that annotations have; none where they are many, or inside parts."""
    paths = [PurePosixPath(path) for path in dataset.frame.loc[dataset.frame["split"] == "", "path"]]
    folders = sorted({path.parts[0] for path in paths if path.suffix.lower() in _ANNOTATION_SUFFIXES})
    return folders if len(folders) <= _MAX_ANNOTATED else []


def points_inside(root: Path, places: list[Path], *, received: str) -> DataFormatError:
    """The error if the data lies at other places than the one that was named."""
    shown = [f"'{place}'" for place in places[:_NUM_SHOWN]]
    rest = len(places) - len(shown)
    is_file = places[0].is_file()
    return DataFormatError(
        f"'{root}' is not a data set, but contains {'a table' if is_file else 'a data set'}: {', '.join(shown)}"
        + (f" and {rest} more." if rest else "."),
        expected="the folder that directly contains the class folders or the annotations, or a table of labels",
        received=received,
        hint=f"Use {'the table' if is_file else 'the inner folder'}: headstart train '{places[0]}'",
    )


def _levels(root: Path) -> Iterator[list[Path]]:
    """Folders one level below the root, two levels below, and so on, while they are few."""
    walk = FolderWalk(Path(os.path.realpath(root)), stays_inside=True)
    level, num_seen = [""], 0
    for _ in range(_MAX_DEPTH):
        level = [inner for folder in level for inner in walk.children(folder)[0]]
        num_seen += len(level)
        if not level or num_seen > _MAX_FOLDERS:
            return
        yield [root / folder for folder in level]


def _below(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix()
