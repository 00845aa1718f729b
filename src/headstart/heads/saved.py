"""A task as a saved model and plain values, and back: the same for every task."""

from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from headstart.files import Name, Names, Schema, UnusableFileError, check, shown
from headstart.heads.model_file import load_stock_model
from headstart.heads.task import Task

Saved = TypeVar("Saved", bound=Task)
STAGES, MODEL = "stages", "model"


class SavedTask(Task, Protocol):
    """A task that is a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


class TaskFacts(Schema):
    """The values of `plain_facts`; those that may be missing belong to some tasks only."""

    format_version: Literal[1] = 1
    task: str
    class_names: Names
    backbone: Name
    stages: dict[Name, list[Name]]
    resize_mode: Literal["stretch", "pad", "crop"]
    last_feature_layer: Name | None = None
    tap_layers: list[Name] | None = None
    multi_label: bool | None = None


def plain_facts(task: SavedTask) -> dict[str, object]:
    """Everything of a task but its model, as values that JSON can hold: its kind, and each field of its class."""
    values = {field.name: getattr(task, field.name) for field in fields(task) if field.name != MODEL}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    plain[STAGES] = {name: list(layers) for name, layers in values[STAGES].items()}
    return {"task": task.kind, **plain}


def from_saved(
    task_class: Callable[..., Saved], model_path: Path, facts: Mapping[str, object], *, extra_outputs: int = 0
) -> Saved:
    """The task of a saved `.keras` file and of what `plain_facts` gave; custom code in the file is refused.

    Args:
        task_class: makes the task.
        model_path: the `.keras` file.
        facts: the values.
        extra_outputs: outputs of the model beyond one for each class or number.

    Raises:
        UnusableFileError: the facts lack something, the file cannot be read, or the two do not go together.
    """
    checked = check(facts, TaskFacts)
    names = [field.name for field in fields(task_class) if field.name != MODEL]  # type: ignore[arg-type]
    values = {name: getattr(checked, name) for name in names}
    if missing := [name for name, value in values.items() if value is None]:
        raise UnusableFileError(f"a value '{missing[0]}'", f"no '{missing[0]}'")
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    values[STAGES] = {name: tuple(layers) for name, layers in checked.stages.items()}
    task = task_class(model=load_stock_model(model_path), **values)
    _check_layers(task, checked, extra_outputs)
    return task


def _check_layers(task: Task, facts: TaskFacts, extra_outputs: int) -> None:
    named = {layer for layers in facts.stages.values() for layer in layers} | {*task.tap_layers, *task.head_layers}
    named |= {facts.last_feature_layer} if facts.last_feature_layer else set()
    if unknown := sorted(named - {layer.name for layer in task.model.layers}):
        raise UnusableFileError("names of the model's layers", shown(unknown[0]))
    shape, num_names = task.model.output_shape, len(facts.class_names)
    num_outputs = num_names + extra_outputs
    if not isinstance(shape, tuple) or shape[-1] != num_outputs:
        raise UnusableFileError(f"a model with {num_outputs} outputs for {num_names} names", f"output shape {shape}")
