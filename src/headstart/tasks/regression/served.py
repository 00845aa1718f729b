"""Numbers that an image shows, over HTTP."""

import math
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from headstart.artifacts import Manifest, TaskPredictor
from headstart.serving import Answers, Entry, Kind, Metadata, Plain, Question
from headstart.tasks.regression.predictor import NumberPredictor

_COVERAGE = "Probability with which the intervals contain the true value."
_PROMISED = "null if there are too few validation images for the coverage."


class Number(Plain):
    """A number with the ends of its interval."""

    value: float | None
    low: float | None = Field(description=f"Lower end of the interval; {_PROMISED}")
    high: float | None = Field(description=f"Upper end of the interval; {_PROMISED}")


class NumberEntry(Entry):
    """The result for one image: a prediction, or an error."""

    numbers: Annotated[dict[str, Number] | None, Field(description="Name → number, in its own unit.")] = None


class NumberAnswers(Answers):
    """One entry per image, in the order in which they were sent."""

    coverage: float = Field(description=_COVERAGE)
    pictures: Sequence[NumberEntry]


class NumberMetadata(Metadata):
    """The model, what it takes and what its predictions mean."""

    coverage: float = Field(description="Coverage of the intervals, if the request does not set it.")
    half_widths: dict[str, float | None] = Field(
        description=f"Name → how far an interval of this coverage reaches below and above its number; {_PROMISED}"
    )


def _question(predictor: TaskPredictor) -> type[Question]:
    assert isinstance(predictor, NumberPredictor)  # that of the task
    usual = predictor.coverage

    class NumberQuestion(Question):
        coverage: Annotated[float, Field(gt=0, lt=1, description=_COVERAGE)] = usual

    return NumberQuestion


def _facts(_: Manifest, predictor: TaskPredictor) -> dict[str, object]:
    assert isinstance(predictor, NumberPredictor)  # that of the task
    widths = predictor.intervals.half_widths(predictor.coverage).tolist()
    promised = [width if math.isfinite(width) else None for width in widths]
    return {"coverage": predictor.coverage, "half_widths": dict(zip(predictor.class_names, promised, strict=True))}


SERVED = Kind(
    summary="Predicts numbers from images.",
    question=_question,
    entry=NumberEntry,
    answers=NumberAnswers,
    metadata=NumberMetadata,
    facts=_facts,
)
