"""Which part of the data a table gives each row to."""

import re
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

import pandas as pd

from headstart.data.annotated import part_of
from headstart.data.part_names import parts_named
from headstart.errors import SplitError

# Columns that ask a question: True stands for this part, False for training.
_QUESTIONS = {"isvalid": "validation", "isval": "validation", "isvalidation": "validation", "istest": "test"}
_ANSWERS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
_NUM_SHOWN = 5


def plain_name(name: str) -> str:
    """A column's name without case, blanks and signs: `Image_ID` is `imageid`."""
    return re.sub(r"[\W_]+", "", name.lower())


def split_by_cells(frame: pd.DataFrame, taken: Collection[str | None]) -> str | None:
    """The column, of those not taken, whose cells are parts; None where there is none, or more than one."""
    free = [name for name in frame.columns if name not in taken]
    found = [name for name in free if _holds_parts(frame[name]) or _says_is_part(plain_name(name), frame[name])]
    return found[0] if len(found) == 1 else None


def _holds_parts(cells: pd.Series) -> bool:
    """Whether a column says nothing but parts, training and at least one other."""
    names = set(cells.str.strip()) - {""}
    parts = parts_named(names)
    return len(parts) == len(names) and "train" in parts.values() and len(set(parts.values())) > 1


def _says_is_part(plain: str, cells: pd.Series) -> bool:
    """Whether a column of this plain name states with True and False which rows are for validation or test."""
    return plain in _QUESTIONS and bool(cells.str.strip().str.lower().isin(list(_ANSWERS)).all())


def parts_of_rows(cells: pd.Series, plain: str, table: Path) -> list[str]:
    """Part of every row from the cells of the column whose plain name is given.

    Raises:
        SplitError: a cell means no part.
    """
    words = cells.str.strip()
    if _says_is_part(plain, cells):
        words = words.str.lower().map(lambda word: _QUESTIONS[plain] if _ANSWERS[word] else "train")
    known = words.map({"": "", **parts_named(words.unique())})
    unknown = sorted(set(cells[known.isna()]))
    if unknown:
        raise SplitError(
            f"'{table}' has unknown parts: {shown(unknown)}.",
            expected="train, validation or test (or an empty cell, for an automatic choice)",
            received=f"{int(known.isna().sum())} rows with something else",
            hint="Correct the column, or rename it for an automatic split.",
        )
    return list(known)


def parts_of_folders(paths: Iterable[str]) -> list[str]:
    """Part of every image from the folders of its path; none where these do not tell training from another part."""
    paths = list(paths)
    folders = {folder for path in paths for folder in PurePosixPath(path).parts[:-1]}
    parts = [part_of(path, folders) for path in paths]
    return parts if "train" in parts and len(set(parts) - {""}) > 1 else [""] * len(parts)


def shown(names: list[str]) -> str:
    """The first names of a list, quoted, and how many there are beyond them."""
    rest = len(names) - _NUM_SHOWN
    return ", ".join(map(repr, names[:_NUM_SHOWN])) + (f" and {rest} more" if rest > 0 else "")
