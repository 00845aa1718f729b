"""What the server says, as JSON and in its OpenAPI document."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from headstart.artifacts import NOT_SURE


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class PictureAnswer(_Plain):
    """What became of one picture: an answer, or the reason why there is none."""

    name: Annotated[str | None, Field(description="As the client named the file.")] = None
    error: Annotated[str | None, Field(description="Why there is no answer; null where there is one.")] = None
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


class Answers(_Plain):
    """One entry a picture, in the order in which they were sent."""

    coverage: float = Field(description="How often the prediction sets hold the truth.")
    pictures: list[PictureAnswer]


class Problem(_Plain):
    """Why a request was refused."""

    error: str


class State(_Plain):
    """How the server is."""

    status: str


class Metadata(_Plain):
    """What answers, what it takes and what its answers mean."""

    version: str = Field(description="Of Headstart.")
    format: str = Field(description="Of the exported file that answers.")
    sha256: dict[str, str] = Field(description="File → SHA-256, compared when the server started.")
    class_names: list[str] = Field(description="In the order of the probabilities.")
    image_size: list[int] = Field(
        min_length=2, max_length=2, description="(height, width) of the model; pictures may have any size."
    )
    resize_mode: str = Field(description="How pictures are brought to this size.")
    multi_label: bool = Field(description="Whether a picture may show several classes, or none.")
    temperature: list[float] = Field(description="The calibration, one number a class.")
    coverage: float = Field(description="Of prediction sets, where the request asks for none.")
    highest_familiar_score: float | None = Field(description="Pictures with a foreign score above this are foreign.")
    parity: dict[str, Any] = Field(description="How the file's answers for the test pictures differ from the model's.")
    provenance: dict[str, Any] = Field(description="Recipe, data, versions, licence of the weights.")
    limits: dict[str, float] = Field(description="What a request may cost.")
