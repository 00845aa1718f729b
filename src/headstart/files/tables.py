"""CSV tables: written as RFC 4180 in UTF-8, quoted wherever a reader could fail, and read back within bounds."""

import csv
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from headstart.files.content import UnusableFileError, shown, shown_error, size_of
from headstart.files.whole import whole_file

if TYPE_CHECKING:
    import pandas as pd

MAX_BYTES = 2**30  # the boxes of some million images
_MAX_COLUMNS = 200_010  # some columns of a table, and two for each class
# The default limit of the reader is 131,072 characters per cell; the boxes of one image may need more.
_LARGEST_CELL = 2**31 - 1
_limit_lock = threading.Lock()

# Quotes, commas, everything that some reader takes for the end of a line, other control characters, and blanks at
# the ends, which some readers strip. `csv.writer` leaves a carriage return bare when lines end with a line feed, and
# its own reader takes it for the end of a row.
_NEEDS_QUOTES = re.compile(r'[",\x00-\x1f\x7f-\x9f\u2028\u2029]|\A\s|\s\Z')


def csv_line(cells: Iterable[object]) -> str:
    """One row of CSV with its line feed. None and NaN become empty cells, other values are written with `str`."""
    texts = [_text(cell) for cell in cells]
    if texts == [""]:
        return '""\n'  # an empty line is no row to most readers
    return ",".join(map(_quoted, texts)) + "\n"


def csv_text(header: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    """A whole table as CSV."""
    return "".join([csv_line(header), *map(csv_line, rows)])


def write_csv(path: Path, header: Iterable[object], rows: Iterable[Iterable[object]]) -> None:
    """Writes a table as CSV in one step; rows are taken one by one."""
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        file.write(csv_line(header))
        file.writelines(map(csv_line, rows))


def frame_csv(frame: "pd.DataFrame") -> str:
    """A pandas table as CSV, without its index; numbers keep the digits of their own precision."""
    columns = [frame.iloc[:, number].to_numpy() for number in range(frame.shape[1])]
    return csv_text(frame.columns, zip(*columns, strict=True))


@contextmanager
def cell_limit(num_characters: int) -> Iterator[None]:
    """Sets how long a cell may be that `csv.reader` reads in the block.

    The limit belongs to the module `csv` and not to a reader, so that one thread at a time may change it.
    """
    with _limit_lock:
        before = csv.field_size_limit(num_characters)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def read_table(path: Path, *, max_bytes: int = MAX_BYTES) -> dict[str, list[str]]:
    """The columns of a CSV file in their order: name → cells as text.

    Args:
        path: the file; UTF-8, the first row holds the names.
        max_bytes: of the file; a larger one is refused before it is read.

    Raises:
        UnusableFileError: the file is missing, too large or no CSV, a name occurs twice, or a row is not as wide as
            the header.
    """
    if (num_bytes := size_of(path)) > max_bytes:
        raise UnusableFileError(f"a file of at most {max_bytes / 2**20:g} MB", f"{num_bytes:,} bytes")
    try:
        with path.open(encoding="utf-8", newline="") as file, cell_limit(_LARGEST_CELL):
            return _columns(file)
    except UnusableFileError:
        raise
    except (OSError, ValueError, csv.Error) as error:
        raise UnusableFileError("a CSV table in UTF-8", shown_error(error)) from error


def _text(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return "" if text == "nan" and not isinstance(cell, str) else text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text


def _columns(file: TextIO) -> dict[str, list[str]]:
    rows = csv.reader(file, strict=True)
    names = next(rows, [])
    if not names or len(names) > _MAX_COLUMNS or len(set(names)) != len(names):
        raise UnusableFileError("a header with every column once", shown(names))
    columns: list[list[str]] = [[] for _ in names]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise UnusableFileError(f"{len(names)} cells in every row", f"{len(row)} cells in row {number}")
        for column, cell in zip(columns, row, strict=True):
            column.append(cell)
    return dict(zip(names, columns, strict=True))
