"""Predictions as lines of a table that are printed one by one, each as soon as it is known."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from types import MappingProxyType
from typing import Any

from headstart.cli.console import Text
from headstart.writing import one_line

_LINES_TO_MEASURE = 32
_GAP = "  "
_BOXES_IN_A_LINE = 4

Record = Mapping[str, Any]  # as `headstart.prediction` gives it


@dataclass(frozen=True)
class AnswersTable:
    """The columns of the table of a task: four, of which the third is aligned to the right.

    Attributes:
        header: names of the columns.
        cells: function from a prediction to its cells, without the path.
        is_doubtful: whether a prediction is highlighted for review.
    """

    header: tuple[str, str, str, str]
    cells: Callable[[Record], tuple[str, str, str]]
    is_doubtful: Callable[[Record], bool] = lambda _: False


def table_lines(records: Iterable[Record], table: AnswersTable) -> Iterator[Text]:
    """A header and one line per record; columns are as wide as the first lines need, and paths are never broken."""
    rest = iter(records)
    first = list(islice(rest, _LINES_TO_MEASURE))
    rows = [table.header, *(_cells(record, table) for record in first)]
    widths = [max(len(one_line(cell)) for cell in column) for column in zip(*rows, strict=True)]
    yield _line(table.header, widths, "bold")
    for record in chain(first, rest):
        style = "red" if record["error"] is not None else "yellow" if table.is_doubtful(record) else ""
        yield _line(_cells(record, table), widths, style)


def _cells(record: Record, table: AnswersTable) -> tuple[str, str, str, str]:
    if record["error"] is not None:
        return record["path"], "", "", record["error"]
    return (record["path"], *table.cells(record))


def _line(cells: Iterable[str], widths: list[int], style: str) -> Text:
    path, prediction, probability, doubts = map(one_line, cells)
    padded = (path.ljust(widths[0]), prediction.ljust(widths[1]), probability.rjust(widths[2]), doubts)
    return Text(_GAP.join(padded).rstrip(), style=style)


def _class_cells(record: Record) -> tuple[str, str, str]:
    probability = "" if record["probability"] is None else f"{record['probability']:.3f}"
    return record["prediction"], probability, _doubts(record)


def _doubts(record: Record) -> str:
    if record["is_sure"]:
        return ""
    names = record["prediction_set"]
    doubts = [f"possible: {', '.join(names)}" if names else "no class is likely enough"]
    if names == [record["prediction"]]:
        doubts = []
    if record["is_foreign"]:
        doubts.append("out-of-distribution (unlike the training images)")
    return "; ".join(doubts)


def _box_cells(record: Record) -> tuple[str, str, str]:
    """The number of boxes of each class, the best score, and the corners of the first boxes."""
    boxes = record["boxes"]
    names = [box["name"] for box in boxes]
    counts = ", ".join(f"{names.count(name)} x {name}" for name in dict.fromkeys(names))
    best = f"{boxes[0]['score']:.3f}" if boxes else ""
    places = [" ".join(f"{side:.0f}" for side in box["box"]) for box in boxes[:_BOXES_IN_A_LINE]]
    more = [f"and {len(boxes) - _BOXES_IN_A_LINE} more"] if len(boxes) > _BOXES_IN_A_LINE else []
    return counts or "nothing", best, "; ".join([*places, *more])


def _mask_cells(record: Record) -> tuple[str, str, str]:
    """The class with most pixels, its share, and the shares of the others."""
    shares = sorted(record["shares"].items(), key=lambda item: -item[1])
    others = ", ".join(f"{name} {share:.1%}" for name, share in shares[1:] if share)
    return record["prediction"], f"{record['shares'][record['prediction']]:.1%}", others


def _number_cells(record: Record) -> tuple[str, str, str]:
    """Each number and its prediction interval."""
    numbers = record["numbers"]
    values = ", ".join(f"{name} {number['value']:.4g}" for name, number in numbers.items())
    bounds = [
        f"{name} {number['low']:.4g} to {number['high']:.4g}"
        for name, number in numbers.items()
        if number["low"] is not None
    ]
    return values, "", ", ".join(bounds)


# Task → its table. The names of tasks are those of `headstart.data`, whose import would be slow.
TABLES: Mapping[str, AnswersTable] = MappingProxyType(
    {
        "image-classification": AnswersTable(
            ("path", "prediction", "probability", "doubts"), _class_cells, lambda record: record["is_sure"] is False
        ),
        "object-detection": AnswersTable(("path", "objects", "best score", "left top right bottom"), _box_cells),
        "semantic-segmentation": AnswersTable(("path", "largest class", "share", "others"), _mask_cells),
        "image-regression": AnswersTable(("path", "numbers", "", "intervals"), _number_cells),
    }
)
