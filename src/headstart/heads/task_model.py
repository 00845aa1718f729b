"""A task of a data set or of a saved model, and the layers of a backbone that its head reads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from headstart.backbones import Backbone
from headstart.data import Dataset
from headstart.files import UnusableFileError, shown
from headstart.heads.task import Task
from headstart.task_spec import TASK_KINDS, find_task


@dataclass(frozen=True)
class HeadSettings:
    """The settings of a recipe for the new layers.

    Attributes:
        resize_mode: how images get the model's size.
        dropout: share of features left out while training, where the head has such a layer.
        num_stages: how many stages a classifier's head reads, from the highest down.
        seed: of first weights.
        method: how the head of a task with several methods works; None: its usual one.
    """

    resize_mode: str = "stretch"
    dropout: float = 0.2
    num_stages: int = 1
    seed: int = 0
    method: str | None = None


@dataclass(frozen=True)
class TaskModel:
    """The part of a task that makes its model.

    Attributes:
        task_class: the class of the task.
        build: function from a backbone, a data set and the settings of the head to a task with a new head.
        taps: function that lists the layers of a backbone that the head reads, lowest first; None: the top, pooled.
        exported: function from a task and its logits to the outputs of exported files, by name; None: they depend on a
            calibration as well.
    """

    task_class: type[Task]
    build: Callable[[Backbone, Dataset, HeadSettings], Task]
    taps: Callable[[Backbone], Sequence[str]] | None = None
    exported: Callable[[Any, keras.KerasTensor], dict[str, keras.KerasTensor]] | None = None


def build_task(backbone: Backbone, dataset: Dataset, settings: HeadSettings) -> Task:
    """The task of a data set: a new head on a backbone, whose layers become the task's own.

    Args:
        backbone: the pretrained network.
        dataset: says which task, which classes, and for regression how large the numbers are.
        settings: of the new layers.
    """
    return _model_of(dataset.task).build(backbone, dataset, settings)


def read_task(model_path: Path, facts: Mapping[str, object]) -> Task:
    """The task of a saved `.keras` file and its facts; custom code in the file is refused.

    Raises:
        UnusableFileError: one of them cannot be read, or they do not go together.
    """
    kind = facts.get("task")
    if not isinstance(kind, str) or kind not in TASK_KINDS:
        raise UnusableFileError(f"a task that is one of {', '.join(TASK_KINDS)}", shown(kind))
    return _model_of(kind).task_class.from_file(model_path, facts)


def tap_layers(kind: str, backbone: Backbone) -> tuple[str, ...]:
    """Names of the backbone's layers that a task's head reads, lowest first; none where it reads the top, pooled."""
    taps = _model_of(kind).taps
    return () if taps is None else tuple(taps(backbone))


def exported_outputs(task: Task, logits: keras.KerasTensor) -> dict[str, keras.KerasTensor]:
    """The outputs of exported files of a task, by name, made of its logits.

    Raises:
        TypeError: they depend on a calibration as well.
    """
    exported = _model_of(task.kind).exported
    if exported is None:
        raise TypeError(f"Expected a task whose outputs follow from its logits. Received: {task.kind}")
    return exported(task, logits)


def _model_of(kind: str) -> TaskModel:
    return find_task(kind).model.load(TaskModel)
