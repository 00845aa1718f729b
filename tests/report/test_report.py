"""A report's tables, its file and its list of mistakes."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn import metrics as sk

from headstart.errors import PredictionsError, RunDamagedError
from headstart.report import Report
from headstart.tasks import (
    evaluate_classification,
    evaluate_multi_label,
    most_confident_label_mistakes,
    most_confident_mistakes,
)
from headstart.trust.reliability import bin_indices

NAMES = ("猫", "a & <b>", "$5", "never seen")


def single_label_report() -> tuple[np.ndarray, np.ndarray, Report]:
    rng = np.random.default_rng(0)
    targets = np.arange(120) % 3
    probabilities = rng.dirichlet([1.0] * 4, 120) / 2 + np.eye(4)[targets] / 2
    probabilities[::5] = probabilities[::5, [1, 2, 0, 3]]
    report = evaluate_classification(probabilities, targets, NAMES, baseline_targets=targets, num_resamples=50)
    return probabilities, targets, report


def multi_label_report() -> tuple[np.ndarray, np.ndarray, Report]:
    rng = np.random.default_rng(1)
    probabilities = rng.random((80, 4))
    targets = (rng.random((80, 4)) < probabilities).astype(int)
    report = evaluate_multi_label(probabilities, targets, NAMES, baseline_targets=targets, num_resamples=50)
    return probabilities, targets, report


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


def test_a_confidence_on_an_edge_belongs_to_the_bin_below_it():
    edges = np.arange(1, 15) / 15
    assert bin_indices(edges).tolist() == list(range(14))
    assert bin_indices(np.nextafter(edges, 1)).tolist() == list(range(1, 15))
    assert bin_indices(np.array([0.0, 1.0])).tolist() == [0, 14]


@pytest.mark.parametrize("make", [single_label_report, multi_label_report])
def test_a_report_survives_its_file(make, tmp_path):
    *_, report = make()
    report.write(tmp_path / "report.json")
    read = Report.read(tmp_path / "report.json")
    assert read.to_json() == report.to_json()
    assert (read.kind, read.class_names, read.num_examples) == (report.kind, NAMES, report.num_examples)
    assert read.metrics == report.metrics
    assert read.main_metric.name == ("accuracy" if make is single_label_report else "subset_accuracy")
    assert '"猫"' in (tmp_path / "report.json").read_text(encoding="utf-8")  # also people read it
    pd.testing.assert_frame_equal(read.per_class, report.per_class)
    pd.testing.assert_frame_equal(read.calibration, report.calibration)
    np.testing.assert_array_equal(read.confusion, report.confusion)


def one_class_report() -> Report:
    return evaluate_classification(np.eye(2), np.array([0, 0]), "ab", baseline_targets=np.array([0]))


def test_what_is_undefined_is_null_in_the_file_and_nan_when_read(tmp_path):
    one_class_report().write(tmp_path / "report.json")
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
    one_class_report().write(path)
    Report.read(path)
    path.write_text(harm(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(RunDamagedError, match=r"report\.json"):
        Report.read(path)


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


def test_many_equally_sure_mistakes_stay_in_the_order_of_the_examples():
    probabilities = np.tile([[0.8, 0.2], [0.9, 0.1]], (50, 1))
    found = most_confident_mistakes(probabilities, np.ones(100, int), limit=80)
    assert found["example"].tolist() == [*range(1, 100, 2), *range(0, 60, 2)]


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


def test_what_a_later_version_adds_to_metrics_and_promises_is_ignored(single_label, tmp_path):
    content = single_label.report.to_json()
    content["metrics"]["accuracy"]["more"] = 1
    content["honesty"]["more"] = 1
    content["honesty"]["covered"]["more"] = 1
    (tmp_path / "report.json").write_text(json.dumps(content))
    assert Report.read(tmp_path / "report.json").to_json() == single_label.report.to_json()
