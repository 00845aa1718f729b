"""What a task states about its predictions as plain values, in files and on the console."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from headstart.prediction.columns import Form, Record
from headstart.prediction.settings import Settings
from headstart.task_spec import find_task


@dataclass(frozen=True)
class ConsoleTable:
    """The table of predictions on the console: four columns, of which the third is aligned to the right.

    Attributes:
        header: names of the columns.
        cells: function from a record to its cells, without the path.
        is_doubtful: whether a prediction is highlighted for review.
    """

    header: tuple[str, str, str, str]
    cells: Callable[[Record], tuple[str, str, str]]
    is_doubtful: Callable[[Record], bool] = lambda _: False


@dataclass(frozen=True)
class TaskAnswers:
    """The part of a task that describes its predictions.

    Attributes:
        form: function from class names and settings to the form of the records.
        batch_size: images at a time; fewer where maps of logits in full size must fit into memory.
        console: the table on the console.
        draw: function from an image, a prediction and the class names to the image with the prediction drawn on it;
            None: predictions cannot be drawn.
        mask: function from a prediction to its mask, `(height, width)` uint8 in the size of the image; None: no masks.
        writers: ending of a file's name → what writes a table in a format that only this task has.
    """

    form: Callable[[tuple[str, ...], Settings], Form]
    batch_size: int
    console: ConsoleTable
    draw: Callable[[np.ndarray, object, Sequence[str]], np.ndarray] | None = None
    mask: Callable[[object], np.ndarray] | None = None
    writers: Mapping[str, Callable[[Path, Iterable[Record], Form], None]] = field(default_factory=dict)


def answers_of(task: str) -> TaskAnswers:
    """The description of the predictions of a task."""
    return find_task(task).answers.load(TaskAnswers)


def form_of(task: str, class_names: tuple[str, ...], settings: Settings) -> Form:
    """The form of the records of a task."""
    return answers_of(task).form(class_names, settings)
