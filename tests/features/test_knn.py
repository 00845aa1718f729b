"""Leave-one-out votes of cosine neighbours, beside scikit-learn's neighbours."""

import math

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from headstart.features import knn
from headstart.features.knn import knn_accuracy


def examples(num_examples: int = 80, num_classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    classes = rng.integers(num_classes, size=num_examples)
    centres = rng.normal(size=(num_classes, 6))
    return centres[classes] + rng.normal(size=(num_examples, 6)), np.eye(num_classes)[classes]


def slow_accuracy(features: np.ndarray, targets: np.ndarray, k: int) -> float:
    """One example at a time, among scikit-learn's neighbours; nearness decides a tie."""
    classes = targets.argmax(axis=1)
    hits = []
    for index in range(len(features)):
        others = np.delete(np.arange(len(features)), index)
        model = NearestNeighbors(n_neighbors=k, metric="cosine").fit(features[others])
        distances, found = model.kneighbors(features[[index]])
        voters = classes[others][found[0]]
        votes = [((voters == c).sum(), -distances[0][voters == c].sum()) for c in range(targets.shape[1])]
        # As many voices, so that the smaller sum of distances is the larger sum of cosines.
        hits.append(max(range(len(votes)), key=votes.__getitem__) == classes[index])
    return float(np.mean(hits))


@pytest.mark.parametrize("k", [1, 2, 5, 12])
def test_the_accuracy_is_that_of_scikit_learns_neighbours(k):
    features, targets = examples()
    assert knn_accuracy(features, targets, k=k) == pytest.approx(slow_accuracy(features, targets, k))


@pytest.mark.parametrize("numbers", [1, 500])
def test_blocks_do_not_change_the_accuracy(numbers, monkeypatch):
    features, targets = examples()
    whole = knn_accuracy(features, targets)
    monkeypatch.setattr(knn, "NUMBERS_PER_BLOCK", numbers)
    assert knn_accuracy(features, targets) == whole


def test_length_of_features_does_not_matter():
    features, targets = examples()
    lengths = 10.0 ** np.random.default_rng(1).uniform(-3, 3, (len(features), 1))
    assert knn_accuracy(features * lengths, targets) == knn_accuracy(features, targets)


def test_copies_in_one_group_do_not_vote_for_each_other():
    features, targets = np.random.default_rng(0).normal(size=(50, 4)), np.eye(2)[np.arange(50) % 2]
    copies = np.tile(features, (2, 1)), np.tile(targets, (2, 1))
    assert knn_accuracy(*copies, k=1) == 1.0
    groups = np.tile(np.arange(50), 2)
    assert knn_accuracy(*copies, k=1, groups=groups) == knn_accuracy(features, targets, k=1)


def test_fewer_neighbours_vote_where_fewer_are_left():
    features, targets = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]]), np.eye(2)[[0, 0, 1]]
    assert knn_accuracy(features, targets, k=50) == pytest.approx(2 / 3)
    # The first two know only the third and the third knows both.
    assert knn_accuracy(features, targets, k=2, groups=np.array([0, 0, 1])) == 0.0


def test_examples_without_neighbours_do_not_count():
    features, targets = examples(10)
    assert math.isnan(knn_accuracy(features, targets, groups=np.zeros(10)))
    assert math.isnan(knn_accuracy(features[:1], targets[:1]))


def test_a_row_of_zeros_is_no_failure():
    features, targets = examples()
    features[:3] = 0.0
    assert 0 < knn_accuracy(features, targets) < 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"k": 0}, "at least 1"),
        ({"groups": np.zeros(3)}, r"groups of shape \(10,\)"),
        ({"targets": np.full((10, 2), 0.5)}, "one-hot"),
        ({"features": np.full((10, 2), np.inf)}, "finite"),
    ],
)
def test_wrong_examples_are_refused(changes, message):
    features, targets = examples(10)
    with pytest.raises(ValueError, match=message):
        knn_accuracy(**({"features": features, "targets": targets} | changes))
