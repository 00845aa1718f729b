"""The class of every pixel of an image, over HTTP."""

import base64
from collections.abc import Sequence
from io import BytesIO
from typing import Annotated

from PIL import Image
from pydantic import Field

from headstart.serving import Answers, Entry, Kind, Metadata, Question, Size
from headstart.tasks.segmentation.predictor import PictureMask


class MaskEntry(Entry):
    """The result for one image: a prediction, or an error."""

    prediction: Annotated[str | None, Field(description="Name of the class with the most pixels.")] = None
    height: Size = None
    width: Size = None
    shares: Annotated[dict[str, float] | None, Field(description="Class name → share of the pixels of the image.")] = (
        None
    )
    mask: Annotated[
        str | None,
        Field(
            description="PNG file in the size of the image, in base64: each pixel holds the index of its class in "
            "`class_names`, from 0.",
            json_schema_extra={"contentEncoding": "base64", "contentMediaType": "image/png"},
        ),
    ] = None


class MaskAnswers(Answers):
    """One entry per image, in the order in which they were sent."""

    pictures: Sequence[MaskEntry]


def _png(answer: object) -> dict[str, str]:
    """The mask as the PNG file that `headstart predict --masks` writes."""
    assert isinstance(answer, PictureMask)  # that of the task
    file = BytesIO()
    Image.fromarray(answer.in_picture()).save(file, "PNG")
    return {"mask": base64.b64encode(file.getbuffer()).decode("ascii")}


SERVED = Kind(
    summary="Predicts the class of every pixel of an image.",
    question=lambda _: Question,
    entry=MaskEntry,
    answers=MaskAnswers,
    metadata=Metadata,
    facts=lambda _, __: {},
    in_picture_size=_png,
)
