"""How the files of each task are asked, compared with the model, and measured: one row a task."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol, TypedDict

import numpy as np

from headstart.artifacts.box_check import compare_boxes, found_boxes
from headstart.artifacts.class_check import Answers, ClassParity, class_answers, compare_classes
from headstart.artifacts.manifest import Manifest
from headstart.artifacts.mask_check import NamedPixels, compare_masks, named_pixels
from headstart.artifacts.number_check import compare_numbers, given_numbers
from headstart.artifacts.parity import MetricParity, Parity
from headstart.artifacts.predictor import Runtime
from headstart.evaluation import RegressionIntervals, Thresholds
from headstart.heads import Detections
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION

Batches = Iterable[np.ndarray]


class Pictures(Protocol):
    """Pictures with their targets and the model's answers, as the functions of their task have them."""

    @property
    def names(self) -> Sequence[str]:
        """Of the pictures, as they stand in a table."""
        ...

    @property
    def targets(self) -> Any:
        """As the task encodes them."""
        ...

    @property
    def answers(self) -> Any:
        """The model's."""
        ...


class Job(Protocol):
    """What the functions need of an `ExportJob`."""

    @property
    def manifest(self) -> Manifest:
        """Of the artifact to be."""
        ...

    @property
    def test(self) -> Pictures:
        """Of the test part."""
        ...

    @property
    def validation(self) -> Pictures:
        """Of the validation part."""
        ...

    @property
    def promises(self) -> Mapping[str, Any]:
        """Of the run."""
        ...


class Measured(TypedDict, total=False):
    """Fields of `ExportedFile` that follow from answers for the validation pictures."""

    thresholds: Thresholds
    promises: Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """One row of the table; functions take the job and what a file answers.

    Attributes:
        answers: what a file says of pictures.
        compare: answers of a file with those of the model for the test pictures; the last says whether it is int8.
        measure: fields of `ExportedFile` that follow from the file's answers for the validation pictures.
        parity: what is told of a file that cannot be run.
    """

    answers: Callable[[Runtime, Batches], Any]
    compare: Callable[[Job, Any, bool], Parity]
    measure: Callable[[Job, Runtime, Callable[[], Batches]], Measured]
    parity: type[Parity] = MetricParity


def _compare_classes(job: Job, answers: Answers, is_int8: bool) -> ClassParity:
    return compare_classes(
        job.test.answers,
        answers,
        job.test.targets,
        paths=job.test.names,
        class_names=job.manifest.class_names,
        multi_label=job.manifest.multi_label,
        is_int8=is_int8,
    )


def _compare_boxes(job: Job, answers: Sequence[Detections], is_int8: bool) -> MetricParity:
    return compare_boxes(
        job.test.answers,
        answers,
        job.test.targets,
        paths=job.test.names,
        class_names=job.manifest.class_names,
        is_int8=is_int8,
        score_threshold=job.promises["score_threshold"],
    )


def _compare_masks(job: Job, answers: NamedPixels, is_int8: bool) -> MetricParity:
    test = job.test
    names = job.manifest.class_names
    return compare_masks(test.answers, answers, test.targets, paths=test.names, class_names=names, is_int8=is_int8)


def _compare_numbers(job: Job, answers: np.ndarray, is_int8: bool) -> MetricParity:
    return compare_numbers(job.test.answers, answers, job.test.targets, paths=job.test.names, is_int8=is_int8)


def _thresholds(job: Job, runtime: Runtime, validation: Callable[[], Batches]) -> Measured:
    answers = class_answers(runtime, validation())
    nonconformity = 1.0 - answers.probabilities[job.validation.targets > 0]
    return {"thresholds": Thresholds.from_scores(nonconformity, answers.foreign_scores)}


def _promises(job: Job, _: Runtime, _validation: Callable[[], Batches]) -> Measured:
    """Those of the run: which boxes and pixels are answers is no matter of the file."""
    return {"promises": dict(job.promises)}


def _residuals(job: Job, runtime: Runtime, validation: Callable[[], Batches]) -> Measured:
    measured = RegressionIntervals.from_predictions(given_numbers(runtime, validation()), job.validation.targets)
    return {"promises": {"residuals": measured.residuals.tolist()}}


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        CLASSIFICATION: Check(class_answers, _compare_classes, _thresholds, ClassParity),
        DETECTION: Check(found_boxes, _compare_boxes, _promises),
        SEGMENTATION: Check(named_pixels, _compare_masks, _promises),
        REGRESSION: Check(given_numbers, _compare_numbers, _residuals),
    }
)
