"""The tasks there are: one row each says what builds its model and which layers of a backbone its head reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from headstart.backbones import Backbone
from headstart.data import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION, Dataset
from headstart.stored import UnusableFileError, shown
from headstart.tasks.task import Task


@dataclass(frozen=True)
class HeadSettings:
    """What a recipe says of the new layers.

    Attributes:
        resize_mode: how pictures get the model's size.
        dropout: share of features left out while training, where the head has such a layer.
        num_stages: how many stages a classifier's head reads, from the highest down.
        seed: of first weights.
    """

    resize_mode: str = "stretch"
    dropout: float = 0.2
    num_stages: int = 1
    seed: int = 0


@dataclass(frozen=True)
class TaskKind:
    """One row of the table; what it names is imported when it is first used.

    Attributes:
        task_class: `module:name` of the class.
        builder: `module:name` of what makes it from a backbone and a data set.
        arguments: of the builder beyond backbone and names, from the data set and the settings.
        taps: `module:name` of what lists the layers of a backbone that the head reads; None: the top, pooled.
    """

    task_class: str
    builder: str
    arguments: Callable[[Dataset, HeadSettings], dict[str, object]]
    taps: str | None = None


def _placed(_: Dataset, settings: HeadSettings) -> dict[str, object]:
    return {"resize_mode": settings.resize_mode, "seed": settings.seed}


def _classifier(dataset: Dataset, settings: HeadSettings) -> dict[str, object]:
    return {
        **_placed(dataset, settings),
        "multi_label": dataset.multi_label,
        "dropout": settings.dropout,
        "num_stages": settings.num_stages,
    }


def _segmenter(dataset: Dataset, settings: HeadSettings) -> dict[str, object]:
    return {**_placed(dataset, settings), "dropout": settings.dropout}


def _regressor(dataset: Dataset, settings: HeadSettings) -> dict[str, object]:
    numbers = dataset.part("train").numbers() if (dataset.frame["split"] == "train").any() else dataset.numbers()
    return {
        **_placed(dataset, settings),
        "dropout": settings.dropout,
        "means": numbers.mean(axis=0),
        "deviations": numbers.std(axis=0),
    }


_ROOM = "headstart.tasks"
TASKS: Mapping[str, TaskKind] = MappingProxyType(
    {
        CLASSIFICATION: TaskKind(
            task_class=f"{_ROOM}.classifier:ImageClassifier",
            builder=f"{_ROOM}.classifier:build_classifier",
            arguments=_classifier,
        ),
        DETECTION: TaskKind(
            task_class=f"{_ROOM}.detector:ObjectDetector",
            builder=f"{_ROOM}.detector:build_detector",
            arguments=_placed,
            taps=f"{_ROOM}.detector:detector_taps",
        ),
        SEGMENTATION: TaskKind(
            task_class=f"{_ROOM}.segmenter:Segmenter",
            builder=f"{_ROOM}.segmenter:build_segmenter",
            arguments=_segmenter,
            taps=f"{_ROOM}.segmenter:segmenter_taps",
        ),
        REGRESSION: TaskKind(
            task_class=f"{_ROOM}.regressor:ImageRegressor",
            builder=f"{_ROOM}.regressor:build_regressor",
            arguments=_regressor,
        ),
    }
)


def build_task(backbone: Backbone, dataset: Dataset, settings: HeadSettings) -> Task:
    """The task of a data set: a new head on a backbone, whose layers become the task's own.

    Args:
        backbone: the pretrained network.
        dataset: says which task, which classes, and for regression how large the numbers are.
        settings: of the new layers.
    """
    row = TASKS[dataset.task]
    task: Task = _named(row.builder)(backbone, dataset.class_names, **row.arguments(dataset, settings))
    return task


def read_task(model_path: Path, facts: Mapping[str, object]) -> Task:
    """The task of a saved `.keras` file and its facts; custom code in the file is refused.

    Raises:
        UnusableFileError: one of them cannot be read, or they do not go together.
    """
    kind = facts.get("task")
    if not isinstance(kind, str) or kind not in TASKS:
        raise UnusableFileError(f"a task that is one of {', '.join(TASKS)}", shown(kind))
    task_class: type[Task] = _named(TASKS[kind].task_class)
    return task_class.from_file(model_path, facts)


def tap_layers(kind: str, backbone: Backbone) -> tuple[str, ...]:
    """Names of the backbone's layers that a task's head reads, lowest first; none where it reads the top, pooled."""
    taps = TASKS[kind].taps
    return () if taps is None else tuple(_named(taps)(backbone))


def _named(address: str) -> Any:
    module, name = address.split(":")
    return getattr(import_module(module), name)
