"""What an image shows, over HTTP."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from headstart.artifacts import Manifest, TaskPredictor
from headstart.serving import Answers, Entry, Kind, Metadata, Question
from headstart.tasks.classification.predictor import NOT_SURE, ClassPredictor

_COVERAGE = "Probability with which the sets contain the true class."


class ClassEntry(Entry):
    """The result for one image: a prediction, or an error."""

    prediction: Annotated[
        str | None,
        Field(description=f"Name of the class; several are joined by ';'. With abstain=true also '{NOT_SURE}'."),
    ] = None
    probability: Annotated[
        float | None, Field(description=f"Calibrated probability of the prediction; null if that is '{NOT_SURE}'.")
    ] = None
    probabilities: Annotated[dict[str, float] | None, Field(description="Class name → calibrated probability.")] = None
    prediction_set: Annotated[
        list[str] | None,
        Field(description="Set of classes that contains the true class with the requested coverage; can be empty."),
    ] = None
    foreign_score: Annotated[
        float | None,
        Field(description="Out-of-distribution score: higher for images that differ more from the training images."),
    ] = None
    is_foreign: Annotated[
        bool | None,
        Field(description="Whether the score is above that of 95 % of the validation images."),
    ] = None
    is_sure: Annotated[
        bool | None,
        Field(description="Whether the set holds exactly the prediction and the image is not out-of-distribution."),
    ] = None


class ClassAnswers(Answers):
    """One entry per image, in the order in which they were sent."""

    coverage: float = Field(description=_COVERAGE)
    pictures: Sequence[ClassEntry]


class ClassMetadata(Metadata):
    """The model, what it takes and what its predictions mean."""

    multi_label: bool = Field(description="Whether an image can have several classes, or none.")
    temperature: list[float] = Field(description="Temperature of the calibration, one number per class.")
    coverage: float = Field(description="Coverage of the sets of classes, if the request does not set it.")
    highest_familiar_score: float | None = Field(
        description="Images with a higher out-of-distribution score count as out-of-distribution."
    )


def _question(predictor: TaskPredictor) -> type[Question]:
    assert isinstance(predictor, ClassPredictor)  # that of the task
    usual = predictor.coverage

    class ClassQuestion(Question):
        coverage: Annotated[float, Field(gt=0, lt=1, description=_COVERAGE)] = usual
        abstain: Annotated[bool, Field(description=f"Predict '{NOT_SURE}' if the prediction is not sure.")] = False

    return ClassQuestion


def _facts(manifest: Manifest, predictor: TaskPredictor) -> dict[str, object]:
    assert isinstance(predictor, ClassPredictor)  # that of the task
    return {
        "multi_label": manifest.multi_label,
        "temperature": list(manifest.temperature),
        "coverage": predictor.coverage,
        "highest_familiar_score": predictor.thresholds.highest_familiar_score(),
    }


def _result(entry: Entry) -> str:
    assert isinstance(entry, ClassEntry)  # that of the task
    if entry.is_foreign:
        return "foreign"
    return "sure" if entry.is_sure else "unsure"


SERVED = Kind(
    summary="Classifies images.",
    question=_question,
    entry=ClassEntry,
    answers=ClassAnswers,
    metadata=ClassMetadata,
    facts=_facts,
    result=_result,
)
