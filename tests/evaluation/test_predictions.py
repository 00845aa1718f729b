"""Predictions that cannot be scored are refused before anything is computed from them."""

import numpy as np
import pytest

from headstart.errors import PredictionsError
from headstart.evaluation import (
    evaluate_classification,
    evaluate_multi_label,
    most_confident_label_mistakes,
    most_confident_mistakes,
)

NAMES = ["cat", "dog"]
RIGHT = np.array([[0.9, 0.1], [0.2, 0.8]])
TARGETS = np.array([0, 1])
LABELS = np.eye(2, dtype=int)


def test_the_predictions_that_are_spoilt_below_are_fine_themselves():
    single = evaluate_classification(RIGHT, TARGETS, NAMES, baseline_targets=TARGETS, num_resamples=5)
    several = evaluate_multi_label(RIGHT, LABELS, NAMES, baseline_targets=LABELS, num_resamples=5)
    assert single.metrics["accuracy"].value == several.metrics["subset_accuracy"].value == 1.0


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        ([[0.9, np.nan], [0.2, 0.8]], "not finite.*diverged"),
        ([[0.9, np.inf], [0.2, 0.8]], "not finite"),
        ([[0.9, 0.2], [0.2, 0.8]], r"add up to 1.*1\.1 for example 0"),
        ([[0.5, 0.5], [0.2, 0.7]], r"add up to 1.*0\.9 for example 1"),
        ([[2.0, -1.0], [0.2, 0.8]], "no probabilities.*softmax"),
        ([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]], "wrong shape"),
        ([0.9, 0.1], "wrong shape"),
        (0.9, "wrong shape"),
        (np.zeros((0, 2)), "wrong shape"),
        ([[0.9, 0.1]], "wrong shape"),
    ],
)
def test_probabilities_that_are_none_are_refused(probabilities, message):
    with pytest.raises(PredictionsError, match=message):
        evaluate_classification(np.array(probabilities), TARGETS, NAMES, baseline_targets=TARGETS)


def test_mistakes_are_not_looked_for_in_predictions_that_cannot_be_scored():
    with pytest.raises(PredictionsError, match="not finite"):
        most_confident_mistakes(np.array([[0.9, np.nan], [0.2, 0.8]]), TARGETS)
    with pytest.raises(PredictionsError, match="does not exist"):
        most_confident_mistakes(RIGHT, np.array([0, 2]))


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([0, 2], "class that does not exist.*0 to 1"),
        ([-1, 1], "class that does not exist"),
        ([0.0, 1.0], "class that does not exist"),
        (["cat", "dog"], "class that does not exist.*such as cat"),
        ([0], "wrong shape"),
        ([0, 1, 1], "wrong shape"),
        ([[1, 0], [0, 1]], "wrong shape"),
        (0, "wrong shape"),
    ],
)
def test_targets_that_do_not_fit_are_refused(targets, message):
    with pytest.raises(PredictionsError, match=message):
        evaluate_classification(RIGHT, np.array(targets), NAMES, baseline_targets=TARGETS)


@pytest.mark.parametrize("known", [np.array([], int), np.array([0, 5]), np.array([[0, 1]])])
def test_training_targets_that_do_not_fit_are_refused(known):
    with pytest.raises(PredictionsError):
        evaluate_classification(RIGHT, TARGETS, NAMES, baseline_targets=known)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([[0, 2], [1, 0]], "something other than yes and no"),
        ([[0, np.nan], [1, 0]], "something other than yes and no"),
        ([[0, 1, 0], [1, 0, 0]], "wrong shape"),
        ([[0, 1]], "wrong shape"),
        ([0, 1], "wrong shape"),
    ],
)
def test_label_matrices_that_do_not_fit_are_refused(labels, message):
    with pytest.raises(PredictionsError, match=message):
        evaluate_multi_label(RIGHT, np.array(labels), NAMES, baseline_targets=LABELS)
    with pytest.raises(PredictionsError):
        most_confident_label_mistakes(RIGHT, np.array(labels))


def test_logits_of_several_labels_are_refused_with_what_to_do():
    with pytest.raises(PredictionsError, match="sigmoid"):
        evaluate_multi_label(np.array([[3.0, -2.0]]), LABELS[:1], NAMES, baseline_targets=LABELS)


def test_half_precision_softmax_over_many_classes_is_accepted():
    scores = np.random.default_rng(0).normal(0, 4, (50, 1000))
    exact = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    names = [str(number) for number in range(1000)]
    targets = np.arange(50)
    found = evaluate_classification(exact.astype("float16"), targets, names, baseline_targets=targets, num_resamples=2)
    kept = evaluate_classification(exact, targets, names, baseline_targets=targets, num_resamples=2)
    assert found.metrics["log_loss"].value == pytest.approx(kept.metrics["log_loss"].value, rel=0.02)
