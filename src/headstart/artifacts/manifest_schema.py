"""What may stand in artifact.json: types, ranges, and what must go with what."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, model_validator

from headstart.artifacts.formats import FORMATS
from headstart.stored import Hashes, ImageSize, Name, Names, Number, Numbers, Schema, Share, check
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION, TASK_KINDS

MAX_BYTES = 2**40
_ROUNDING = 0.01  # of scores between 0 and 1 that a file computes


class ScoresSchema(Schema):
    """What `Thresholds` is made of; an empty list promises nothing."""

    nonconformity: Numbers
    foreign_scores: Numbers

    @model_validator(mode="after")
    def _are_scores(self) -> "ScoresSchema":
        for name in ("nonconformity", "foreign_scores"):
            values = getattr(self, name)
            if values and not -_ROUNDING <= min(values) <= max(values) <= 1 + _ROUNDING:
                raise ValueError(f"should have {name} between 0 and 1")
        return self


class FileSchema(Schema):
    """What `ExportedFile` is made of."""

    path: Name
    sha256: Hashes
    num_bytes: Annotated[int, Field(ge=0, le=MAX_BYTES)]
    any_size: bool
    parity: dict[str, object]
    thresholds: ScoresSchema | None = None
    promises: dict[str, object] = Field(default_factory=dict)


class BoxPromises(Schema):
    """What answers of a detector follow from."""

    score_threshold: Share


class NumberPromises(Schema):
    """What answers of a regressor follow from: a row a validation picture."""

    residuals: Annotated[list[list[Annotated[Number, Field(ge=0)]]], Field(max_length=10_000_000)]


class ManifestSchema(Schema):
    """What `Manifest` is made of; values that earlier versions did not write have a default."""

    format_version: Literal[1]
    task: str = CLASSIFICATION
    class_names: Names
    image_size: ImageSize
    resize_mode: Literal["stretch", "pad", "crop"]
    files: dict[Name, FileSchema]
    multi_label: bool = False
    temperature: list[Annotated[Number, Field(gt=0)]] = Field(default_factory=list)
    provenance: dict[str, object]

    @model_validator(mode="after")
    def _goes_together(self) -> "ManifestSchema":
        if self.task not in TASK_KINDS:
            raise ValueError(f"should have a task that is one of {', '.join(TASK_KINDS)}")
        if self.task == CLASSIFICATION and len(self.temperature) != len(self.class_names):
            raise ValueError("should have one temperature for each class name")
        for name, file in self.files.items():
            _check_place(name, file)
            _PROMISES[self.task](file, len(self.class_names))
        return self


def _check_place(format_name: str, file: FileSchema) -> None:
    """Every format lies where `export` puts it, and every file that has a hash belongs to it."""
    if format_name not in FORMATS:
        raise ValueError(f"should have formats among {', '.join(FORMATS)}")
    each = FORMATS[format_name]
    if file.path != each.path:
        raise ValueError(f"should have the path {each.path} for the format {format_name}")
    parts = [PurePosixPath(name).parts for name in file.sha256]
    if any(".." in part or not part or part[0] != each.folder for part in parts):
        raise ValueError(f"should have hashes of files in {each.folder} for the format {format_name}")
    if file.path not in file.sha256 and not any(len(part) > 1 for part in parts):
        raise ValueError(f"should have a hash of {file.path}")


def _check_scores(file: FileSchema, _: int) -> None:
    if file.thresholds is None:
        raise ValueError("should have thresholds for every file of a classifier")


def _check_threshold(file: FileSchema, _: int) -> None:
    check(file.promises, BoxPromises)


def _check_residuals(file: FileSchema, num_numbers: int) -> None:
    rows = check(file.promises, NumberPromises).residuals
    if any(len(row) != num_numbers for row in rows):
        raise ValueError("should have as many residuals in each row as there are names")
    if any(low > high for before, after in pairwise(rows) for low, high in zip(before, after, strict=True)):
        raise ValueError("should have residuals in ascending order")


def _check_nothing(_file: FileSchema, _: int) -> None:
    """Answers of a segmenter follow from the model alone."""


# Task → what refuses a file without what its answers follow from.
_PROMISES: Mapping[str, Callable[[FileSchema, int], None]] = MappingProxyType(
    {
        CLASSIFICATION: _check_scores,
        DETECTION: _check_threshold,
        REGRESSION: _check_residuals,
        SEGMENTATION: _check_nothing,
    }
)
