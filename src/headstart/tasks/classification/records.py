"""What a classifier says of an image, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from headstart.files import Number, Schema, UnusableFileError, check, shown
from headstart.prediction import FLAG, NAMES, NUMBER, TEXT, ConsoleTable, Prediction, Record, TaskAnswers, plain_number
from headstart.tasks.classification.predictor import Answer

# Columns before those of the probabilities, one per class.
FIXED_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "path": TEXT,
        "prediction": TEXT,
        "probability": NUMBER,
        "error": TEXT,
        "prediction_set": NAMES,
        "is_sure": FLAG,
        "is_foreign": FLAG,
        "foreign_score": NUMBER,
    }
)


class ClassRecord(Schema):
    """The values of `ClassForm.record`; for a file without a prediction, all except path and error are None."""

    path: str
    prediction: str | None
    probability: Number | None
    error: str | None
    prediction_set: list[str] | None
    is_sure: bool | None
    is_foreign: bool | None
    foreign_score: Number | None
    probabilities: dict[str, Number] | None


@dataclass
class Tally:
    """Counts of the files that were processed so far.

    Attributes:
        num_files: all of them.
        num_unreadable: no images, or damaged ones.
        num_unsure: predictions that are not sure.
        num_foreign: images with a higher out-of-distribution score than 95 % of validation images; they count as not
            sure as well.
    """

    num_files: int = 0
    num_unreadable: int = 0
    num_unsure: int = 0
    num_foreign: int = 0

    def counted(self, record: Record) -> Record:
        """The tally with one more record."""
        self.num_files += 1
        self.num_unreadable += record["error"] is not None
        self.num_unsure += record["is_sure"] is False
        self.num_foreign += record["is_foreign"] is True
        return record

    @property
    def sentence(self) -> str:
        """The counts in words."""
        return (
            f"{self.num_files} files: {self.num_files - self.num_unreadable - self.num_unsure} sure predictions, "
            f"{self.num_unsure} not sure ({self.num_foreign} of them foreign), {self.num_unreadable} unreadable"
        )


class ClassForm:
    """See `headstart.prediction.columns.Form`.

    Args:
        class_names: in the order of the probabilities.
        abstain: whether "not sure" stands in place of a prediction that is not sure.
    """

    def __init__(self, class_names: tuple[str, ...], *, abstain: bool = False) -> None:
        self.class_names = class_names
        self.columns: Mapping[str, str] = {**FIXED_COLUMNS, **{f"p({name})": NUMBER for name in class_names}}
        self._abstain = abstain

    def record(self, prediction: Prediction) -> Record:
        """A prediction as values that JSON can hold; what there is no value for is None."""
        answer = prediction.answer
        if answer is None:
            record: Record = dict.fromkeys(FIXED_COLUMNS)
            return {**record, "path": prediction.path, "error": prediction.error, "probabilities": None}
        assert isinstance(answer, Answer)  # that of the task
        told, probability = answer.told(abstain=self._abstain)
        return {
            "path": prediction.path,
            "prediction": told,
            "probability": None if probability is None else plain_number(probability),
            "error": None,
            "prediction_set": list(answer.prediction_set),
            "is_sure": bool(answer.is_sure),
            "is_foreign": bool(answer.is_foreign),
            "foreign_score": plain_number(answer.foreign_score),
            "probabilities": dict(zip(self.class_names, map(plain_number, answer.probabilities), strict=True)),
        }

    def row(self, record: Record) -> Record:
        """A record as one row of a table: a column for each class."""
        probabilities = record["probabilities"] or {}
        return {
            **{name: record[name] for name in FIXED_COLUMNS},
            **{f"p({name})": probabilities.get(name) for name in self.class_names},
        }

    def checked(self, record: object) -> Record:
        """See `headstart.prediction.columns.Form`."""
        values = check(record, ClassRecord)
        if values.error is None and tuple(values.probabilities or ()) != self.class_names:
            raise UnusableFileError("a probability of each class", shown(values.probabilities))
        return dict(values)

    def tally(self) -> Tally:
        """A tally with all counts at zero."""
        return Tally()


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


ANSWERS = TaskAnswers(
    form=lambda class_names, settings: ClassForm(class_names, abstain=settings.abstain),
    batch_size=32,
    console=ConsoleTable(
        ("path", "prediction", "probability", "doubts"), _class_cells, lambda record: record["is_sure"] is False
    ),
)
