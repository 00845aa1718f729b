"""Whether the tables of a report have the columns that pages, sentences and model cards use."""

from collections.abc import Mapping, Sequence

from headstart.evaluation.report_kind import COUNT, MAYBE, TEXT, Columns, kind_of_report

Rows = Sequence[Mapping[str, object]]

# Tables with a row for each output, or one row.
_NEVER_EMPTY = frozenset({"operating_point", "errors", "answers", "pictures", "precision_recall"})


def check_tables(kind: str, names: Sequence[str], per_class: Rows, tables: Mapping[str, Rows]) -> None:
    """Refuses tables without what is used of them.

    Args:
        kind: of report.
        names: of classes or outputs.
        per_class: one row for each of them.
        tables: name → rows.

    Raises:
        ValueError: a table, a column or a row for a name is missing, or a cell holds something else.
    """
    description = kind_of_report(kind)
    _check_rows("per_class", per_class, description.per_class)
    for name, columns in description.tables.items():
        if name not in tables or (name in _NEVER_EMPTY and not tables[name]):
            raise ValueError(f"should have a table '{name}' with rows")
        _check_rows(name, tables[name], columns)
    for name, columns in description.optional_tables.items():
        _check_rows(name, tables.get(name, []), columns)
    for name in description.output_tables:
        if name in tables and {row["output"] for row in tables[name]} != set(names):
            raise ValueError(f"should have rows for each output in '{name}'")


def _check_rows(name: str, rows: Rows, columns: Columns) -> None:
    for row in rows:
        for column, content in columns.items():
            if column not in row or not _is(row[column], content):
                raise ValueError(f"should have {content} as '{column}' in every row of '{name}'")


def _is(value: object, content: str) -> bool:
    if content == TEXT:
        return isinstance(value, str)
    if value is None:
        return content == MAYBE
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return content != COUNT or (value >= 0 and value == int(value))
