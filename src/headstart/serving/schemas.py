"""What the server says and is asked, as JSON and in its OpenAPI document, whatever the task."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Plain(BaseModel):
    """Values."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())


class Question(Plain):
    """The query parameters of a request; other parameters are refused, because they would have no effect."""

    model_config = ConfigDict(extra="forbid")


class Entry(Plain):
    """The result for one image: a prediction, or an error."""

    name: Annotated[str | None, Field(description="Name of the file, as the client sent it.")] = None
    error: Annotated[str | None, Field(description="Why there is no prediction; null if there is one.")] = None


class Answers(Plain):
    """One entry per image, in the order in which they were sent."""

    pictures: Sequence[Entry]


class Problem(Plain):
    """Why a request was refused."""

    error: str


class State(Plain):
    """The state of the server."""

    status: str


class Metadata(Plain):
    """The model, what it takes and what its predictions mean."""

    version: str = Field(description="Version of Headstart.")
    task: str = Field(description="Task of the model.")
    format: str = Field(description="Format of the exported file.")
    sha256: dict[str, str] = Field(description="File → SHA-256, checked when the server started.")
    class_names: list[str] = Field(description="Names of the classes, or of the numbers, in the order of the outputs.")
    image_size: list[int] = Field(
        min_length=2, max_length=2, description="(height, width) of the input of the model; images can have any size."
    )
    resize_mode: str = Field(description="How images are resized to this size.")
    parity: dict[str, object] = Field(
        description="Differences between the predictions of the file and of the model for the test images."
    )
    provenance: dict[str, object] = Field(description="Recipe, data, versions, licence of the weights.")
    limits: dict[str, float] = Field(description="Limits of a request.")


Size = Annotated[int | None, Field(description="Size of the upright image in pixels.")]
