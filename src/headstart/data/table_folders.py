"""A folder of images with a table of their labels in it."""

import os
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pandas as pd

from headstart.data.annotated import Asked
from headstart.data.class_names import sort_class_names
from headstart.data.dataset import SPLITS, Dataset, Remark
from headstart.data.inspection import could_be_picture
from headstart.data.part_names import part_like, part_named
from headstart.data.table_columns import TableColumns, find_columns
from headstart.data.table_files import TABLE_READERS, read_text_table
from headstart.data.table_parts import shown
from headstart.data.table_paths import resolve_paths
from headstart.data.tables import read_table
from headstart.data.walking import FolderWalk
from headstart.errors import HeadstartError, TableColumnsError
from headstart.task_spec import TargetForm

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
    """The data set of a table of labels, or of those in a folder: one, or one per part.

    Raises:
        TableColumnsError: the folder has no table of labels, or several that are not parts; else as `read_table`.
    """
    columns = TableColumns(asked.path_column, asked.label_column, asked.split_column, asked.group_column)
    if not os.path.isdir(path):  # noqa: PTH112
        return read_table(path, columns, task=asked.given_task)
    tables = _tables_in(path)
    if len(tables) == 1:
        return read_table(path / tables[0], columns, task=asked.given_task)
    read = {table: read_table(path / table, columns, task=asked.given_task) for table in tables}
    return _joined({_part_of(table): dataset for table, dataset in read.items()}, path)


def _tables_in(folder: Path) -> list[str]:
    """The table of labels, or one per part."""
    walk = FolderWalk(Path(os.path.realpath(folder)), stays_inside=True)
    files = [file for file in walk.children("")[1] if PurePosixPath(file).suffix.lower() in TABLE_READERS]
    tables = _labelled(walk.root, files)
    # Competitions have train.csv beside sample_submission.csv.
    parts = [table for table in tables if _part_of(table)]
    chosen = tables if len(tables) == 1 or not parts else parts
    names = [_part_of(table) for table in chosen]
    if len(chosen) == 1 or (chosen and "train" in names and len(set(names)) == len(names)):
        return chosen
    raise TableColumnsError(
        f"'{folder}' has {'several tables' if tables else 'no table'} of labels.",
        expected="one table with a column for the images and one for the labels, or one per part, such as train.csv",
        received=shown(tables or files) or "no table",
        hint="Give the path of the table instead of the folder."
        if tables
        else "Give the path of the table, or its columns: --path-column NAME --label-column NAME.",
    )


def _joined(datasets: dict[str, Dataset], folder: Path) -> Dataset:
    """The data sets of the parts as one; an image in two of them goes to the part that measures."""
    train = datasets["train"]
    names = sort_class_names(name for dataset in datasets.values() for name in dataset.class_names)
    if len({(it.task, it.multi_label) for it in datasets.values()}) > 1 or (
        train.form is TargetForm.NUMBERS and any(it.class_names != train.class_names for it in datasets.values())
    ):
        raise TableColumnsError(
            f"The tables of parts in '{folder}' do not have the same labels.",
            expected="class names in all of them, or the same columns of numbers",
            received="; ".join(f"{part}: {it.task}, {', '.join(it.class_names[:5])}" for part, it in datasets.items()),
            hint="Give all tables the same labels, or give the path of one table instead of the folder.",
        )
    ordered = [part for part in SPLITS[::-1] if part in datasets]
    frames = [datasets[part].frame.assign(split=part) for part in ordered]
    frame = pd.concat(frames, ignore_index=True)
    twice = frame[frame["path"].duplicated()]
    remarks = {remark for dataset in datasets.values() for remark in dataset.remarks}
    remarks |= {
        Remark("listed_twice", path, f"for {part} and another part") for path, part in twice[["path", "split"]].values
    }
    frame = frame.drop_duplicates("path").sort_values("path", ignore_index=True)
    return replace(
        train,
        frame=frame,
        class_names=train.class_names if train.form is TargetForm.NUMBERS else names,
        remarks=tuple(sorted(remarks)),
    )


def _part_of(table: str) -> str:
    return part_like(PurePosixPath(table).stem)


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


TABLE_FORMS = (TargetForm.LABELS, TargetForm.NUMBERS)
