"""Whether an exported classifier gives the model's predictions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from headstart.artifacts import (
    MAX_INT8_LOSS,
    Batches,
    Check,
    CheckJob,
    Difference,
    Measured,
    Parity,
    Runtime,
    worst_first,
)
from headstart.tasks.classification.decoding import decide, joined_names
from headstart.trust import Thresholds

MAX_PROBABILITY_DIFFERENCE = 1e-4
MAX_SCORE_DIFFERENCE = 1e-3
MIN_INT8_AGREEMENT = 0.98


@dataclass(frozen=True, eq=False)
class Answers:
    """The predictions of a model or of a file for some images.

    Attributes:
        probabilities: `(n, num_classes)`.
        foreign_scores: `(n,)`.
    """

    probabilities: np.ndarray
    foreign_scores: np.ndarray


@dataclass(frozen=True, kw_only=True)
class ClassParity(Parity):
    """The parity check of a classifier.

    Attributes:
        max_probability_difference: over all images and classes.
        max_score_difference: of the out-of-distribution score, over all images.
        accuracy, model_accuracy: share of predictions that are right, of the file and of the model.
    """

    max_probability_difference: float = np.inf
    max_score_difference: float = np.inf
    accuracy: float = 0.0
    model_accuracy: float = np.nan

    @property
    def distance(self) -> float:
        """How far file and model are apart."""
        return self.max_probability_difference

    def compared(self) -> str:
        """How far file and model are apart, and how good each is, in words."""
        return (
            f"probabilities up to {self.max_probability_difference:.2g} apart, "
            f"foreign scores up to {self.max_score_difference:.2g}, "
            f"accuracy {self.accuracy:.4f} (model {self.model_accuracy:.4f})"
        )


def class_answers(runtime: Runtime, batches: Iterable[np.ndarray]) -> Answers:
    """The predictions of a file for images."""
    probabilities, foreign_scores = zip(*(runtime.run(batch) for batch in batches), strict=True)
    return Answers(np.concatenate(probabilities), np.concatenate(foreign_scores))


def compare_classes(
    model: Answers,
    file: Answers,
    targets: np.ndarray,
    *,
    paths: Sequence[str],
    class_names: tuple[str, ...],
    multi_label: bool,
    is_int8: bool,
) -> ClassParity:
    """Compares a file's predictions with the model's.

    A float file passes if no probability differs by more than 1e-4, no out-of-distribution score by more than 1e-3, and
    every prediction is the same. If two classes of the model are nearer than twice that tolerance, either counts as the
    same. An int8 file passes if at least 98 % of the predictions are the same and at most one percentage point of
    accuracy is lost.

    Args:
        model: the model's predictions.
        file: the file's predictions for the same images.
        targets: `(n, num_classes)`, 1 where the class is present.
        paths: of the images.
        class_names: in the order of the probabilities.
        multi_label: whether an image may show several classes, or none.
        is_int8: which of the two rules holds.
    """
    ours, theirs = (decide(each.probabilities, multi_label=multi_label)[0] for each in (model, file))
    gaps = np.abs(file.probabilities - model.probabilities)
    gaps = np.where(np.isfinite(gaps), gaps, np.inf).max(axis=1)
    score_gaps = np.abs(file.foreign_scores - model.foreign_scores)
    score_gaps = np.where(np.isfinite(score_gaps), score_gaps, np.inf)
    same = ours == theirs if multi_label else (ours == theirs).all(axis=1, keepdims=True)
    accuracy, model_accuracy = (_accuracy(chosen, targets, multi_label) for chosen in (theirs, ours))
    too_far = (gaps > MAX_PROBABILITY_DIFFERENCE) | (score_gaps > MAX_SCORE_DIFFERENCE)
    if is_int8:
        counted = ~same.all(axis=1)
        loss = model_accuracy - accuracy
        is_passed = bool(same.mean() >= MIN_INT8_AGREEMENT and loss <= MAX_INT8_LOSS and np.isfinite(gaps).all())
    else:
        counted = too_far | ~(same | _ties(model.probabilities, theirs, multi_label)).all(axis=1)
        is_passed = not counted.any()
    said_by_model = _said(class_names, ours, model.probabilities, multi_label)
    said_by_file = _said(class_names, theirs, file.probabilities, multi_label)
    differences = [
        Difference(paths[row], said_by_model[row], said_by_file[row], float(gaps[row]))
        for row in np.flatnonzero(counted).tolist()
    ]
    return ClassParity(
        num_pictures=len(gaps),
        agreement=float(same.mean()),
        max_probability_difference=float(gaps.max()),
        max_score_difference=float(score_gaps.max()),
        accuracy=accuracy,
        model_accuracy=model_accuracy,
        is_passed=is_passed,
        differences=worst_first(differences),
    )


def _ties(probabilities: np.ndarray, chosen: np.ndarray, multi_label: bool) -> np.ndarray:
    """Where two classes of the model are nearly equal: labels `(n, num_classes)`, or images `(n, 1)`."""
    if multi_label:
        return np.abs(probabilities - 0.5) <= MAX_PROBABILITY_DIFFERENCE
    lead = probabilities.max(axis=1) - np.where(chosen, probabilities, 0.0).sum(axis=1)
    ties: np.ndarray = (lead <= 2 * MAX_PROBABILITY_DIFFERENCE)[:, np.newaxis]
    return ties


def _accuracy(chosen: np.ndarray, targets: np.ndarray, multi_label: bool) -> float:
    right = chosen == (targets > 0)
    return float(right.mean() if multi_label else right.all(axis=1).mean())


def _said(class_names: tuple[str, ...], chosen: np.ndarray, probabilities: np.ndarray, multi_label: bool) -> list[str]:
    certainties = decide(probabilities, multi_label=multi_label)[1]
    return [
        f"{joined_names(class_names, row) or 'none'} {certainty:.4f}"
        for row, certainty in zip(chosen, certainties, strict=True)
    ]


def _compare_classes(job: CheckJob, answers: Answers, is_int8: bool) -> ClassParity:
    return compare_classes(
        job.test.answers,
        answers,
        job.test.targets,
        paths=job.test.names,
        class_names=job.manifest.class_names,
        multi_label=job.manifest.multi_label,
        is_int8=is_int8,
    )


def _thresholds(job: CheckJob, runtime: Runtime, validation: Callable[[], Batches]) -> Measured:
    answers = class_answers(runtime, validation())
    nonconformity = 1.0 - answers.probabilities[job.validation.targets > 0]
    return {"thresholds": Thresholds.from_scores(nonconformity, answers.foreign_scores)}


CHECK = Check(class_answers, _compare_classes, _thresholds, ClassParity)
