"""Which column of a table means what."""

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from headstart.data.dataset import Remark
from headstart.data.table_files import TextTable, looks_like_image_name
from headstart.data.table_parts import plain_name, split_by_cells
from headstart.errors import TableColumnsError

# Usual names without case, blanks and signs; an earlier group goes before a later one.
_PATH_NAMES = (
    frozenset({"path"}),
    frozenset(
        [
            "imagepath",
            "imgpath",
            "filepath",
            "relativepath",
            "filename",
            "filenames",
            "file",
            "files",
            "fname",
            "image",
            "images",
            "img",
            "imagename",
            "imgname",
            "imagefile",
            "imgfile",
            "imagefilename",
            "picture",
            "photo",
            "paths",
            "uri",
            "url",
            "imageurl",
            "imageuri",
        ]
    ),
    frozenset(["id", "imageid", "imgid", "idcode", "imagecode", "uid", "uuid", "name"]),
)
LABEL_NAMES = (
    frozenset({"label"}),
    frozenset(
        [
            "labels",
            "class",
            "classes",
            "classname",
            "classlabel",
            "labelname",
            "category",
            "categories",
            "categoryname",
            "target",
            "targets",
            "species",
            "breed",
            "diagnosis",
            "dx",
            "tag",
            "tags",
            "groundtruth",
        ]
    ),
    frozenset(["classid", "labelid", "categoryid", "classindex", "labelindex", "y", "type"]),
)
_ROW_NUMBERS = frozenset({"", "index", "unnamed0", "row", "rowid"})
# CelebA and other collections write -1 for "no".
_BINARY = {"-1": False, "0": False, "1": True, "-1.0": False, "0.0": False, "1.0": True, "false": False, "true": True}
_NUM_LOOKED_AT = 50
_MAX_NAMED = 12
_DEFAULT_PATH, DEFAULT_LABEL = "path", "label"


@dataclass(frozen=True)
class TableColumns:
    """The column of each meaning; `None` for split and group uses the column of that name if there is one."""

    path: str = _DEFAULT_PATH
    label: str = DEFAULT_LABEL
    split: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class FoundColumns:
    """Names of the columns that are used.

    Attributes:
        labels: one column, or several with numbers or with 0 and 1.
        split: None where no column says it.
        remarks: about columns that were not named by the user or by our own names.
    """

    path: str
    labels: tuple[str, ...]
    split: str | None
    group: str | None
    remarks: tuple[Remark, ...] = ()


def find_columns(table: TextTable, asked: TableColumns, path: Path) -> FoundColumns:
    """The columns to use: those that were asked for, else those with a usual name, else those that their cells tell.

    Raises:
        TableColumnsError: a column is missing, stands twice, or several could be meant.
    """
    frame = table.frame
    _require_once(frame, path)
    path_column = path_column_of(table, asked.path, path)
    group = optional_column(frame, asked.group, "group", path)
    split = optional_column(frame, asked.split, "split", path)
    taken = {path_column, group, split}
    labels = _asked_labels(frame, asked.label, path) or named_columns(frame, LABEL_NAMES, taken)
    if split is None and asked.split is None:
        split = split_by_cells(frame, {*taken, *labels})
        taken.add(split)
    if not labels:
        labels = _labels_by_cells(frame, taken, path)
    if len(labels) > 1 and asked.label == DEFAULT_LABEL and not all(is_binary(frame[name]) for name in labels):
        raise _several_could_be_meant(path, "label", labels)
    found = FoundColumns(path_column, tuple(labels), split, group)
    return FoundColumns(path_column, tuple(labels), split, group, _remarks(found, asked, path))


def path_column_of(table: TextTable, asked: str, path: Path) -> str:
    """The column with the images' paths.

    Raises:
        TableColumnsError: there is none, or several could be meant.
    """
    frame = table.frame
    if asked in frame.columns or asked != _DEFAULT_PATH:
        return _required(frame, asked, path, role="path")
    named = named_columns(frame, _PATH_NAMES, set())
    like_files = [name for name in frame.columns if _holds_image_names(frame[name])]
    # Of several with a usual name, such as `name` and `image_id`, the one whose cells end like image files is meant.
    candidates = ([name for name in named if name in like_files] or named) if len(named) != 1 else named
    if len(candidates) != 1 and len(like_files) == 1:
        candidates = like_files
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        raise _several_could_be_meant(path, "path", candidates)
    return _required(frame, asked, path, role="path")


def is_binary(cells: pd.Series) -> bool:
    """Whether every cell is 0 (or -1) or 1, written as a number or as True and False."""
    return bool(cells.str.strip().str.lower().isin(list(_BINARY)).all())


