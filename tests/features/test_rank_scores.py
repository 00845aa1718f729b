"""Scores of features: what they see, and that copies do not help."""

import numpy as np
import pytest

from headstart.features import score_features


def classes(num_examples: int, num_classes: int = 3) -> np.ndarray:
    return np.eye(num_classes, dtype=np.float32)[np.arange(num_examples) % num_classes]


def noise(num_examples: int, *, num_features: int = 8) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(num_examples, num_features)).astype(np.float32)


def test_features_that_tell_classes_apart_score_higher_in_all_three():
    targets = classes(60)
    good = score_features(noise(60) + 8 * np.pad(targets, ((0, 0), (0, 5))), targets, groups=np.arange(60), seed=0)
    bad = score_features(noise(60), targets, groups=np.arange(60), seed=0)
    assert good.probe_accuracy == good.knn_accuracy == 1.0
    assert good.probe_low > bad.probe_high
    assert bad.knn_accuracy < 0.7
    assert good.logme > bad.logme


def test_copies_help_only_where_they_are_not_named_as_copies():
    targets = np.repeat(np.eye(3, dtype=np.float32)[np.random.default_rng(1).integers(3, size=40)], 2, axis=0)
    features = np.repeat(noise(40, num_features=200), 2, axis=0)
    pairs = np.repeat(np.arange(40), 2)
    apart = score_features(features, targets, groups=np.arange(80), seed=0)
    together = score_features(features, targets, groups=pairs, seed=0)
    assert together.knn_accuracy < apart.knn_accuracy
    assert together.probe_accuracy < apart.probe_accuracy


@pytest.mark.parametrize("num_examples", [9, 12])
def test_few_examples_get_fewer_folds(num_examples):
    targets = classes(num_examples)
    score = score_features(10 * targets, targets, groups=np.arange(num_examples), seed=0)
    assert score.probe_accuracy == 1.0


def test_too_few_separate_examples_are_refused():
    targets = classes(6)
    with pytest.raises(ValueError, match=r"a class with 3 separate examples\. Received: 2"):
        score_features(noise(6), targets, groups=np.arange(6), seed=0)
