"""Objects in an image, over HTTP."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from headstart.artifacts import Manifest, TaskPredictor
from headstart.serving import Answers, Entry, Kind, Metadata, Plain, Question, Size
from headstart.tasks.detection.predictor import BoxPredictor

_MIN_SCORE = "Lowest score of a returned box."


class Box(Plain):
    """One object."""

    name: str = Field(description="Name of the class.")
    score: float = Field(ge=0, le=1, description="Score of the box; higher is more certain.")
    box: list[float] = Field(
        min_length=4, max_length=4, description="Left, top, right, bottom, in pixels of the upright image."
    )


class BoxEntry(Entry):
    """The result for one image: a prediction, or an error."""

    height: Size = None
    width: Size = None
    boxes: Annotated[list[Box] | None, Field(description="Boxes, the highest score first; can be empty.")] = None


class BoxAnswers(Answers):
    """One entry per image, in the order in which they were sent."""

    min_score: float = Field(description=_MIN_SCORE)
    pictures: Sequence[BoxEntry]


class BoxMetadata(Metadata):
    """The model, what it takes and what its predictions mean."""

    min_score: float = Field(description="Lowest score of a returned box, if the request does not set it.")


def _question(predictor: TaskPredictor) -> type[Question]:
    assert isinstance(predictor, BoxPredictor)  # that of the task
    usual = predictor.min_score

    class BoxQuestion(Question):
        min_score: Annotated[float, Field(ge=0, le=1, description=_MIN_SCORE)] = usual

    return BoxQuestion


def _facts(_: Manifest, predictor: TaskPredictor) -> dict[str, object]:
    assert isinstance(predictor, BoxPredictor)  # that of the task
    return {"min_score": predictor.min_score}


def _result(entry: Entry) -> str:
    assert isinstance(entry, BoxEntry)  # that of the task
    return "found" if entry.boxes else "empty"


SERVED = Kind(
    summary="Detects objects in images.",
    question=_question,
    entry=BoxEntry,
    answers=BoxAnswers,
    metadata=BoxMetadata,
    facts=_facts,
    result=_result,
)