def binary_values(cells: pd.Series) -> list[bool]:
    """The cells of a column for which `is_binary` is true, as 0 and 1."""
    return [_BINARY[cell] for cell in cells.str.strip().str.lower()]


def named_columns(frame: pd.DataFrame, groups: Iterable[frozenset[str]], taken: Collection[str | None]) -> list[str]:
    """Columns with a usual name, of the first group that has any."""
    free = [name for name in frame.columns if name not in taken]
    found = ([name for name in free if plain_name(name) in group] for group in groups)
    return next(filter(None, found), [])


def optional_column(frame: pd.DataFrame, asked: str | None, usual: str, path: Path) -> str | None:
    """The column asked for, else the one whose name is the usual one, else None.

    Raises:
        TableColumnsError: the column asked for is missing.
    """
    if asked is not None:
        return _required(frame, asked, path, role=usual)
    return next((name for name in frame.columns if plain_name(name) == usual), None)


def no_column(frame: pd.DataFrame, name: str, path: Path, *, role: str) -> TableColumnsError:
    """The error if a column is missing."""
    present = list(frame.columns)
    nearest = difflib.get_close_matches(name, present, n=3, cutoff=0.5)
    others = [column for column in present if column not in nearest]
    shown = ", ".join(map(repr, [*nearest, *others][:_MAX_NAMED])) + (", ..." if len(present) > _MAX_NAMED else "")
    several = " Several columns of numbers or of 0 and 1 are joined by commas." if role == "label" else ""
    return TableColumnsError(
        f"'{path}' has no column '{name}'.",
        expected=f"one column '{name}', or one with another common name for it",
        received=f"the columns {shown}",
        hint=f"Give the column to use: --{role}-column NAME, or {role}_column=NAME in Python.{several}",
    )


def _require_once(frame: pd.DataFrame, path: Path) -> None:
    names = list(frame.columns)
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise TableColumnsError(
            f"'{path}' has two columns '{twice[0]}'.",
            expected="a unique name for each column",
            received=", ".join(map(repr, names[:_MAX_NAMED])),
            hint="Rename or delete one of them.",
        )


def _required(frame: pd.DataFrame, name: str, path: Path, *, role: str) -> str:
    if name not in frame.columns:
        raise no_column(frame, name, path, role=role)
    return name


def _asked_labels(frame: pd.DataFrame, asked: str, path: Path) -> list[str]:
    """Named label columns; a comma separates several unless one column has this very name."""
    if asked in frame.columns:
        return [asked]
    if asked == DEFAULT_LABEL:
        return []
    names = list(dict.fromkeys(name.strip() for name in asked.split(",") if name.strip())) or [asked]
    return [_required(frame, name, path, role="label") for name in names]


def _holds_image_names(cells: pd.Series) -> bool:
    filled = [cell for cell in cells.head(_NUM_LOOKED_AT) if cell.strip()]
    return bool(filled) and all(map(looks_like_image_name, filled))


def _labels_by_cells(frame: pd.DataFrame, taken: set[str | None], path: Path) -> list[str]:
    """The one column that is left, or all that are left where they hold 0 and 1 only."""
    left = [name for name in frame.columns if name not in taken and plain_name(name) not in _ROW_NUMBERS]
    without_ids = [name for name in left if plain_name(name) not in _PATH_NAMES[-1]] or left
    if len(without_ids) == 1 or (without_ids and all(is_binary(frame[name]) for name in without_ids)):
        return without_ids
    raise no_column(frame, DEFAULT_LABEL, path, role="label")


def _several_could_be_meant(path: Path, role: str, names: Iterable[str]) -> TableColumnsError:
    shown = ", ".join(map(repr, names))
    return TableColumnsError(
        f"'{path}' has several columns that could be the {role}: {shown}.",
        expected=f"one column '{role}', or one with a common name for it",
        received=shown,
        hint=f"Give the column to use: --{role}-column NAME, or {role}_column=NAME in Python.",
    )


def _remarks(found: FoundColumns, asked: TableColumns, path: Path) -> tuple[Remark, ...]:
    labels = ", ".join(map(repr, found.labels))
    told = {
        f"'{found.path}' for the images": found.path == asked.path,
        f"{labels} for the labels": asked.label != DEFAULT_LABEL or found.labels == (DEFAULT_LABEL,),
        f"'{found.split}' for the parts": found.split in {None, asked.split, "split"},
    }
    taken = [text for text, is_known in told.items() if not is_known]
    return (Remark("columns_taken", path.name, "; ".join(taken)),) if taken else ()
