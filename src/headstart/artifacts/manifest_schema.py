"""What may stand in artifact.json: types, ranges, and what must go with what."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, model_validator

from headstart.artifacts.formats import FORMATS
from headstart.files import Hashes, ImageSize, Name, Names, Number, Numbers, Schema
from headstart.task_spec import DEFAULT_TASK, TASK_KINDS, find_task

MAX_BYTES = 2**40
_ROUNDING = 0.01  # of scores between 0 and 1 that a file computes


class ScoresSchema(Schema):
    """The schema of `Thresholds`; an empty list states no threshold."""

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
    """The schema of `ExportedFile`."""

    path: Name
    sha256: Hashes
    num_bytes: Annotated[int, Field(ge=0, le=MAX_BYTES)]
    any_size: bool
    parity: dict[str, object]
    thresholds: ScoresSchema | None = None
    promises: dict[str, object] = Field(default_factory=dict)


@dataclass(frozen=True)
class Promises:
    """The part of a task that refuses files of artifact.json without the values that their predictions follow from.

    Attributes:
        check: function from a file and the number of names in the artifact; it raises a `ValueError`.
    """

    check: Callable[[FileSchema, int], None]


class ManifestSchema(Schema):
    """The schema of `Manifest`; values that earlier versions did not write have a default."""

    format_version: Literal[1]
    task: str = DEFAULT_TASK
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
        if find_task(self.task).has_probabilities and len(self.temperature) != len(self.class_names):
            raise ValueError("should have one temperature for each class name")
        for name, file in self.files.items():
            _check_place(name, file)
            find_task(self.task).promises.load(Promises).check(file, len(self.class_names))
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
