"""A report's tables, its file, its words and its list of mistakes."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn import metrics as sk

from headstart.errors import PredictionsError, RunDamagedError
from headstart.evaluation import (
    Report,
    evaluate_classification,
    evaluate_multi_label,
    headline,
    limits,
    most_confident_label_mistakes,
    most_confident_mistakes,
)
from headstart.evaluation.multi_label import MULTI_LABEL_METRICS
from headstart.evaluation.single_label import SINGLE_LABEL_METRICS
from headstart.evaluation.wording import METRIC_WORDS, calibration_words, duration, formatted

NAMES = ("猫", "a & <b>", "$5", "never seen")


def single_label_report(num_examples: int = 120) -> tuple[np.ndarray, np.ndarray, Report]:
    rng = np.random.default_rng(0)
    targets = np.arange(num_examples) % 3
    probabilities = rng.dirichlet([1.0] * 4, num_examples) / 2 + np.eye(4)[targets] / 2
    probabilities[::5] = probabilities[::5, [1, 2, 0, 3]]
    report = evaluate_classification(probabilities, targets, NAMES, baseline_targets=targets, num_resamples=50)
    return probabilities, targets, report


def multi_label_report() -> tuple[np.ndarray, np.ndarray, Report]:
    rng = np.random.default_rng(1)
    probabilities = rng.random((80, 4))
    targets = (rng.random((80, 4)) < probabilities).astype(int)
    report = evaluate_multi_label(probabilities, targets, NAMES, baseline_targets=targets, num_resamples=50)
    return probabilities, targets, report


def answered(right: int, total: int, *, classes: int = 2) -> Report:
    """Report of `total` examples of the first class, of which the first `right` are recognised."""
    probabilities = np.eye(classes)[[0] * right + [1] * (total - right)]
    return evaluate_classification(
        probabilities, np.zeros(total, int), [f"kind {number}" for number in range(classes)], baseline_targets=np.r_[1]
    )


def assert_table_of(per_class: pd.DataFrame, targets, predicted, **labels) -> None:
    expected = sk.precision_recall_fscore_support(targets, predicted, zero_division=np.nan, **labels)
    for column, numbers in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        np.testing.assert_allclose(per_class[column], numbers, err_msg=column)


def test_the_table_of_classes_is_that_of_scikit_learn_with_wilson_intervals():
    probabilities, targets, report = single_label_report()
    predicted = probabilities.argmax(axis=1)
    assert report.per_class["class"].tolist() == list(NAMES)
    assert_table_of(report.per_class, targets, predicted, labels=range(4))
    np.testing.assert_array_equal(report.confusion, sk.confusion_matrix(targets, predicted, labels=range(4)))
    for row, hits in zip(report.per_class.to_dict("records")[:3], report.confusion.diagonal(), strict=False):
        interval = binomtest(int(hits), row["support"]).proportion_ci(method="wilson")
        assert (row["recall_low"], row["recall_high"]) == pytest.approx((interval.low, interval.high))


def test_the_table_of_labels_is_that_of_scikit_learn():
    probabilities, targets, report = multi_label_report()
    predicted = probabilities >= 0.5
    assert_table_of(report.per_class, targets, predicted)
    np.testing.assert_array_equal(report.confusion, sk.multilabel_confusion_matrix(targets, predicted))


def test_the_calibration_table_counts_and_averages_each_bin():
    confidence = np.array([1.0, 0.95, 0.95, 0.8, 0.75, 0.74])  # 0.8 is the upper edge of the twelfth bin
    correct = np.array([True, True, False, True, False, True])
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    report = evaluate_classification(probabilities, 1 - correct, "ab", baseline_targets=np.array([0]))
    table = report.calibration
    np.testing.assert_allclose(table["high"], np.arange(1, 16) / 15)
    np.testing.assert_allclose(table["low"], np.arange(15) / 15)
    assert table["num_examples"].tolist() == [0] * 11 + [3, 0, 0, 3]
    assert table.loc[[11, 14], "confidence"].tolist() == pytest.approx([2.29 / 3, 2.9 / 3])
    assert table.loc[[11, 14], "accuracy"].tolist() == pytest.approx([2 / 3, 2 / 3])
    assert table.loc[table["num_examples"] == 0, ["confidence", "accuracy"]].isna().all(axis=None)


@pytest.mark.parametrize("edge", range(1, 15))
def test_a_confidence_on_an_edge_belongs_below_it_and_the_next_number_above(edge):
    on_edge = edge / 15
    several = np.array([[on_edge, np.nextafter(on_edge, 1)]]) if on_edge > 0.5 else None
    if several is None:
        several = 1 - np.array([[1 - on_edge, 1 - on_edge]])
    report = evaluate_multi_label(several, np.ones((1, 2), int), "ab", baseline_targets=np.ones((1, 2), int))
    filled = report.calibration[report.calibration["num_examples"] > 0]
    assert filled["num_examples"].sum() == 2
    assert (filled["low"] < filled["confidence"]).all()
    assert (filled["confidence"] <= filled["high"]).all()


@pytest.mark.parametrize("make", [single_label_report, multi_label_report])
def test_a_report_survives_its_file(make, tmp_path):
    *_, report = make()
    report.write(tmp_path / "report.json")
    read = Report.read(tmp_path / "report.json")
    assert read.to_json() == report.to_json()
    assert (read.kind, read.class_names, read.num_examples) == (report.kind, NAMES, report.num_examples)
    assert read.metrics == report.metrics
    assert read.main_metric.name == ("accuracy" if make is single_label_report else "subset_accuracy")
    pd.testing.assert_frame_equal(read.per_class, report.per_class)
    pd.testing.assert_frame_equal(read.calibration, report.calibration)
    np.testing.assert_array_equal(read.confusion, report.confusion)


def test_what_is_undefined_is_null_in_the_file_and_nan_when_read(tmp_path):
    answered(3, 3).write(tmp_path / "report.json")
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert json.loads(text)["format_version"] == 1
    assert json.loads(text)["metrics"]["roc_auc"]["value"] is None
    assert math.isnan(Report.read(tmp_path / "report.json").metrics["roc_auc"].value)


BROKEN = {
    "cut off": lambda text: text[:100],
    "of a later version": lambda text: text.replace('"format_version": 1', '"format_version": 2'),
    "without a version": lambda text: text.replace("format_version", "version"),
    "a list": lambda text: "[1]",
    "without confusion": lambda text: text.replace('"confusion"', '"confused"'),
    "with an unknown field": lambda text: text.replace('"baseline"', '"basis"'),
}


@pytest.mark.parametrize("harm", BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_no_report_is_refused_by_its_path(harm, tmp_path):
    path = tmp_path / "report.json"
    answered(3, 4).write(path)
    Report.read(path)
    path.write_text(harm(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(RunDamagedError, match=r"report\.json"):
        Report.read(path)


def test_the_headline_states_the_result_its_doubt_and_the_baseline():
    *_, report = single_label_report()
    accuracy = replace(report.main_metric, value=0.874, low=0.8, high=0.9991, baseline=1 / 3)
    report = replace(report, metrics={"accuracy": accuracy})
    assert headline(report) == (
        "Recognises 4 kinds; right on 87 of 100 new pictures (95 % interval 80–99.9); "
        "guessing the commonest class would be right on 33."
    )
    *_, several = multi_label_report()
    assert headline(several).startswith("Recognises 4 labels; every label right on ")


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_nothing_but_none_and_all_is_called_0_and_100_of_100(share):
    *_, report = REPORT
    accuracy = replace(report.main_metric, value=share, low=0.0, high=1.0)
    said = headline(replace(report, metrics={"accuracy": accuracy}))
    assert "right on 0 of" not in said
    assert "right on 100 of" not in said
    assert "interval 0–100" in said


REPORT = single_label_report()


def test_a_good_result_on_enough_pictures_has_no_limits_but_absent_classes():
    *_, report = single_label_report()
    assert limits(report) == ["No test picture shows never seen: nothing is known about these."]


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (answered(30, 40), "The test set has only 40 pictures"),
        (answered(1, 1), "The test set has only 1 picture:"),
        (answered(150, 150), "All of 150 test pictures are right"),
        (answered(150, 150), "between 98 and 100 of 100 remain possible"),
        (answered(0, 150), "None of 150 test pictures is right"),
        (answered(0, 150), "not clearly better than always giving the commonest answer"),
        (answered(0, 150), "Never recognised: kind 0."),
        (answered(5, 9), "Fewer than 10 test pictures show kind 0: their"),
        (answered(5, 9, classes=9), "shows kind 1, kind 2, kind 3, kind 4, kind 5, kind 6 and 2 more: nothing"),
    ],
)
def test_limits_say_what_the_numbers_cannot(report, sentence):
    assert sum(sentence in limit for limit in limits(report)) == 1


def test_a_narrow_interval_of_a_mixed_result_is_not_called_all_right():
    report = evaluate_classification(
        np.eye(2)[[0, 1]], np.array([0, 0]), "ab", baseline_targets=np.array([0]), num_resamples=1
    )
    assert report.main_metric.low == report.main_metric.high
    assert not any(limit.startswith(("All of", "None of")) for limit in limits(report))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.04, "0.0 s"), (9.4, "9.4 s"), (9.7, "10 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (185, "3 min 5 s")]
    + [(3599.7, "1 h 0 min"), (4320, "1 h 12 min"), (100 * 3600, "100 h 0 min")],
)
def test_durations_are_said_in_two_units_at_most(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("right", "verdict"), [(70, "too sure"), (90, "can be taken at its word"), (100, "too modest")]
)
def test_calibration_is_said_in_words(right, verdict):
    probabilities = np.tile([0.9, 0.1], (100, 1))
    targets = (np.arange(100) >= right).astype(int)
    report = evaluate_classification(probabilities, targets, "ab", baseline_targets=targets)
    assert calibration_words(report).endswith(f"{verdict}.")
    assert f"claims 90 % confidence and is right {right} % of the time" in calibration_words(report)


def test_every_metric_has_words_and_shares_of_pictures_are_per_cent():
    assert {*SINGLE_LABEL_METRICS, *MULTI_LABEL_METRICS} == set(METRIC_WORDS)
    *_, report = REPORT
    assert formatted(report.metrics["accuracy"], 0.8765) == "87.6 %"
    assert formatted(report.metrics["log_loss"], 0.8765) == "0.876"
    assert formatted(report.metrics["roc_auc"], math.nan) == "–"


def test_mistakes_come_surest_first_and_equals_in_their_order():
    probabilities = np.array([[0.6, 0.4], [0.9, 0.1], [0.3, 0.7], [0.9, 0.1], [0.2, 0.8], [0.0, 1.0]])
    targets = np.array([1, 1, 0, 1, 1, 1])
    found = most_confident_mistakes(probabilities, targets)
    assert found["example"].tolist() == [1, 3, 2, 0]
    assert found["predicted"].tolist() == [0, 0, 1, 0]
    assert found["true"].tolist() == [1, 1, 0, 1]
    assert found["probability"].tolist() == pytest.approx([0.9, 0.9, 0.7, 0.6])
    assert most_confident_mistakes(probabilities, targets, limit=2).equals(found.head(2))
    assert most_confident_mistakes(np.eye(2), np.array([0, 1])).empty


def test_wrong_yes_and_wrong_no_of_labels_are_both_mistakes():
    probabilities = np.array([[0.9, 0.5, 0.1], [0.05, 0.2, 0.7]])
    found = most_confident_label_mistakes(probabilities, np.array([[0, 0, 0], [1, 0, 1]]))
    assert found[["example", "label", "true", "predicted"]].to_numpy().tolist() == [
        [1, 0, 1, 0],
        [0, 0, 0, 1],
        [0, 1, 0, 1],
    ]
    assert found["probability"].tolist() == pytest.approx([0.95, 0.9, 0.5])


def test_mistakes_of_bad_predictions_are_refused():
    with pytest.raises(PredictionsError):
        most_confident_mistakes(np.eye(2), np.array([0, 2]))
    with pytest.raises(PredictionsError):
        most_confident_label_mistakes(np.eye(2), np.array([0, 1]))
