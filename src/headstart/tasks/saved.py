"""A task as a saved model and plain values, and back: the same for every task."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import keras

Saved = TypeVar("Saved")
STAGES, MODEL = "stages", "model"


def plain_facts(task: Any) -> dict[str, Any]:
    """Everything of a task but its model, as values that JSON can hold: its kind, and each field of its class."""
    values = {field.name: getattr(task, field.name) for field in fields(task) if field.name != MODEL}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    plain[STAGES] = {name: list(layers) for name, layers in values[STAGES].items()}
    return {"task": task.kind, **plain}


def from_saved(task_class: Callable[..., Saved], model_path: Path, facts: Mapping[str, Any]) -> Saved:
    """The task of a saved `.keras` file and of what `plain_facts` gave; custom code in the file is refused."""
    names = [field.name for field in fields(task_class) if field.name != MODEL]  # type: ignore[arg-type]
    values = {name: tuple(facts[name]) if isinstance(facts[name], list) else facts[name] for name in names}
    values[STAGES] = {name: tuple(layers) for name, layers in facts[STAGES].items()}
    return task_class(model=keras.saving.load_model(model_path, compile=False, safe_mode=True), **values)
