"""What may stand in report.json."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from headstart.evaluation.report_kind import kind_of_report, known_kind
from headstart.evaluation.report_tables import check_tables
from headstart.stored import Name, Names, Number, Schema, Share

Count = Annotated[int, Field(ge=0, le=10**15)]
Cell = str | bool | int | Number | None | list[object]
Table = Annotated[list[dict[Name, Cell]], Field(max_length=1_000_000)]


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


class HonestySchema(Schema):
    """What `Honesty` is made of."""

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
    honesty: HonestySchema | None = None
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
