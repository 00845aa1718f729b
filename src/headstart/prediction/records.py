"""One answer as plain values: the same columns in JSON lines, CSV, Parquet and a data frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headstart.artifacts import LABEL_SEPARATOR, Answer
from headstart.prediction.stream import Prediction

# Columns before those of the probabilities, one a class.
FIXED_COLUMNS = (
    "path",
    "prediction",
    "probability",
    "error",
    "prediction_set",
    "is_sure",
    "is_foreign",
    "foreign_score",
)

Record = dict[str, Any]


@dataclass
class Tally:
    """What became of the files so far.

    Attributes:
        num_files: all of them.
        num_unreadable: no pictures, or damaged ones.
        num_unsure: answered, and not sure.
        num_foreign: answered, and stranger than 95 % of validation pictures; every one of these is not sure as well.
    """

    num_files: int = 0
    num_unreadable: int = 0
    num_unsure: int = 0
    num_foreign: int = 0

    def counted(self, record: Record) -> Record:
        """The same record, after it was counted."""
        self.num_files += 1
        self.num_unreadable += record["error"] is not None
        self.num_unsure += record["is_sure"] is False
        self.num_foreign += record["is_foreign"] is True
        return record

    @property
    def sentence(self) -> str:
        """The counts in words."""
        return (
            f"{self.num_files} files: {self.num_files - self.num_unreadable - self.num_unsure} sure answers, "
            f"{self.num_unsure} not sure ({self.num_foreign} of them foreign), {self.num_unreadable} unreadable"
        )


def record_of(prediction: Prediction, class_names: Sequence[str], *, abstain: bool = False) -> Record:
    """A prediction as values that JSON can hold; what there is no value for is None.

    Args:
        prediction: what became of one file.
        class_names: in the order of the probabilities.
        abstain: whether "not sure" stands in place of a prediction that is not sure.
    """
    answer = prediction.answer
    if answer is None:
        record: Record = dict.fromkeys(FIXED_COLUMNS)
        return {**record, "path": prediction.path, "error": prediction.error, "probabilities": None}
    told, probability = answer.told(abstain=abstain)
    return {
        "path": prediction.path,
        "prediction": told,
        "probability": None if probability is None else _number(probability),
        "error": None,
        "prediction_set": list(answer.prediction_set),
        "is_sure": bool(answer.is_sure),
        "is_foreign": bool(answer.is_foreign),
        "foreign_score": _number(answer.foreign_score),
        "probabilities": dict(zip(class_names, _numbers(answer), strict=True)),
    }


def column_names(class_names: Sequence[str]) -> list[str]:
    """Names of all columns of a table."""
    return [*FIXED_COLUMNS, *(f"p({name})" for name in class_names)]


def flat_record(record: Mapping[str, Any], class_names: Sequence[str]) -> Record:
    """A record as one row of a table: a column for each class."""
    probabilities = record["probabilities"] or {}
    return {
        **{name: record[name] for name in FIXED_COLUMNS},
        **{f"p({name})": probabilities.get(name) for name in class_names},
    }


def joined_set(names: Sequence[str] | None) -> str:
    """A prediction set in one cell."""
    return LABEL_SEPARATOR.join(names or ())


def _numbers(answer: Answer) -> list[float]:
    return [_number(value) for value in answer.probabilities]


def _number(value: float) -> float:
    """As many digits as 32 bits hold; the others would be noise, and differ from one format to the next."""
    return float(str(np.float32(value)))
