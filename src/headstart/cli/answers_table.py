"""Predictions as lines of a table that are printed one by one, each as soon as it is known."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from headstart.cli.console import Text
from headstart.files import one_line

if TYPE_CHECKING:
    from headstart.prediction import ConsoleTable

_LINES_TO_MEASURE = 32
_GAP = "  "

Record = dict[str, Any]  # as `headstart.prediction` gives it


def table_lines(records: Iterable[Record], table: "ConsoleTable") -> Iterator[Text]:
    """A header and one line per record; columns are as wide as the first lines need, and paths are never broken."""
    rest = iter(records)
    first = list(islice(rest, _LINES_TO_MEASURE))
    rows = [table.header, *(_cells(record, table) for record in first)]
    widths = [max(len(one_line(cell)) for cell in column) for column in zip(*rows, strict=True)]
    yield _line(table.header, widths, "bold")
    for record in chain(first, rest):
        style = "red" if record["error"] is not None else "yellow" if table.is_doubtful(record) else ""
        yield _line(_cells(record, table), widths, style)


def _cells(record: Record, table: "ConsoleTable") -> tuple[str, str, str, str]:
    if record["error"] is not None:
        return record["path"], "", "", record["error"]
    return (record["path"], *table.cells(record))


def _line(cells: Iterable[str], widths: list[int], style: str) -> Text:
    path, prediction, probability, doubts = map(one_line, cells)
    padded = (path.ljust(widths[0]), prediction.ljust(widths[1]), probability.rjust(widths[2]), doubts)
    return Text(_GAP.join(padded).rstrip(), style=style)
