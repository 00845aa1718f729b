"""Intervals around numbers hold the truth as often as they promise."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.tasks import RegressionIntervals


@settings(max_examples=25, deadline=None)
@given(
    num_validation=st.integers(20, 200),
    coverage=st.floats(0.5, 0.9),
    tail=st.sampled_from([1.5, 3.0, 30.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_intervals_cover_as_often_as_promised_whatever_the_errors(num_validation, coverage, tail, seed):
    random, trials = np.random.default_rng(seed), 2000
    errors = random.standard_t(tail, (trials, num_validation + 1)) * [1e3]
    half_widths = RegressionIntervals.from_predictions(errors[:, :-1].T, np.zeros((num_validation, trials)))
    covered = np.mean(np.abs(errors[:, -1]) <= half_widths.half_widths(coverage))
    slack = 5 * math.sqrt(0.25 / trials)
    assert coverage - slack <= covered <= coverage + 1 / (num_validation + 1) + slack


@given(st.integers(1, 50), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_more_coverage_never_needs_less_width(num_validation, one, other):
    residuals = np.random.default_rng(num_validation).normal(size=(num_validation, 3))
    intervals = RegressionIntervals.from_predictions(residuals, np.zeros_like(residuals))
    assert (intervals.half_widths(min(one, other)) <= intervals.half_widths(max(one, other))).all()


def test_every_number_has_a_width_in_its_own_unit():
    targets = np.arange(18.0).reshape(9, 2)
    intervals = RegressionIntervals.from_predictions(targets + np.array([-2.0, 100.0]), targets)
    assert intervals.half_widths(0.9).tolist() == [2.0, 100.0]
    lower, upper = intervals.bounds(np.array([[5.0, 5.0]]), 0.9)
    assert (lower.tolist(), upper.tolist()) == ([[3.0, -95.0]], [[7.0, 105.0]])


def test_too_few_pictures_promise_nothing():
    intervals = RegressionIntervals.from_predictions(np.zeros((8, 1)), np.ones((8, 1)))
    assert intervals.half_widths(0.9).tolist() == [math.inf]


@pytest.mark.parametrize("shape", [(5,), (4, 1), (5, 2)])
def test_answers_must_fit_the_truths(shape):
    with pytest.raises(ValueError, match="one shape"):
        RegressionIntervals.from_predictions(np.zeros((5, 1)), np.zeros(shape))
