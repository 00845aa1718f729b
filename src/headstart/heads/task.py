"""What every task has in common: what training, runs and exports ask of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Protocol, Self, TypeVar

import keras
import numpy as np

from headstart.data import Dataset, Targets

OwnClass = TypeVar("OwnClass")


class Task(Protocol):
    """A plain Keras model from raw RGB 0-255 to one tensor, and what its numbers mean.

    Attributes:
        kind: one of `headstart.task_spec.TASK_KINDS`.
        model: flat functional model of stock layers.
        class_names: what the outputs stand for.
        backbone: name of the backbone below the head.
        stages: stage name → names of the layers that belong to it, lowest stage first.
        resize_mode: how an image of another size becomes one of `image_size`.
        head_layers: names of the new layers on top of the backbone, lowest first.
        tap_layers: names of the backbone's layers that the head reads, lowest first.
    """

    kind: ClassVar[str]

    @property
    def model(self) -> keras.Model:
        """See the class."""
        ...

    @property
    def class_names(self) -> tuple[str, ...]:
        """See the class."""
        ...

    @property
    def backbone(self) -> str:
        """See the class."""
        ...

    @property
    def stages(self) -> Mapping[str, tuple[str, ...]]:
        """See the class."""
        ...

    @property
    def resize_mode(self) -> str:
        """See the class."""
        ...

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the images the model takes."""
        ...

    @property
    def head_layers(self) -> tuple[str, ...]:
        """See the class."""
        ...

    @property
    def tap_layers(self) -> tuple[str, ...]:
        """See the class."""
        ...

    def encode(self, dataset: Dataset) -> np.ndarray | Targets:
        """Targets as the loss wants them, one per example.

        Raises:
            ClassNamesError: the data has a class that the model does not know.
        """
        ...

    def loss(self, label_smoothing: float = 0.0) -> keras.losses.Loss:
        """The loss that training minimises, a function of targets and the model's outputs."""
        ...

    def metrics(self) -> list[keras.metrics.Metric]:
        """The metrics that training shows per epoch beside the loss; may be empty."""
        ...

    def facts(self) -> dict[str, object]:
        """Everything but the model, as plain values that JSON can hold; `from_file` takes them back."""
        ...

    @classmethod
    def from_file(cls, model_path: Path, facts: Mapping[str, object]) -> Self:
        """The task of a saved `.keras` file and its `facts`; custom code in the file is refused."""
        ...


def task_as(task: Task, own_class: type[OwnClass]) -> OwnClass:
    """A task as the class of its kind, with all that only this kind has.

    Raises:
        TypeError: it is of another kind.
    """
    if not isinstance(task, own_class):
        raise TypeError(f"Expected {own_class.__name__}. Received: {type(task).__name__}")
    return task
