"""Limits hold on new examples as often as they say, whatever the scores look like."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.trust import DEFAULT_COVERAGE, Thresholds, upper_quantile

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=60).map(sorted)
SHARES = st.floats(0.01, 0.99)


@given(SCORES, SHARES)
def test_a_new_score_of_the_same_kind_stays_below_with_the_probability_asked_for(scores, share):
    """Whichever of n + 1 scores is the new one, the quantile of the others holds it often enough."""
    held = [
        score <= upper_quantile(np.array(scores[:place] + scores[place + 1 :]), share)
        for place, score in enumerate(scores)
    ]
    assert np.mean(held) >= share - 1e-9


@given(SCORES, SHARES)
def test_without_equal_scores_it_is_not_held_more_often_than_one_example_more(scores, share):
    scores = sorted(set(scores))
    held = [
        score <= upper_quantile(np.array(scores[:place] + scores[place + 1 :]), share)
        for place, score in enumerate(scores)
    ]
    assert np.mean(held) <= share + 1 / len(scores) + 1e-9


@given(SCORES, SHARES, SHARES)
def test_a_larger_share_has_a_higher_limit(scores, share, other):
    low, high = sorted((share, other))
    assert upper_quantile(np.array(scores), low) <= upper_quantile(np.array(scores), high)


def test_too_few_scores_promise_nothing():
    assert upper_quantile(np.array([0.1, 0.2]), 0.9) == math.inf
    assert upper_quantile(np.array([]), 0.5) == math.inf
    assert upper_quantile(np.arange(8) / 10, 0.9) == math.inf
    assert upper_quantile(np.arange(9) / 10, 0.9) == 0.8


def test_the_rank_is_not_rounded_up_by_floating_point():
    assert upper_quantile(np.arange(99.0), 0.9) == 89.0  # 0.9 * 100 is the 90th


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.5, math.nan])
def test_a_share_that_is_no_probability_is_refused(share):
    with pytest.raises(ValueError, match="above 0 and below 1"):
        upper_quantile(np.array([0.5]), share)


def test_sets_hold_the_truth_as_often_as_promised_and_are_no_larger_than_needed():
    noise, covered = np.random.default_rng(0), []
    for _ in range(200):
        own = noise.dirichlet((4, 1, 1), size=150)
        true = (noise.random((150, 1)) > own.cumsum(axis=1)[:, :-1]).sum(axis=1)
        nonconformity = 1 - own[np.arange(150), true]
        thresholds = Thresholds.from_scores(nonconformity[:100], np.zeros(100))
        covered.append((own[100:][np.arange(50), true[100:]] >= thresholds.lowest_probability()).mean())
    assert np.mean(covered) == pytest.approx(DEFAULT_COVERAGE, abs=0.012)


def test_scores_are_sorted_and_limits_follow_from_them():
    thresholds = Thresholds.from_scores([0.4, 0.1, 0.2, 0.3], [5, 3, 4, 1])
    assert thresholds.nonconformity.tolist() == [0.1, 0.2, 0.3, 0.4]
    assert thresholds.foreign_scores.tolist() == [1, 3, 4, 5]
    assert thresholds.lowest_probability(0.8) == pytest.approx(0.6)
    assert thresholds.lowest_probability(0.9) == -math.inf  # every class
    assert thresholds.highest_familiar_score(0.4) == 3
    assert thresholds.highest_familiar_score() == math.inf  # nothing is foreign
