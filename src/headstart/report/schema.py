"""The schema of report.json, with the columns of tables that pages, sentences and model cards use."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from headstart.files import Name, Names, Number, Schema, Share
from headstart.report.kind import COUNT, MAYBE, TEXT, Columns, kind_of_report, known_kind

Count = Annotated[int, Field(ge=0, le=10**15)]
Cell = str | bool | int | Number | None | list[object]
Table = Annotated[list[dict[Name, Cell]], Field(max_length=1_000_000)]

Rows = Sequence[Mapping[str, object]]

# Tables with a row for each output, or one row.
_NEVER_EMPTY = frozenset({"operating_point", "errors", "answers", "pictures", "precision_recall"})


class MetricSchema(Schema):
    """What `Metric` is made of; None stands for NaN."""

    name: Name
    value: Number | None
    low: Number | None
    high: Number | None
    baseline: Number | None
    num_examples: Count
    higher_is_better: bool


class ProportionSchema(Schema):
    """What `Proportion` is made of."""

    value: Share | None
    low: Number | None
    high: Number | None
    count: Count


class BinSchema(Schema):
    """One bin of confidence."""

    low: Number | None
    high: Number | None
    num_examples: Count
    confidence: Number | None
    accuracy: Number | None


class TrustSchema(Schema):
    """What `TrustMeasures` is made of."""

    temperature: list[Number]
    error_before: Number | None
    error_after: Number | None
    loss_before: Number | None
    loss_after: Number | None
    calibration_before: list[BinSchema]
    coverage: Share
    covered: ProportionSchema
    mean_set_size: Number | None
    kept_accuracy: ProportionSchema
    flagged: ProportionSchema


class ReportSchema(Schema):
    """What `Report` is made of."""

    format_version: Literal[1]
    kind: Annotated[str, BeforeValidator(known_kind)]
    num_examples: Count
    class_names: Names
    metrics: Annotated[dict[Name, MetricSchema], Field(min_length=1, max_length=1000)]
    per_class: Table
    confusion: list[object]
    calibration: list[BinSchema]
    honesty: TrustSchema | None = None
    tables: dict[Name, Table] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _goes_together(self) -> "ReportSchema":
        kind = kind_of_report(self.kind)
        row_name = next(iter(kind.per_class))  # the column that says which class, or which number, a row is about
        if [row.get(row_name) for row in self.per_class] != self.class_names:
            raise ValueError("should have a row in per_class for each class name")
        if len({tuple(row) for row in self.per_class}) > 1:
            raise ValueError("should have the same columns in every row of per_class")
        if missing := [name for name in kind.metrics if name not in self.metrics]:
            raise ValueError(f"should have the metric {missing[0]}")
        if kind.has_confidence and not self.calibration:
            raise ValueError("should have bins of confidence")
        check_tables(self.kind, self.class_names, self.per_class, self.tables)
        return self


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
