"""Scores of features: what they see, and that copies do not help."""

import numpy as np
import pytest

from headstart.features import AVERAGE_PRECISION, BALANCED_ACCURACY, R2, score_features


def classes(num_examples: int, num_classes: int = 3) -> np.ndarray:
    return np.eye(num_classes, dtype=np.float32)[np.arange(num_examples) % num_classes]


def noise(num_examples: int, *, num_features: int = 8) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(num_examples, num_features)).astype(np.float32)


def test_features_that_tell_classes_apart_score_higher_in_all_three():
    targets = classes(60)
    good = score_features(noise(60) + 8 * np.pad(targets, ((0, 0), (0, 5))), targets, groups=np.arange(60), seed=0)
    bad = score_features(noise(60), targets, groups=np.arange(60), seed=0)
    assert good.probe_score == good.knn_score == 1.0
    assert good.probe_low > bad.probe_high
    assert bad.knn_score < 0.7
    assert good.logme > bad.logme


def drawn_targets(measure: str) -> np.ndarray:
    """Of 120 examples: rare and common classes, labels that overlap, or two numbers in units of their own."""
    draws = np.random.default_rng(2)
    if measure == BALANCED_ACCURACY:
        return np.eye(3, dtype=np.float32)[draws.choice(3, size=120, p=[0.7, 0.2, 0.1])]
    if measure == AVERAGE_PRECISION:
        return (draws.random((120, 3)) < [0.5, 0.3, 0.1]).astype(np.float32)
    return draws.normal(size=(120, 2)) * [1.0, 1000.0] + [0.0, 5000.0]


@pytest.mark.parametrize(
    ("measure", "guessed"), [(BALANCED_ACCURACY, 1 / 3), (AVERAGE_PRECISION, 0.3), (R2, 0.0)], ids=str
)
def test_every_measure_tells_good_features_from_noise_and_from_none(measure, guessed):
    targets = drawn_targets(measure)
    scaled = (targets - targets.mean(axis=0)) / targets.std(axis=0)
    told = noise(120) + 4 * np.pad(scaled, ((0, 0), (0, 8 - targets.shape[1])))
    good, bad, none = (
        score_features(features, targets, groups=np.arange(120), seed=0, measure=measure)
        for features in (told, noise(120), np.ones((120, 4), np.float32))
    )
    assert good.probe_score > 0.8
    assert good.knn_score > 0.7
    assert good.probe_low > bad.probe_high
    assert bad.probe_low < bad.probe_score < bad.probe_high
    assert good.logme > bad.logme
    assert bad.probe_score == pytest.approx(guessed, abs=0.2)
    assert none.probe_score == pytest.approx(guessed, abs=0.15)


@pytest.mark.parametrize("measure", [BALANCED_ACCURACY, AVERAGE_PRECISION, R2])
def test_groups_stay_on_one_side_whatever_is_measured(measure):
    targets = np.repeat(drawn_targets(measure)[:50], 2, axis=0)
    features = np.repeat(noise(50, num_features=60), 2, axis=0)
    pairs = np.repeat(np.arange(50), 2)
    apart = score_features(features, targets, groups=np.arange(100), seed=0, measure=measure)
    together = score_features(features, targets, groups=pairs, seed=0, measure=measure)
    assert together.probe_score < apart.probe_score - 0.1
    assert together.knn_score < apart.knn_score


def test_scores_are_named_after_what_they_measure():
    scores = score_features(noise(60), drawn_targets(R2)[:60], groups=np.arange(60), seed=0, measure=R2)
    assert list(scores.facts()) == ["probe_r2", "probe_low", "probe_high", "knn_r2", "logme"]
    scores = score_features(noise(9), classes(9), groups=np.arange(9), seed=0)
    assert list(scores.facts()) == ["probe_accuracy", "probe_low", "probe_high", "knn_accuracy", "logme"]


def test_numbers_that_are_all_the_same_are_refused():
    with pytest.raises(ValueError, match="targets that differ"):
        score_features(noise(9), np.full((9, 1), 0.1), groups=np.arange(9), seed=0, measure=R2)


def test_copies_help_only_where_they_are_not_named_as_copies():
    targets = np.repeat(np.eye(3, dtype=np.float32)[np.random.default_rng(1).integers(3, size=40)], 2, axis=0)
    features = np.repeat(noise(40, num_features=200), 2, axis=0)
    pairs = np.repeat(np.arange(40), 2)
    apart = score_features(features, targets, groups=np.arange(80), seed=0)
    together = score_features(features, targets, groups=pairs, seed=0)
    assert together.knn_score < apart.knn_score
    assert together.probe_score < apart.probe_score


@pytest.mark.parametrize("num_examples", [9, 12])
def test_few_examples_get_fewer_folds(num_examples):
    targets = classes(num_examples)
    score = score_features(10 * targets, targets, groups=np.arange(num_examples), seed=0)
    assert score.probe_score == 1.0


def test_too_few_separate_examples_are_refused():
    targets = classes(6)
    with pytest.raises(ValueError, match=r"a class with 3 separate examples\. Received: 2"):
        score_features(noise(6), targets, groups=np.arange(6), seed=0)
