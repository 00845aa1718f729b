"""What points where no training picture points is foreign, however long its features are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.decomposition import TruncatedSVD

from headstart.trust.out_of_distribution import MAX_RANK, fit_directions, share_outside

FEATURES = st.tuples(st.integers(1, 30), st.integers(1, 12)).flatmap(
    lambda shape: arrays("float64", shape, elements=st.floats(-100, 100, width=32))
)


def some(num_examples, num_features, *, rank, seed=0):
    """Features in a few directions, with a little of everything."""
    noise = np.random.default_rng(seed)
    within = noise.normal(size=(num_examples, rank)) @ noise.normal(size=(rank, num_features))
    return within + 0.1 * noise.normal(size=within.shape)


@given(FEATURES)
def test_directions_are_orthonormal_and_scores_are_shares(features):
    directions = fit_directions(features)
    rank = directions.shape[1]
    assert 1 <= rank <= min(MAX_RANK, max(len(features) // 2, 1), max(features.shape[1] // 2, 1))
    if features.any():
        np.testing.assert_allclose(directions.T @ directions, np.eye(rank), atol=1e-5)
    scores = share_outside(features, directions)
    assert ((scores >= 0) & (scores <= 1)).all()


@given(FEATURES.filter(lambda features: features.any()), st.floats(0.01, 100))
def test_the_length_of_features_does_not_count(features, factor):
    directions = fit_directions(features)
    moving = np.linalg.norm(features, axis=1) > 1e-3
    scores, longer = (share_outside(rows[moving], directions) for rows in (features, factor * features))
    np.testing.assert_allclose(longer, scores, atol=1e-9)


@pytest.mark.parametrize("shape", [(300, 40), (50, 200)])
def test_directions_are_those_of_scikit_learn(shape):
    """The uncentred decomposition of rows of length 1, whether there are more rows or more features."""
    features = some(*shape, rank=8)
    directions = fit_directions(features)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    expected = TruncatedSVD(directions.shape[1], algorithm="arpack").fit(unit).components_.T
    np.testing.assert_allclose(directions @ directions.T, expected @ expected.T, atol=1e-6)


def test_the_score_is_the_squared_distance_of_unit_features_to_the_directions():
    features, others = some(100, 30, rank=5), some(20, 30, rank=30, seed=1)
    directions = fit_directions(features)
    unit = others / np.linalg.norm(others, axis=1, keepdims=True)
    nearest = unit @ directions @ directions.T
    np.testing.assert_allclose(share_outside(others, directions), ((unit - nearest) ** 2).sum(axis=1), atol=1e-12)


def test_other_directions_are_stranger_than_new_examples_of_the_same_kind():
    features = some(400, 100, rank=20)
    training, own = features[:300], features[300:]
    foreign = some(100, 100, rank=20, seed=1)
    directions = fit_directions(training)
    assert share_outside(own, directions).max() < share_outside(foreign, directions).min()


def test_features_that_are_all_0_are_strange():
    directions = fit_directions(some(10, 6, rank=2))
    assert share_outside(np.zeros((2, 6)), directions).tolist() == [1.0, 1.0]


def test_rows_of_nothing_do_not_count():
    features = some(40, 10, rank=3)
    directions, expected = fit_directions(np.vstack([features, np.zeros((4, 10))])), fit_directions(features)
    np.testing.assert_allclose(directions @ directions.T, expected @ expected.T, atol=1e-9)


def test_copies_of_one_picture_have_one_direction():
    assert fit_directions(np.tile(np.arange(1.0, 9.0), (20, 1))).shape == (8, 1)


@pytest.mark.parametrize("features", [np.zeros((0, 3)), np.zeros(3), np.array([[1.0, np.nan]])])
def test_what_are_no_features_is_refused(features):
    with pytest.raises(ValueError, match="expected finite features"):
        fit_directions(features)
