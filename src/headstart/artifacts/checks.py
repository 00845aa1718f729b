"""How the files of each task are asked, compared with the model, and measured: one row a task."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from headstart.artifacts.box_check import compare_boxes, found_boxes
from headstart.artifacts.class_check import Answers, ClassParity, class_answers, compare_classes
from headstart.artifacts.mask_check import compare_masks, named_pixels
from headstart.artifacts.number_check import compare_numbers, given_numbers
from headstart.artifacts.parity import MetricParity, Parity
from headstart.artifacts.predictor import Runtime
from headstart.data import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION
from headstart.evaluation import RegressionIntervals, Thresholds

Batches = Iterable[np.ndarray]


@dataclass(frozen=True)
class Check:
    """One row of the table; functions take an `ExportJob` as `job`.

    Attributes:
        answers: what a file says of pictures.
        compare: answers of a file with those of the model for the test pictures; the last says whether it is int8.
        measure: fields of `ExportedFile` that follow from the file's answers for the validation pictures.
        parity: what is told of a file that cannot be run.
    """

    answers: Callable[[Runtime, Batches], Any]
    compare: Callable[[Any, Any, bool], Parity]
    measure: Callable[[Any, Runtime, Callable[[], Batches]], dict[str, Any]]
    parity: type[Parity] = MetricParity


def _compare_classes(job: Any, answers: Answers, is_int8: bool) -> ClassParity:
    return compare_classes(
        job.test.answers,
        answers,
        job.test.targets,
        paths=job.test.names,
        class_names=job.manifest.class_names,
        multi_label=job.manifest.multi_label,
        is_int8=is_int8,
    )


def _compare_boxes(job: Any, answers: Any, is_int8: bool) -> MetricParity:
    return compare_boxes(
        job.test.answers,
        answers,
        job.test.targets,
        paths=job.test.names,
        class_names=job.manifest.class_names,
        is_int8=is_int8,
        score_threshold=job.promises["score_threshold"],
    )


def _compare_masks(job: Any, answers: Any, is_int8: bool) -> MetricParity:
    test = job.test
    names = job.manifest.class_names
    return compare_masks(test.answers, answers, test.targets, paths=test.names, class_names=names, is_int8=is_int8)


def _compare_numbers(job: Any, answers: Any, is_int8: bool) -> MetricParity:
    return compare_numbers(job.test.answers, answers, job.test.targets, paths=job.test.names, is_int8=is_int8)


def _thresholds(job: Any, runtime: Runtime, validation: Callable[[], Batches]) -> dict[str, Any]:
    answers = class_answers(runtime, validation())
    nonconformity = 1.0 - answers.probabilities[job.validation.targets > 0]
    return {"thresholds": Thresholds.from_scores(nonconformity, answers.foreign_scores)}


def _promises(job: Any, _: Runtime, _validation: Callable[[], Batches]) -> dict[str, Any]:
    """Those of the run: which boxes and pixels are answers is no matter of the file."""
    return {"promises": dict(job.promises)}


def _residuals(job: Any, runtime: Runtime, validation: Callable[[], Batches]) -> dict[str, Any]:
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
