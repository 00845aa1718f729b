"""From a table file to cells of text, whatever separates them and however the file is encoded."""

import codecs
import csv
import io
import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
import pandas as pd

from headstart.data.inspection import could_be_picture
from headstart.errors import TableColumnsError
from headstart.files import cell_limit

_SEPARATORS = (",", ";", "\t", "|")
# The longer mark first: UTF-32 begins like UTF-16.
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# Excel writes such a line before the names of the columns.
_SEPARATOR_LINE = re.compile(r'\A"?sep=(.)"?\r?\n', re.IGNORECASE)
_MAX_CELL = 1 << 24
_AFTER_QUOTE = "expected after"  # how Python's csv module says it
# What spreadsheets, databases and pandas write into a cell without a value. "None" and "NA" are not among them: people
# give both names to classes, such as "no defect" or a country.
_MISSING = frozenset({"", "nan", "-nan", "nat", "null", "<na>", "#n/a", "#na"})


class TextTable(NamedTuple):
    """The cells of a table, all text.

    Attributes:
        frame: a row an entry, numbered from 0 without blank lines; names of columns may repeat.
        has_header: whether the file names its columns; if not, they are called "1", "2", ...
    """

    frame: pd.DataFrame
    has_header: bool


def read_text_table(path: Path, *, max_rows: int | None = None) -> TextTable:
    """The cells of a table as text, or of its first rows; blank rows are skipped.

    A table separated by commas, semicolons, tabs or vertical bars is read, whatever its name ends in. The encoding is
    UTF-8, or what a byte order mark says. A first line that holds the name of an image file is no header.

    Raises:
        TableColumnsError: the file cannot be read as a table, or has no rows.
    """
    try:
        table = TABLE_READERS[path.suffix.lower()](path, max_rows)
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from error
    except (ValueError, OSError, csv.Error) as error:  # Arrow's errors are ValueErrors
        raise TableColumnsError(
            f"'{path}' cannot be read as a table.",
            expected=f"a {path.suffix.lower()} file" + ("" if path.suffix.lower() == ".parquet" else ", text in UTF-8"),
            received=" ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__,
            hint="Save it again as CSV with commas and UTF-8.",
        ) from error
    if table.frame.empty:
        raise TableColumnsError(
            f"'{path}' has no rows.",
            expected="one row per image",
            received="a table with the columns " + ", ".join(map(repr, table.frame.columns))
            if len(table.frame.columns)
            else "an empty file",
            hint="Check that the right file was saved.",
        )
    return table


def is_missing(cell: str) -> bool:
    """Whether a cell holds nothing, or what programs write for nothing."""
    return cell.strip().lower() in _MISSING


def looks_like_image_name(cell: str) -> bool:
    """Whether a cell ends like the name of an image file, such as `a.jpg`."""
    name = PurePosixPath(cell.strip().replace("\\", "/"))
    return bool(name.suffix) and could_be_picture(name.name)


def _read_delimited(path: Path, max_rows: int | None) -> TextTable:
    text = _decoded(path.read_bytes())
    stated = _SEPARATOR_LINE.match(text)
    if stated:
        text = text[stated.end() :]
    separator = stated[1] if stated else _separator(text)
    try:
        rows = _rows(text, separator, max_rows, strict=True)
    except csv.Error as error:
        if _AFTER_QUOTE not in str(error):
            raise
        rows = _rows(text, separator, max_rows, strict=False)  # blanks between a quoted cell and the next separator
    return _framed(rows)


def _rows(text: str, separator: str, max_rows: int | None, *, strict: bool) -> list[list[str]]:
    """Rows that are not blank: the first, and up to `max_rows` more."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=strict)
    with cell_limit(_MAX_CELL):
        filled = (row for row in lines if any(cell.strip() for cell in row))
        return list(islice(filled, None if max_rows is None else max_rows + 1))


def _decoded(content: bytes) -> str:
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if content.startswith(mark)), "utf-8")
    return content.decode(encoding)


def _separator(text: str) -> str:
    """The most frequent separator in the first line that is not blank, outside quoted cells; by default a comma."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    outside = re.sub(r'"[^"]*"', "", first)
    return max(_SEPARATORS, key=outside.count)


def _framed(rows: list[list[str]]) -> TextTable:
    if not rows:
        return TextTable(pd.DataFrame(), True)
    has_header = not any(map(looks_like_image_name, rows[0]))
    width = len(rows[0])
    names = [name.strip() for name in rows[0]] if has_header else [str(number + 1) for number in range(width)]
    cells = rows[1:] if has_header else rows
    for number, row in enumerate(cells, 1):
        if any(cell.strip() for cell in row[width:]):
            raise ValueError(
                f"row {number} has {len(row)} cells where the first line has {width}; a cell that holds the separator"
                " itself needs quotes around it"
            )
    padded = [(row + [""] * width)[:width] for row in cells]
    frame = pd.DataFrame(padded, columns=names, dtype=str)
    # Commas at the ends of lines make columns without a name and without cells.
    kept = [number for number, name in enumerate(names) if name or any(row[number].strip() for row in padded)]
    unnamed = [number for number in kept if not names[number]]
    frame.columns = [f"column {number + 1}" if number in unnamed[1:] else name for number, name in enumerate(names)]
    return TextTable(frame.iloc[:, kept], has_header)


def _read_parquet(path: Path, max_rows: int | None) -> TextTable:
    # Nullable types keep whole numbers whole where some are missing: label 3 stays "3" and does not become "3.0".
    table = pd.read_parquet(path, dtype_backend="numpy_nullable")
    inside = [str(name) for name in table.columns if len(table) and isinstance(table[name].iloc[0], bytes | dict)]
    if inside:
        raise ValueError(f"column '{inside[0]}' holds the images themselves; write them to files and list their paths")
    table = table.astype(object).where(table.notna(), "").map(_as_text)
    table.columns = [str(name).strip() for name in table.columns]
    return TextTable(table.reset_index(drop=True)[:max_rows], True)


def _as_text(cell: object) -> str:
    return ";".join(map(str, cell)) if isinstance(cell, list | np.ndarray) else str(cell)


TABLE_READERS: dict[str, Callable[[Path, int | None], TextTable]] = {
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".parquet": _read_parquet,
}


def _not_utf8(path: Path, error: UnicodeDecodeError) -> TableColumnsError:
    return TableColumnsError(
        f"'{path}' is not encoded in UTF-8.",
        expected="text in UTF-8, or with a byte order mark in UTF-16",
        received=f"byte {error.object[error.start]:#04x} at position {error.start}, as in Latin-1 or Windows-1252",
        hint="Save the table again in UTF-8; in Excel, choose 'CSV UTF-8' in the dialog 'Save As'.",
    )
