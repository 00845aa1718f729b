"""How unusual an image is, as plain values."""

from collections.abc import Mapping, Sequence

import numpy as np

from headstart.files import Number, Schema, UnusableFileError, check
from headstart.prediction import (
    FLAG,
    NUMBER,
    TEXT,
    ConsoleTable,
    FileTally,
    Prediction,
    Record,
    TaskAnswers,
    plain_number,
)
from headstart.tasks.anomaly.heat import draw_heat
from headstart.tasks.anomaly.predictor import ImageScore

DEFECT, GOOD_IMAGE = "defect", "good"


class ScoreRecord(Schema):
    """What `ScoreForm.record` gives; of a file without an answer everything but its path and the error is None."""

    path: str
    prediction: str | None
    error: str | None
    score: Number | None
    p_value: Number | None
    is_defect: bool | None


class ScoreForm:
    """See `headstart.prediction.columns.Form`.

    Args:
        class_names: name of the score.
    """

    columns: Mapping[str, str] = {
        "path": TEXT,
        "prediction": TEXT,
        "error": TEXT,
        "score": NUMBER,
        "p_value": NUMBER,
        "is_defect": FLAG,
    }

    def __init__(self, class_names: tuple[str, ...]) -> None:
        self.class_names = class_names

    def record(self, prediction: Prediction) -> Record:
        """The score, its p-value and the verdict."""
        answer = prediction.answer
        record: Record = {**dict.fromkeys(self.columns), "path": prediction.path, "error": prediction.error}
        if answer is None:
            return record
        assert isinstance(answer, ImageScore)  # that of the task
        return {
            **record,
            "prediction": DEFECT if answer.is_defect else GOOD_IMAGE,
            "score": plain_number(answer.score),
            "p_value": plain_number(answer.p_value),
            "is_defect": answer.is_defect,
        }

    def row(self, record: Record) -> Record:
        """One row per image."""
        return {name: record[name] for name in self.columns}

    def checked(self, record: object) -> Record:
        """See `headstart.prediction.columns.Form`."""
        values = check(record, ScoreRecord)
        if values.error is None and None in (values.prediction, values.score, values.p_value, values.is_defect):
            raise UnusableFileError("a score, a p-value and a verdict", "none")
        return dict(values)

    def tally(self) -> FileTally:
        """Nothing counted yet."""
        return FileTally()


def _cells(record: Record) -> tuple[str, str, str]:
    return record["prediction"], f"{record['score']:.4g}", f"p-value {record['p_value']:.3g}"


def _drawn(picture: np.ndarray, answer: object, _: Sequence[str]) -> np.ndarray:
    assert isinstance(answer, ImageScore)  # that of the task
    heat = answer.heat()
    return picture if heat is None else draw_heat(picture, heat, answer.level)


ANSWERS = TaskAnswers(
    form=lambda class_names, _: ScoreForm(class_names),
    batch_size=8,
    console=ConsoleTable(
        ("path", "verdict", "score", ""), _cells, is_doubtful=lambda record: bool(record["is_defect"])
    ),
    draw=_drawn,
)
