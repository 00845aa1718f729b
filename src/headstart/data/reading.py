"""The one way from what a person names to a data set."""

import os
from pathlib import Path

from headstart.data.dataset import Dataset
from headstart.data.folders import read_folders
from headstart.data.tables import TABLE_READERS, TableColumns, read_table
from headstart.errors import DataNotFoundError, NoClassFoldersError


def read_dataset(
    path: Path | str,
    *,
    path_column: str = "path",
    label_column: str = "label",
    split_column: str | None = None,
    group_column: str | None = None,
) -> Dataset:
    """The data set in a folder of class folders, or in a table of labels.

    Pictures are not opened: `audit_dataset` does that. Nothing is written.

    Args:
        path: a folder with one folder per class, directly or inside train, val (valid, validation) and test folders; or
            a .csv, .tsv or .parquet file with one row a picture.
        path_column: for tables, the column with the picture's path, relative to the table's folder.
        label_column: for tables, the column with the class name. One ";" anywhere makes the whole table multi-label.
        split_column: for tables, the column that says train, validation or test; "split" is used by itself when
            present.
        group_column: for tables, the column naming what must not be torn apart (a patient, a video); "group" is used by
            itself.

    Raises:
        DataNotFoundError: nothing of this name exists.
        NoClassFoldersError: neither a table nor a folder with class folders.
        TableColumnsError: columns or labels are missing, or the table is unreadable or empty.
        TablePathMissingError: the table names files that do not exist.
        TablePathOutsideError: the table names files outside its folder.
        SplitError: a part is unknown, or there is nothing to train on.
    """
    path = Path(path).expanduser()
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a folder above is locked or the name too long
        return read_folders(path)
    if not os.path.exists(path):  # noqa: PTH110
        raise DataNotFoundError(
            f"'{path}' does not exist.",
            expected="a folder of class folders, or a table of labels (.csv, .tsv, .parquet)",
            received=_nearest_existing(path),
            hint="Check the spelling.",
        )
    if path.suffix.lower() not in TABLE_READERS:
        raise NoClassFoldersError(
            f"'{path}' is neither a folder nor a table of labels.",
            expected=f"a folder with one folder per class, or a table ({', '.join(TABLE_READERS)})",
            received=f"a file ending in '{path.suffix}'",
            hint="Name the folder that holds the class folders.",
        )
    return read_table(path, TableColumns(path_column, label_column, split_column, group_column))


def _nearest_existing(path: Path) -> str:
    parent = next(parent for parent in path.absolute().parents if os.path.exists(parent))  # noqa: PTH110
    return f"nothing of that name; the nearest folder that exists is '{parent}'"
