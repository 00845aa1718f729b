"""The numbers that an image shows, as plain values."""

import math
from collections.abc import Mapping

from headstart.files import Number, Schema, UnusableFileError, check, shown
from headstart.prediction import NUMBER, TEXT, ConsoleTable, FileTally, Prediction, Record, TaskAnswers, plain_number
from headstart.tasks.regression.predictor import Numbers

_KINDS = ("value", "low", "high")


class IntervalRecord(Schema):
    """One number and the ends of its interval."""

    value: Number | None
    low: Number | None
    high: Number | None


class NumberRecord(Schema):
    """The values of `NumberForm.record`."""

    path: str
    error: str | None
    numbers: dict[str, IntervalRecord] | None


class NumberForm:
    """See `headstart.prediction.columns.Form`.

    Args:
        class_names: what the numbers are called.
    """

    def __init__(self, class_names: tuple[str, ...]) -> None:
        self.class_names = class_names
        numbers = {f"{kind}({name})": NUMBER for name in class_names for kind in _KINDS}
        self.columns: Mapping[str, str] = {"path": TEXT, "error": TEXT, **numbers}

    def record(self, prediction: Prediction) -> Record:
        """Each number with the ends of its interval, which are None where the validation images promise none."""
        answer = prediction.answer
        if answer is None:
            return {"path": prediction.path, "error": prediction.error, "numbers": None}
        assert isinstance(answer, Numbers)  # that of the task
        rows = zip(self.class_names, answer.values.tolist(), answer.half_widths.tolist(), strict=True)
        return {
            "path": prediction.path,
            "error": None,
            "numbers": {
                name: dict(zip(_KINDS, map(_finite, (value, value - half, value + half)), strict=True))
                for name, value, half in rows
            },
        }

    def row(self, record: Record) -> Record:
        """One row per image, three columns per number."""
        numbers = record["numbers"] or {}
        return {
            "path": record["path"],
            "error": record["error"],
            **{f"{kind}({name})": numbers.get(name, {}).get(kind) for name in self.class_names for kind in _KINDS},
        }

    def checked(self, record: object) -> Record:
        """See `headstart.prediction.columns.Form`."""
        values = check(record, NumberRecord)
        if values.error is None and tuple(values.numbers or ()) != self.class_names:
            raise UnusableFileError("each of the numbers", shown(values.numbers))
        numbers = values.numbers
        return {**dict(values), "numbers": numbers and {name: dict(each) for name, each in numbers.items()}}

    def tally(self) -> FileTally:
        """A tally with all counts at zero."""
        return FileTally()


def _finite(value: float) -> float | None:
    return plain_number(value) if math.isfinite(value) else None


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


ANSWERS = TaskAnswers(
    form=lambda class_names, _: NumberForm(class_names),
    batch_size=32,
    console=ConsoleTable(("path", "numbers", "", "intervals"), _number_cells),
)
