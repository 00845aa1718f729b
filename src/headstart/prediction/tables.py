"""Writing predictions as CSV, JSON lines, Parquet or COCO JSON, with bounded memory."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from headstart.data import LABEL_SEPARATOR
from headstart.errors import RecipeError
from headstart.files import write_csv
from headstart.prediction.columns import BOXES, COUNT, FLAG, NAMES, NUMBER, TEXT, Form, Record
from headstart.prediction.task_answers import answers_of

# Rows that a reader of Parquet gets at once; also what is held in memory here.
_ROWS_A_GROUP = 4096


def json_line(record: Mapping[str, object]) -> str:
    """One prediction as a line of JSON."""
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"


def csv_cells(record: Record, form: Form) -> list[str]:
    """One prediction as cells of CSV, empty where there is no value."""
    row = form.row(record)
    return [_cell(row[name], content) for name, content in form.columns.items()]


def check_table_path(path: Path, kind: str) -> str:
    """The format that a file's name asks for.

    Args:
        path: of the file.
        kind: of task.

    Raises:
        RecipeError: there is no such format, or predictions of the task do not fit into it.
    """
    suffix = path.suffix.lower()
    endings = [*TABLE_WRITERS, *answers_of(kind).writers]
    if suffix not in endings:
        raise RecipeError(
            f"The ending of '{path}' does not select a format for the predictions.",
            expected=f"a name that ends in {', '.join(endings)}",
            received=f"the ending '{path.suffix}'" if path.suffix else "a name without an ending",
            hint=f"Use, for example, {path.stem or 'answers'}.{'jsonl' if suffix == '.json' else 'csv'}.",
        )
    return suffix


def _write_csv(path: Path, records: Iterable[Record], form: Form) -> None:
    write_csv(path, form.columns, (csv_cells(record, form) for record in records))


def _write_json_lines(path: Path, records: Iterable[Record], form: Form) -> None:  # noqa: ARG001
    with path.open("w", encoding="utf-8") as file:
        file.writelines(map(json_line, records))


def _write_parquet(path: Path, records: Iterable[Record], form: Form) -> None:
    import pyarrow as pa  # noqa: PLC0415  not needed by the other formats
    from pyarrow import parquet  # noqa: PLC0415

    box = pa.struct([("name", pa.string()), ("score", pa.float64()), ("box", pa.list_(pa.float64()))])
    types = {
        TEXT: pa.string(),
        NUMBER: pa.float64(),
        COUNT: pa.int64(),
        FLAG: pa.bool_(),
        NAMES: pa.list_(pa.string()),
        BOXES: pa.list_(box),
    }
    schema = pa.schema([(name, types[content]) for name, content in form.columns.items()])
    with parquet.ParquetWriter(path, schema) as writer:
        for rows in _groups(records):
            writer.write_table(pa.Table.from_pylist([form.row(row) for row in rows], schema))


# Ending of a file's name → what writes it for every task: path, records (they can be read several times), form.
TABLE_WRITERS: dict[str, Callable[[Path, Iterable[Record], Form], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_json_lines,
    ".parquet": _write_parquet,
}


def _groups(records: Iterable[Record]) -> Iterator[list[Record]]:
    rest = iter(records)
    while rows := list(islice(rest, _ROWS_A_GROUP)):
        yield rows


def _cell(value: object, content: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False) if content == BOXES else joined(value)
    return str(value)


def joined(names: Sequence[str]) -> str:
    """Several names in one cell."""
    return LABEL_SEPARATOR.join(names)
