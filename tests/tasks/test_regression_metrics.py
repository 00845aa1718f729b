"""Numbers are scored as scikit-learn does, and their intervals against what they promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from headstart.errors import PredictionsError
from headstart.report import Report
from headstart.tasks import evaluate_regression
from headstart.tasks.regression.metrics import regression_scores

NAMES = ("age", "height")


def answered(count: int = 60, *, outputs: int = 2, **settings) -> tuple[np.ndarray, np.ndarray, Report]:
    noise = np.random.default_rng(3)
    targets = noise.normal([40, 170][:outputs], [12, 9][:outputs], (count, outputs))
    predictions = targets + noise.normal(0, 4, targets.shape)
    report = evaluate_regression(
        predictions, targets, NAMES[:outputs], baseline_targets=targets[: count // 2], num_resamples=200, **settings
    )
    return predictions, targets, report


def test_metrics_are_those_of_scikit_learn():
    predictions, targets, report = answered()
    expected = {
        "mean_absolute_error": sk.mean_absolute_error(targets, predictions),
        "root_mean_squared_error": sk.root_mean_squared_error(targets, predictions),
        "r2": sk.r2_score(targets, predictions),
        "median_absolute_error": sk.median_absolute_error(targets, predictions),
    }
    assert {name: metric.value for name, metric in report.metrics.items()} == pytest.approx(expected)
    assert report.main_metric.name == "mean_absolute_error"
    each = sk.r2_score(targets, predictions, multioutput="raw_values")
    np.testing.assert_allclose(report.per_class["r2"], each)


def test_the_baseline_answers_with_the_mean_of_training():
    _, targets, report = answered()
    mean = np.tile(targets[:30].mean(axis=0), (60, 1))
    assert report.metrics["mean_absolute_error"].baseline == pytest.approx(sk.mean_absolute_error(targets, mean))
    assert report.metrics["r2"].baseline == pytest.approx(sk.r2_score(targets, mean))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=7).filter(any), st.integers(0, 5))
def test_weights_are_repetitions(counts, seed):
    noise = np.random.default_rng(seed)
    targets, errors = noise.normal(1e3, 5, (2, len(counts), 2))
    repeated = np.repeat(np.arange(len(counts)), counts)
    weighted = regression_scores(errors, targets, np.array([counts], float))
    plain = regression_scores(errors[repeated], targets[repeated], np.ones((1, len(repeated))))
    np.testing.assert_allclose(weighted, plain, rtol=1e-6)


def test_intervals_surround_the_value_and_equal_targets_leave_r2_undefined():
    _, _, report = answered()
    assert all(metric.low < metric.value < metric.high for metric in report.metrics.values())
    flat = np.full((5, 1), 3.0)
    same = evaluate_regression(flat + 1, flat, ("x",), baseline_targets=flat, num_resamples=10)
    assert np.isnan(same.metrics["r2"].value)
    assert same.metrics["mean_absolute_error"].value == 1


def test_half_widths_are_held_against_what_they_promise():
    predictions, targets, report = answered(interval_half_width=np.array([4.0, 1e9]), coverage=0.9)
    table = report.tables["intervals"]
    assert table["covered"].tolist() == [np.mean(abs(predictions - targets)[:, 0] <= 4), 1]
    assert (table["covered_low"] < table["covered"]).all()
    assert table["promised"].tolist() == [0.9, 0.9]
    assert "intervals" not in answered()[2].tables


def test_the_file_holds_the_whole_report(tmp_path):
    _, _, report = answered(interval_half_width=np.array([4.0, 5.0]), coverage=0.9)
    report.write(tmp_path / "report.json")
    again = Report.read(tmp_path / "report.json")
    assert again.confusion.shape == (0, 0)
    assert set(again.tables) == {"answers", "pictures", "intervals"}
    np.testing.assert_allclose(again.tables["answers"]["true"], report.tables["answers"]["true"])
    assert again.main_metric == report.main_metric


def test_the_table_of_answers_stays_small():
    _, _, report = answered(700, outputs=1)
    assert len(report.tables["answers"]) == 500
    assert len(report.tables["pictures"]) == 700


@pytest.mark.parametrize(
    ("predictions", "targets"),
    [
        (np.ones((3, 1)), np.ones((3, 2))),
        (np.ones((2, 2)), np.ones((3, 2))),
        (np.full((3, 2), np.nan), np.ones((3, 2))),
    ],
)
def test_what_cannot_be_scored_is_refused(predictions, targets):
    with pytest.raises(PredictionsError):
        evaluate_regression(predictions, targets, NAMES, baseline_targets=np.ones((3, 2)))
