"""What may stand in index.json."""

from typing import Annotated, Literal, TypedDict

from pydantic import Field, model_validator

from headstart.files import ImageSize, Name, Number, Schema, Sha256, Text

MAX_FACTS_BYTES = 2**28  # the names of some million files that are left out
FACTS_FILE, EMBEDDINGS_FILE, PICTURES_FILE, GRAPH_FILE = "index.json", "embeddings.npy", "pictures.csv", "graph.usearch"
MAX_PICTURES, MAX_DIMENSION = 10**9, 10**6


class ModelFacts(Schema):
    """The schema of `ModelSource`, with the SHA-256 of the weights."""

    kind: Literal["run", "backbone"]
    name: Annotated[str, Field(max_length=4096)]  # empty for a run whose backbone is not known
    place: Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00]*$")]
    sha256: Name


class LeftOut(Schema):
    """A file that is not in the index."""

    path: str
    reason: str


class QualityFacts(Schema):
    """The schema of `Metric`, without its name."""

    value: Number
    low: Number
    high: Number
    baseline: Number
    num_examples: Annotated[int, Field(ge=0, le=MAX_PICTURES)]
    higher_is_better: bool


class ModelValues(TypedDict):
    """`ModelFacts` as plain values."""

    kind: Literal["run", "backbone"]
    name: str
    place: str
    sha256: str


class EmbedderValues(TypedDict):
    """The facts of an index about the model of its embeddings."""

    model: ModelValues
    image_size: list[int]
    resize_mode: str
    engine: str


class EmbeddingsValues(EmbedderValues):
    """The facts about the model and the shape of the embeddings."""

    num_pictures: int
    dimension: int


class LeftOutValues(TypedDict):
    """`LeftOut` as plain values."""

    path: str
    reason: str


class QualityValues(TypedDict):
    """`QualityFacts` as plain values."""

    value: float
    low: float
    high: float
    baseline: float
    num_examples: int
    higher_is_better: bool


class IndexValues(EmbeddingsValues):
    """`IndexFacts` as plain values."""

    format_version: int
    root: str
    class_names: list[str] | None
    left_out: list[LeftOutValues]
    quality: dict[str, QualityValues]
    files: dict[str, str]


class IndexFacts(Schema):
    """index.json; it is written last and has the hashes of the other files."""

    format_version: Literal[1]
    model: ModelFacts
    image_size: ImageSize
    resize_mode: Literal["stretch", "pad", "crop"]
    engine: Name
    num_pictures: Annotated[int, Field(ge=1, le=MAX_PICTURES)]
    dimension: Annotated[int, Field(ge=1, le=MAX_DIMENSION)]
    root: Text
    class_names: Annotated[list[str], Field(max_length=100_000)] | None
    left_out: list[LeftOut]
    quality: Annotated[dict[Name, QualityFacts], Field(max_length=100)]
    files: dict[Literal["embeddings.npy", "pictures.csv", "graph.usearch"], Sha256]

    @model_validator(mode="after")
    def _is_whole(self) -> "IndexFacts":
        if missing := {EMBEDDINGS_FILE, PICTURES_FILE} - set(self.files):
            raise ValueError(f"should have a hash of {min(missing)}")
        return self
