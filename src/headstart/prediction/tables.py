"""Writing answers as CSV, JSON lines or Parquet, with bounded memory."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from headstart.errors import RecipeError
from headstart.prediction.records import Record, column_names, flat_record, joined_set

# Rows that a reader of Parquet gets at once; also what is held in memory here.
_ROWS_A_GROUP = 4096


def json_line(record: Mapping[str, Any]) -> str:
    """One answer as a line of JSON."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"


def csv_cells(record: Mapping[str, Any], class_names: Sequence[str]) -> list[str]:
    """One answer as cells of CSV, empty where there is no value."""
    flat = flat_record(record, class_names)
    flat["prediction_set"] = joined_set(record["prediction_set"])
    return [_cell(value) for value in flat.values()]


def check_table_path(path: Path) -> str:
    """The format that a file's name asks for.

    Raises:
        RecipeError: there is no such format.
    """
    suffix = path.suffix.lower()
    if suffix not in TABLE_WRITERS:
        raise RecipeError(
            f"'{path}' does not say in which format answers shall be written.",
            expected=f"a name that ends in {', '.join(TABLE_WRITERS)}",
            received=f"the ending '{path.suffix}'" if path.suffix else "a name without an ending",
            hint=f"Name it, for example, {path.stem or 'answers'}.csv.",
        )
    return suffix


def _write_csv(path: Path, records: Iterable[Record], class_names: Sequence[str]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(column_names(class_names))
        writer.writerows(csv_cells(record, class_names) for record in records)


def _write_json_lines(path: Path, records: Iterable[Record], class_names: Sequence[str]) -> None:  # noqa: ARG001
    with path.open("w", encoding="utf-8") as file:
        file.writelines(map(json_line, records))


def _write_parquet(path: Path, records: Iterable[Record], class_names: Sequence[str]) -> None:
    import pyarrow as pa  # noqa: PLC0415  not needed by the other formats
    from pyarrow import parquet  # noqa: PLC0415

    types: dict[str, Any] = dict.fromkeys(column_names(class_names), pa.float64())
    types |= dict.fromkeys(("path", "prediction", "error"), pa.string())
    types |= dict.fromkeys(("is_sure", "is_foreign"), pa.bool_())
    types["prediction_set"] = pa.list_(pa.string())
    schema = pa.schema(list(types.items()))
    with parquet.ParquetWriter(path, schema) as writer:
        for rows in _groups(records):
            writer.write_table(pa.Table.from_pylist([flat_record(row, class_names) for row in rows], schema))


# Ending of a file's name → what writes it: path, records, class names.
TABLE_WRITERS: dict[str, Callable[[Path, Iterable[Record], Sequence[str]], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_json_lines,
    ".parquet": _write_parquet,
}


def _groups(records: Iterable[Record]) -> Iterator[list[Record]]:
    rest = iter(records)
    while rows := list(islice(rest, _ROWS_A_GROUP)):
        yield rows


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
