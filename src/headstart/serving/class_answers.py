"""What a picture shows, over HTTP."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from headstart.artifacts import NOT_SURE, Manifest, Predictor, TaskPredictor
from headstart.serving.kind import Kind
from headstart.serving.schemas import Answers, Entry, Metadata, Question

_COVERAGE = "How often the prediction sets hold the truth."


class ClassEntry(Entry):
    """What became of one picture: an answer, or the reason why there is none."""

    prediction: Annotated[
        str | None,
        Field(description=f"Name of the class; several joined by ';'. With abstain=true '{NOT_SURE}' where it is not."),
    ] = None
    probability: Annotated[
        float | None, Field(description=f"Of the prediction, calibrated; null where that is '{NOT_SURE}'.")
    ] = None
    probabilities: Annotated[dict[str, float] | None, Field(description="Class name → probability, calibrated.")] = None
    prediction_set: Annotated[
        list[str] | None, Field(description="Classes that hold the truth with the coverage asked for; may be empty.")
    ] = None
    foreign_score: Annotated[
        float | None, Field(description="How unlike the training pictures; higher is stranger.")
    ] = None
    is_foreign: Annotated[
        bool | None, Field(description="Whether it is stranger than 95 % of validation pictures.")
    ] = None
    is_sure: Annotated[
        bool | None, Field(description="The set is exactly what was predicted, and the picture is not foreign.")
    ] = None


class ClassAnswers(Answers):
    """One entry a picture, in the order in which they were sent."""

    coverage: float = Field(description=_COVERAGE)
    pictures: Sequence[ClassEntry]


class ClassMetadata(Metadata):
    """What answers, what it takes and what its answers mean."""

    multi_label: bool = Field(description="Whether a picture may show several classes, or none.")
    temperature: list[float] = Field(description="The calibration, one number a class.")
    coverage: float = Field(description="Of prediction sets, where the request asks for none.")
    highest_familiar_score: float | None = Field(description="Pictures with a foreign score above this are foreign.")


def _question(predictor: TaskPredictor) -> type[Question]:
    assert isinstance(predictor, Predictor)  # that of the task
    usual = predictor.coverage

    class ClassQuestion(Question):
        coverage: Annotated[float, Field(gt=0, lt=1, description=_COVERAGE)] = usual
        abstain: Annotated[bool, Field(description=f"Answer '{NOT_SURE}' instead of guessing.")] = False

    return ClassQuestion


def _facts(manifest: Manifest, predictor: TaskPredictor) -> dict[str, object]:
    assert isinstance(predictor, Predictor)  # that of the task
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


CLASSES = Kind(
    summary="Tells kinds of pictures apart.",
    question=_question,
    entry=ClassEntry,
    answers=ClassAnswers,
    metadata=ClassMetadata,
    facts=_facts,
    result=_result,
)
