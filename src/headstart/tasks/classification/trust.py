"""Measures a calibration on images that it was not fitted on."""

import numpy as np
from scipy.special import expit, softmax

from headstart.metrics import Proportion
from headstart.tasks.classification.multi_label import MultiLabelAnswers
from headstart.tasks.classification.multi_label import log_loss as label_log_loss
from headstart.tasks.classification.single_label import SingleLabelAnswers, log_loss
from headstart.trust import (
    DEFAULT_COVERAGE,
    Answers,
    Calibration,
    TrustMeasures,
    calibration_table,
    expected_calibration_error,
)

LEFT_OUT_SHARE = 0.1

AnyAnswers = SingleLabelAnswers | MultiLabelAnswers


def measure_trust(
    calibration: Calibration,
    logits: np.ndarray,
    targets: np.ndarray,
    *,
    features: np.ndarray,
    coverage: float = DEFAULT_COVERAGE,
    multi_label: bool = False,
) -> TrustMeasures:
    """Measures of how well confidence, conformal sets and out-of-distribution scores hold on other images.

    Args:
        calibration: of the run.
        logits: `(n, k)`, `n` at least 1.
        targets: `(n, k)` of 0 and 1, one 1 in each row unless `multi_label`.
        features: `(n, num_features)`, pooled.
        coverage: how often prediction sets should hold the true class.
        multi_label: whether an image may show several classes, or none.
    """
    logits, targets = np.asarray(logits, "float64"), np.asarray(targets).astype(np.int64)
    before = _answers(logits, targets, multi_label=multi_label)
    after = _answers(logits / calibration.temperature, targets, multi_label=multi_label)
    in_set = after.probabilities >= calibration.thresholds.lowest_probability(coverage)
    strange = calibration.foreign_score(features) > calibration.thresholds.highest_familiar_score()
    return TrustMeasures(
        temperature=tuple(calibration.temperature.tolist()),
        error_before=_error(before),
        error_after=_error(after),
        loss_before=_loss(before),
        loss_after=_loss(after),
        calibration_before=calibration_table(_confidence(before)),
        coverage=coverage,
        covered=Proportion.of(in_set[targets == 1]),
        mean_set_size=float(in_set.sum(axis=1).mean()),
        kept_accuracy=Proportion.of(_right(after)[_most_certain(after)]),
        flagged=Proportion.of(strange),
    )


def _answers(logits: np.ndarray, targets: np.ndarray, *, multi_label: bool) -> AnyAnswers:
    if multi_label:
        return MultiLabelAnswers(expit(logits), targets)
    return SingleLabelAnswers(softmax(logits, axis=1), targets.argmax(axis=1))


def _confidence(answers: AnyAnswers) -> Answers:
    return answers.every_answer if isinstance(answers, MultiLabelAnswers) else answers.top_answers


def _error(answers: AnyAnswers) -> float:
    return float(expected_calibration_error(_confidence(answers), np.ones((1, len(answers.targets))))[0])


def _loss(answers: AnyAnswers) -> float:
    once = np.ones((1, len(answers.targets)))
    if isinstance(answers, MultiLabelAnswers):
        return float(label_log_loss(answers, once)[0])
    return float(log_loss(answers, once)[0])


def _right(answers: AnyAnswers) -> np.ndarray:
    """`(n,)`, whether everything that was said of an example is true."""
    correct = _confidence(answers).correct
    return np.asarray(correct.reshape(len(correct), -1).all(axis=1))


def _most_certain(answers: AnyAnswers) -> np.ndarray:
    """Numbers of the examples but the tenth whose least certain prediction is the least certain."""
    confidence = _confidence(answers).confidence
    certainty = confidence.reshape(len(confidence), -1).min(axis=1)
    num_left_out = int(LEFT_OUT_SHARE * len(certainty))
    return np.argsort(certainty, kind="stable")[num_left_out:]
