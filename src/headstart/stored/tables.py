"""CSV tables that this program wrote: bounded in size, every row as wide as the header."""

import csv
import threading
from pathlib import Path
from typing import TextIO

from headstart.stored.content import UnusableFileError, shown, shown_error, size_of

MAX_BYTES = 2**30  # the boxes of some million images
_MAX_COLUMNS = 200_010  # some columns of a table, and two for each class
# The reader's limit is 131,072 characters per cell; the boxes of one image may be more. The limit is the module's own.
_LARGEST_CELL = 2**31 - 1
_limit_lock = threading.Lock()


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
        with path.open(encoding="utf-8", newline="") as file, _limit_lock:
            before = csv.field_size_limit(_LARGEST_CELL)
            try:
                return _columns(file)
            finally:
                csv.field_size_limit(before)
    except UnusableFileError:
        raise
    except (OSError, ValueError, csv.Error) as error:
        raise UnusableFileError("a CSV table in UTF-8", shown_error(error)) from error


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
