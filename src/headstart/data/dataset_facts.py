"""What may stand in dataset.json."""

from typing import Annotated, Literal

from pydantic import Field

from headstart.files import Name, Schema, Text
from headstart.task_spec import DEFAULT_TASK, TaskName

MAX_FACTS_BYTES = 2**28  # remarks on a million files


class DatasetFacts(Schema):
    """The schema of the JSON file of a data set; older files, of classifiers only, lack the last two fields."""

    format_version: Literal[1]
    num_examples: Annotated[int, Field(ge=0, le=10**9)]
    class_names: Annotated[list[str], Field(max_length=100_000)]
    root: Text
    multi_label: bool
    columns: dict[Name, Literal["text", "integer", "number", "boolean"]]
    remarks: list[Annotated[list[str], Field(min_length=3, max_length=3)]]
    task: TaskName = DEFAULT_TASK
    mask_values: dict[Annotated[str, Field(pattern=r"^-?[0-9]{1,9}$")], str] = Field(default_factory=dict)
