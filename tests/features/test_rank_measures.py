"""Scores of answers beside scikit-learn's, and intervals that pictures decide."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, balanced_accuracy_score, r2_score

from headstart.features.rank_measures import average_precision, balanced_accuracy, r2, resampled_interval

DRAWS = np.random.default_rng(0)
WEIGHTS = DRAWS.integers(0, 4, (3, 90)).astype(float)


def test_balanced_accuracy_is_that_of_scikit_learn():
    targets, answers = np.eye(3)[DRAWS.integers(3, size=90)], DRAWS.normal(size=(90, 3))
    expected = [
        balanced_accuracy_score(targets.argmax(axis=1), answers.argmax(axis=1), sample_weight=weights)
        for weights in WEIGHTS
    ]
    assert balanced_accuracy(answers, targets, WEIGHTS) == pytest.approx(expected)


@pytest.mark.parametrize("decimals", [8, 0], ids=["distinct answers", "many equal answers"])
def test_average_precision_is_that_of_scikit_learn(decimals):
    targets, answers = (DRAWS.random((90, 4)) < 0.3).astype(float), DRAWS.normal(size=(90, 4)).round(decimals)
    expected = [
        np.mean([average_precision_score(targets[:, label], answers[:, label], sample_weight=w) for label in range(4)])
        for w in WEIGHTS
    ]
    assert average_precision(answers, targets, WEIGHTS) == pytest.approx(expected)


def test_labels_that_none_or_all_have_do_not_count():
    targets, answers = (DRAWS.random((90, 1)) < 0.3).astype(float), DRAWS.normal(size=(90, 3))
    padded = np.column_stack([targets, np.zeros(90), np.ones(90)])
    assert average_precision(answers, padded, WEIGHTS) == pytest.approx(
        average_precision(answers[:, :1], targets, WEIGHTS)
    )


def test_r2_is_that_of_scikit_learn_over_the_numbers_that_vary():
    targets = DRAWS.normal(size=(90, 2)) * [1.0, 1e4] + [0.0, 1e5]
    answers = targets + DRAWS.normal(size=(90, 2)) * [0.5, 1e4]
    expected = [r2_score(targets, answers, sample_weight=weights) for weights in WEIGHTS]
    assert r2(answers, targets, WEIGHTS) == pytest.approx(expected)
    constant = np.full((90, 1), 0.1)
    assert r2(np.hstack([answers, constant + 1]), np.hstack([targets, constant]), WEIGHTS) == pytest.approx(expected)


def test_many_examples_of_one_group_are_no_more_evidence_than_one():
    targets, answers = np.eye(2)[DRAWS.integers(2, size=40)], DRAWS.normal(size=(40, 2))
    few = resampled_interval(balanced_accuracy, answers, targets, groups=np.arange(40), seed=0)
    repeated = np.repeat(answers, 25, axis=0), np.repeat(targets, 25, axis=0)
    many = resampled_interval(balanced_accuracy, *repeated, groups=np.repeat(np.arange(40), 25), seed=0)
    assert many == pytest.approx(few)
