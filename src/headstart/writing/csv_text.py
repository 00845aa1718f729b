"""CSV as every program reads it back: RFC 4180 with line feeds, UTF-8, quoted wherever a reader could stumble."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from headstart.writing.whole import whole_file

if TYPE_CHECKING:
    import pandas as pd

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


def _text(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return "" if text == "nan" and not isinstance(cell, str) else text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text
