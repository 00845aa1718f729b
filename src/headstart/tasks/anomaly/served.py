"""How unusual an image is, over HTTP."""

import base64
from collections.abc import Sequence
from io import BytesIO
from typing import Annotated

import numpy as np
from PIL import Image
from pydantic import Field

from headstart.artifacts import Manifest, TaskPredictor
from headstart.serving import Answers, Entry, Kind, Metadata, Question, Size
from headstart.tasks.anomaly.heat import heat_colours
from headstart.tasks.anomaly.predictor import ImageScore, ScorePredictor

_RATE = "Promised rate of false alarms: an image with a p-value of at most this rate is reported as a defect."
LEVELS = 255
LONGEST_SIDE = 640  # pixels of a heat map: places are far larger


class ScoreEntry(Entry):
    """What became of one image: an answer, or the reason why there is none."""

    prediction: Annotated[str | None, Field(description="`defect` or `good`.")] = None
    score: Annotated[float | None, Field(description="Distance of the most unusual place from good places.")] = None
    p_value: Annotated[float | None, Field(description="Share of good images that are at least as unusual.")] = None
    is_defect: Annotated[bool | None, Field(description="Whether the image is reported.")] = None
    height: Size = None
    width: Size = None
    heat: Annotated[
        str | None,
        Field(
            description="Grey PNG file in the proportions of the image, in base64: 0 is half of the highest score of a "
            "good validation image or less, 255 the highest score of the image, or 1.5 times that of a good one if it "
            "is more; null if the method compares images as a whole.",
            json_schema_extra={"contentEncoding": "base64", "contentMediaType": "image/png"},
        ),
    ] = None


class ScoreAnswers(Answers):
    """One entry per image, in the order in which they were sent."""

    false_alarms: float = Field(description=_RATE)
    pictures: Sequence[ScoreEntry]


class ScoreMetadata(Metadata):
    """What answers, what it takes and what its answers mean."""

    false_alarms: float = Field(description="The rate of false alarms, if the request does not set it.")
    lowest_false_alarms: float = Field(description="The lowest rate that can be promised.")


def _question(predictor: TaskPredictor) -> type[Question]:
    assert isinstance(predictor, ScorePredictor)  # that of the task
    usual, lowest = predictor.rate, predictor.good.lowest_rate

    class RateQuestion(Question):
        false_alarms: Annotated[float, Field(ge=lowest, lt=1, description=_RATE)] = usual

    return RateQuestion


def _facts(_: Manifest, predictor: TaskPredictor) -> dict[str, object]:
    assert isinstance(predictor, ScorePredictor)  # that of the task
    return {"false_alarms": predictor.rate, "lowest_false_alarms": predictor.good.lowest_rate}


def _heat(answer: object) -> dict[str, object]:
    assert isinstance(answer, ImageScore)  # that of the task
    height, width = answer.size
    heat = answer.heat()
    if heat is None:
        return {"height": height, "width": width, "heat": None}
    grey = np.rint(LEVELS * heat_colours(heat, answer.level)).astype(np.uint8)
    image = Image.fromarray(grey)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    file = BytesIO()
    image.save(file, "PNG")
    return {"height": height, "width": width, "heat": base64.b64encode(file.getbuffer()).decode("ascii")}


def _result(entry: Entry) -> str:
    assert isinstance(entry, ScoreEntry)  # that of the task
    return "defect" if entry.is_defect else "good"


SERVED = Kind(
    summary="Finds images with defects.",
    question=_question,
    entry=ScoreEntry,
    answers=ScoreAnswers,
    metadata=ScoreMetadata,
    facts=_facts,
    result=_result,
    in_picture_size=_heat,
)
