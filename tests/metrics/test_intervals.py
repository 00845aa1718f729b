"""Intervals hold what they promise: on simulated test sets whose truth is known, and beside scipy's."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from headstart.metrics import intervals
from headstart.metrics.intervals import bootstrap_weights, percentile_interval, resampled_scores, wilson_interval
from headstart.tasks import evaluate_classification, evaluate_multi_label


def weights_of(num_examples: int, *, num_resamples: int, seed: int = 0) -> np.ndarray:
    return np.concatenate(list(bootstrap_weights(num_examples, num_resamples=num_resamples, seed=seed)))


def share(correct: np.ndarray):
    return lambda weights: weights @ correct / weights.sum(axis=1)


def simulated(num_examples: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Honest probabilities of three classes, and targets drawn from them."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet([0.4, 0.4, 0.4], num_examples)
    return probabilities, (rng.random(num_examples)[:, None] > probabilities.cumsum(axis=1)).sum(axis=1)


def report_of(probabilities: np.ndarray, targets: np.ndarray, *, seed: int = 0):
    return evaluate_classification(probabilities, targets, "abc", baseline_targets=targets, seed=seed)


def ends(report) -> list[tuple[float, float]]:
    return [(metric.low, metric.high) for metric in report.metrics.values()]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 50), st.integers(1, 30), st.integers(0, 2**31))
def test_a_resample_has_as_many_examples_as_the_test_set(num_examples, num_resamples, seed):
    weights = weights_of(num_examples, num_resamples=num_resamples, seed=seed)
    assert weights.shape == (num_resamples, num_examples)
    assert (weights.sum(axis=1) == num_examples).all()
    assert (weights >= 0).all()
    assert (weights == weights.astype(int)).all()


def test_every_example_is_drawn_alike():
    weights = weights_of(20, num_resamples=20_000)
    # One draw in 20, 20 times: mean 1, variance 1 - 1/20. Five standard errors are 0.035 of the mean.
    np.testing.assert_allclose(weights.mean(axis=0), 1.0, atol=0.035)
    np.testing.assert_allclose(weights.var(axis=0), 0.95, atol=0.07)


def test_a_test_set_of_any_size_is_resampled_in_chunks_of_bounded_size(monkeypatch):
    whole = weights_of(30, num_resamples=25)
    monkeypatch.setattr(intervals, "WEIGHTS_PER_CHUNK", 100)
    chunks = list(bootstrap_weights(30, num_resamples=25, seed=0))
    assert [len(chunk) for chunk in chunks] == [3] * 8 + [1]
    assert np.array_equal(np.concatenate(chunks), whole)
    monkeypatch.setattr(intervals, "WEIGHTS_PER_CHUNK", 1)
    assert resampled_scores(share(np.ones(30)), num_examples=30, num_resamples=4, seed=0).tolist() == [1.0] * 4


def test_several_scores_are_resampled_at_once():
    correct = np.array([1.0, 0.0, 1.0, 1.0])
    found = resampled_scores(
        lambda weights: np.stack([share(correct)(weights), share(1 - correct)(weights)]),
        num_examples=4,
        num_resamples=50,
        seed=3,
    )
    assert found.shape == (2, 50)
    np.testing.assert_allclose(found.sum(axis=0), 1.0)
    assert np.ptp(found[0]) > 0


def test_an_interval_is_the_middle_of_the_resampled_values():
    values = np.random.default_rng(0).permutation(np.arange(1001.0))
    assert percentile_interval(values) == pytest.approx((25.0, 975.0))


def test_undefined_resamples_do_not_move_an_interval():
    values = np.arange(100.0)
    holes = np.concatenate([values, [np.nan] * 40])
    assert percentile_interval(holes) == percentile_interval(values)
    assert all(math.isnan(end) for end in percentile_interval(np.full(5, np.nan)))


@pytest.mark.parametrize("seed", range(5))
def test_intervals_contain_the_value(seed):
    report = report_of(*simulated(150, seed=seed), seed=seed)
    # The calibration error leans upwards in resamples, as its docstring warns.
    for metric in report.metrics.values():
        if metric.name != "expected_calibration_error":
            assert metric.low < metric.value < metric.high, metric


def test_intervals_of_several_labels_contain_the_value():
    rng = np.random.default_rng(0)
    probabilities = rng.random((150, 4))
    targets = (rng.random((150, 4)) < probabilities).astype(int)
    report = evaluate_multi_label(probabilities, targets, "abcd", baseline_targets=targets)
    for metric in report.metrics.values():
        if metric.name != "expected_calibration_error":
            assert metric.low < metric.value < metric.high, metric


def test_the_same_seed_gives_the_same_intervals_and_another_does_not():
    probabilities, targets = simulated(60)
    first = report_of(probabilities, targets, seed=4)
    assert ends(report_of(probabilities, targets, seed=4)) == ends(first)
    other = report_of(probabilities, targets, seed=5)
    assert all(one != two for one, two in zip(ends(other), ends(first), strict=True))
    assert [m.value for m in other.metrics.values()] == [m.value for m in first.metrics.values()]


def test_intervals_shrink_with_the_root_of_the_number_of_examples():
    probabilities, targets = simulated(100)
    small = report_of(probabilities, targets)
    large = report_of(np.tile(probabilities, (16, 1)), np.tile(targets, 16))
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "roc_auc"):
        wide, narrow = small.metrics[name], large.metrics[name]
        assert narrow.value == pytest.approx(wide.value)
        assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(4, rel=0.2), name


def test_intervals_cover_the_truth_about_95_times_of_100():
    truth, num_examples, num_test_sets = 0.8, 100, 500
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(num_test_sets):
        correct = (rng.random(num_examples) < truth).astype(float)
        values = resampled_scores(share(correct), num_examples=num_examples, num_resamples=500, seed=seed)
        low, high = percentile_interval(values)
        covered += low <= truth <= high
    # The percentile bootstrap of 100 yes and no covers some 94 %; three standard errors of 500 trials are 3 %.
    assert 0.91 <= covered / num_test_sets <= 0.98


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 2000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_wilson_intervals_are_those_of_scipy(case):
    successes, trials = case
    low, high = wilson_interval(successes, trials)
    expected = binomtest(successes, trials).proportion_ci(confidence_level=0.95, method="wilson")
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= successes / trials + 1e-12
    assert successes / trials - 1e-12 <= high <= 1


def test_wilson_intervals_keep_the_shape_and_know_nothing_without_trials():
    low, high = wilson_interval([[0, 1], [3, 0]], [[4, 4], [3, 0]])
    assert low.shape == high.shape == (2, 2)
    assert np.isnan([low[1, 1], high[1, 1]]).all()
    assert low[0, 0] == 0.0
    assert 0.3 < low[1, 0] < 0.5  # three of three prove little
    assert high[1, 0] == pytest.approx(1.0)
