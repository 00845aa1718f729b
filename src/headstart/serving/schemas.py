"""What the server says and is asked, as JSON and in its OpenAPI document, whatever the task."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Plain(BaseModel):
    """Values."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())


class Question(Plain):
    """What a request may ask of answers; what else it asks is refused, since it would have no effect."""

    model_config = ConfigDict(extra="forbid")


class Entry(Plain):
    """What became of one picture: an answer, or the reason why there is none."""

    name: Annotated[str | None, Field(description="As the client named the file.")] = None
    error: Annotated[str | None, Field(description="Why there is no answer; null where there is one.")] = None


class Answers(Plain):
    """One entry a picture, in the order in which they were sent."""

    pictures: Sequence[Entry]


class Problem(Plain):
    """Why a request was refused."""

    error: str


class State(Plain):
    """How the server is."""

    status: str


class Metadata(Plain):
    """What answers, what it takes and what its answers mean."""

    version: str = Field(description="Of Headstart.")
    task: str = Field(description="What is answered.")
    format: str = Field(description="Of the exported file that answers.")
    sha256: dict[str, str] = Field(description="File → SHA-256, compared when the server started.")
    class_names: list[str] = Field(description="What answers speak of, in the file's order; of numbers, their names.")
    image_size: list[int] = Field(
        min_length=2, max_length=2, description="(height, width) of the model; pictures may have any size."
    )
    resize_mode: str = Field(description="How pictures are brought to this size.")
    parity: dict[str, object] = Field(
        description="How the file's answers for the test pictures differ from the model's."
    )
    provenance: dict[str, object] = Field(description="Recipe, data, versions, licence of the weights.")
    limits: dict[str, float] = Field(description="What a request may cost.")


Size = Annotated[int | None, Field(description="Of the upright picture, in pixels.")]
