"""A folder of images with a table of their labels in it."""

import os
import re
from pathlib import Path, PurePosixPath

from headstart.data.annotated import Asked
from headstart.data.annotations import CLASSIFICATION, REGRESSION
from headstart.data.dataset import Dataset
from headstart.data.inspection import could_be_picture
from headstart.data.part_names import part_like, part_named
from headstart.data.table_columns import TableColumns, find_columns
from headstart.data.table_files import TABLE_READERS, read_text_table
from headstart.data.table_parts import shown
from headstart.data.table_paths import resolve_paths
from headstart.data.tables import read_table
from headstart.data.walking import FolderWalk
from headstart.errors import HeadstartError, TableColumnsError

_IMAGE_FOLDERS = re.compile(r"(all)?(jpeg|jpg|png)?(images?|imgs?|pictures?|photos?|pics|data)\d*", re.IGNORECASE)
_NUM_LOOKED_AT = 20


def looks_like_table(path: Path) -> bool:
    """Whether `path` is a table file, or a folder with a table of labels and images that lie in no class folders."""
    if not os.path.isdir(path):  # noqa: PTH112  Path.is_dir raises where a folder above is locked
        return True
    walk = FolderWalk(Path(os.path.realpath(path)), stays_inside=True)
    folders, files = walk.children("")
    tables = [file for file in files if PurePosixPath(file).suffix.lower() in TABLE_READERS]
    return bool(tables) and not _has_class_folders(walk, folders, tables) and bool(_labelled(walk.root, tables))


def read_table_of(path: Path, asked: Asked) -> Dataset:
    """The data set of a table of labels, or of the one such table in a folder.

    Raises:
        TableColumnsError: the folder has no table of labels, or several; else as `read_table`.
    """
    columns = TableColumns(asked.path_column, asked.label_column, asked.split_column, asked.group_column)
    return read_table(_table_in(path) if os.path.isdir(path) else path, columns, task=asked.given_task)  # noqa: PTH112


def _table_in(folder: Path) -> Path:
    walk = FolderWalk(Path(os.path.realpath(folder)), stays_inside=True)
    files = [file for file in walk.children("")[1] if PurePosixPath(file).suffix.lower() in TABLE_READERS]
    tables = _labelled(walk.root, files)
    # Competitions have train.csv beside sample_submission.csv; parts in several tables are one for a person to join.
    train = [table for table in tables if part_like(PurePosixPath(table).stem) == "train"]
    others = [table for table in tables if part_like(PurePosixPath(table).stem) not in {"", "train"}]
    if len(train) == 1 and not others:
        tables = train
    if len(tables) == 1:
        return folder / tables[0]
    raise TableColumnsError(
        f"'{folder}' has {'several tables' if tables else 'no table'} of labels.",
        expected="one table with a column for the images and one for the labels",
        received=shown(tables or files) or "no table",
        hint="Name the table instead of the folder. Tables of parts are joined into one with a column 'split'."
        if tables
        else "Name the table, or its columns: --path-column NAME --label-column NAME.",
    )


def _labelled(root: Path, tables: list[str]) -> list[str]:
    """Tables with a column of images that are there, and one of labels."""
    return [table for table in tables if _is_labelled(root, table)]


def _is_labelled(root: Path, table: str) -> bool:
    try:
        text = read_text_table(root / table, max_rows=_NUM_LOOKED_AT)
        found = find_columns(text, TableColumns(), root / table)
        return bool(resolve_paths(text.frame[found.path], root=root, table=root / table).path_of)
    except HeadstartError:
        return False


def _has_class_folders(walk: FolderWalk, folders: list[str], tables: list[str]) -> bool:
    """Whether folders with images have names of their own, such as those of classes, or hold folders with images."""
    stems = {PurePosixPath(table).stem.lower() for table in tables}
    holding = [folder for folder in folders if any(could_be_picture(path) for path in walk.files_below(folder))]
    plain = [
        folder
        for folder in holding
        if part_named(folder) or _IMAGE_FOLDERS.fullmatch(folder) or folder.lower() in stems
    ]
    nested = [inner for folder in plain for inner in walk.children(folder)[0]]
    return len(holding) > len(plain) or len(nested) > 1


TABLE_TASKS = (CLASSIFICATION, REGRESSION)
