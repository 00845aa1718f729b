"""Answers as lines of a table that grows: each line is printed as soon as it is known."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from rich.text import Text

_HEADER = ("path", "prediction", "probability", "doubts")
_LINES_TO_MEASURE = 32
_GAP = "  "


def table_lines(records: Iterable[Mapping[str, Any]]) -> Iterator[Text]:
    """A header and one line a record; columns are as wide as the first lines need, and no path is ever broken."""
    rest = iter(records)
    first = list(islice(rest, _LINES_TO_MEASURE))
    rows = [_HEADER, *map(_cells, first)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    yield _line(_HEADER, widths, "bold")
    for record in chain(first, rest):
        style = "red" if record["error"] is not None else "yellow" if record["is_sure"] is False else ""
        yield _line(_cells(record), widths, style)


def _cells(record: Mapping[str, Any]) -> tuple[str, str, str, str]:
    if record["error"] is not None:
        return record["path"], "", "", record["error"]
    probability = "" if record["probability"] is None else f"{record['probability']:.3f}"
    return record["path"], record["prediction"], probability, _doubts(record)


def _doubts(record: Mapping[str, Any]) -> str:
    if record["is_sure"]:
        return ""
    names = record["prediction_set"]
    doubts = [f"could be {', '.join(names)}" if names else "no class is likely enough"]
    if names == [record["prediction"]]:
        doubts = []
    if record["is_foreign"]:
        doubts.append("unlike the training pictures")
    return "; ".join(doubts)


def _line(cells: Iterable[str], widths: list[int], style: str) -> Text:
    path, prediction, probability, doubts = cells
    padded = (path.ljust(widths[0]), prediction.ljust(widths[1]), probability.rjust(widths[2]), doubts)
    return Text(_GAP.join(padded).rstrip(), style=style)
