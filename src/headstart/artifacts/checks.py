"""How the files of a task are asked, compared with the model, and measured."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict

import numpy as np

from headstart.artifacts.manifest import Manifest
from headstart.artifacts.parity import MetricParity, Parity
from headstart.artifacts.predictor import Runtime
from headstart.task_spec import find_task
from headstart.trust import Thresholds

Batches = Iterable[np.ndarray]


class Pictures(Protocol):
    """Images with their targets and the model's predictions, as the functions of their task have them."""

    @property
    def names(self) -> Sequence[str]:
        """The names of the images, as in the table of the data set."""
        ...

    @property
    def targets(self) -> Any:
        """The targets of the images, encoded by the task."""
        ...

    @property
    def answers(self) -> Any:
        """The predictions of the model for the images."""
        ...


class CheckJob(Protocol):
    """The parts of an `ExportJob` that the functions of a check use."""

    @property
    def manifest(self) -> Manifest:
        """The manifest of the artifact that is written."""
        ...

    @property
    def test(self) -> Pictures:
        """The images of the test part."""
        ...

    @property
    def validation(self) -> Pictures:
        """The images of the validation part."""
        ...

    @property
    def promises(self) -> Mapping[str, Any]:
        """The promises of the run."""
        ...


class Measured(TypedDict, total=False):
    """Fields of `ExportedFile` that follow from predictions for the validation images."""

    thresholds: Thresholds
    promises: Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """The part of a task that checks its exported files; functions take the job and what a file predicts.

    Attributes:
        answers: what a file says of images.
        compare: predictions of a file with those of the model for the test images; the last says whether it is int8.
        measure: fields of `ExportedFile` that follow from the file's predictions for the validation images.
        parity: the result for a file that cannot be run.
    """

    answers: Callable[[Runtime, Batches], Any]
    compare: Callable[[CheckJob, Any, bool], Parity]
    measure: Callable[[CheckJob, Runtime, Callable[[], Batches]], Measured]
    parity: type[Parity] = MetricParity


def unchanged_promises(job: CheckJob, _: Runtime, _validation: Callable[[], Batches]) -> Measured:
    """The promises of the run, unchanged: they do not depend on the file."""
    return {"promises": dict(job.promises)}


def check_of(task: str) -> Check:
    """The check of a task."""
    return find_task(task).check.load(Check)
