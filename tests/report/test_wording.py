"""What a report says in words follows from its numbers and claims no more."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.report import Report, headline, limits, trust_facts
from headstart.report.numbers_in_words import METRIC_WORDS, duration, formatted, measured
from headstart.tasks import evaluate_classification, evaluate_multi_label
from headstart.tasks.anomaly.metrics import ANOMALY_METRICS
from headstart.tasks.classification.multi_label import MULTI_LABEL_METRICS
from headstart.tasks.classification.report import calibration_words
from headstart.tasks.classification.single_label import SINGLE_LABEL_METRICS
from headstart.tasks.detection.metrics import DETECTION_METRICS
from headstart.tasks.regression.metrics import REGRESSION_METRICS
from headstart.tasks.segmentation.metrics import SEGMENTATION_METRICS


def answered(right: int, total: int, *, classes: int = 2, num_resamples: int = 100) -> Report:
    """Report of `total` examples of the first class, of which the first `right` are recognised."""
    probabilities = np.eye(classes)[[0] * right + [1] * (total - right)]
    names = [f"kind {number}" for number in range(classes)]
    return evaluate_classification(
        probabilities, np.zeros(total, int), names, baseline_targets=np.array([1]), num_resamples=num_resamples
    )


def with_accuracy(**numbers: float) -> Report:
    report = answered(3, 4)
    return replace(report, metrics={"accuracy": replace(report.main_metric, **numbers)})


def test_the_headline_states_the_result_its_doubt_and_the_baseline():
    assert headline(with_accuracy(value=0.874, low=0.8, high=0.9991, baseline=1 / 3)) == (
        "Distinguishes 2 classes. 87 of 100 new images are classified correctly (95 % interval 80–99.9). "
        "Always predicting the most common class would be correct for 33 of 100."
    )


def test_the_headline_of_several_labels_counts_pictures_with_every_label_right():
    targets = np.array([[1, 0], [1, 0], [1, 1], [0, 1]])
    report = evaluate_multi_label(targets * 0.8, targets[:, [0, 0]], "ab", baseline_targets=targets[:2])
    assert headline(report) == (
        "Recognises 2 labels. 25 of 100 new images get exactly the right labels (95 % interval 0–75). "
        "Always predicting the most common labels would be correct for 0 of 100."
    )


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1.0, "100"),
        (0.9999, "over 99.9"),
        (0.9972, "99.7"),
        (0.994, "99"),
        (0.5, "50"),
        (0.005, "0.5"),
        (0.003, "0.3"),
        (0.0001, "under 0.1"),
        (0.0, "0"),
    ],
)
def test_the_headline_counts_whole_pictures_but_near_none_and_all(share, words):
    assert f" {words} of 100 new images are" in headline(with_accuracy(value=share))


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_nothing_but_none_and_all_is_called_0_and_100_of_100(share):
    said = headline(with_accuracy(value=share, low=0.0, high=1.0))
    assert " 0 of 100 new" not in said
    assert " 100 of 100 new" not in said
    assert "interval 0–100" in said


def test_a_good_result_on_enough_pictures_of_every_class_has_no_limits():
    targets = np.arange(120) % 3
    answers = np.where(np.arange(120) % 7 == 0, (targets + 1) % 3, targets)
    report = evaluate_classification(np.eye(3)[answers], targets, "abc", baseline_targets=targets)
    assert limits(report) == []


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ((30, 40), "The test part has only 40 images"),
        ((1, 1), "The test part has only 1 image."),
        ((150, 150), "All of 150 test images are correct"),
        ((150, 150), "between 98 and 100 of 100."),
        ((0, 150), "None of 150 test images is correct"),
        ((0, 150), "not clearly better than always predicting the most common answer"),
        ((0, 150), "Never predicted correctly: kind 0."),
        ((5, 9), "Fewer than 10 test images for these classes, so their numbers are uncertain: kind 0."),
        ((5, 9, 9), "about them: kind 1, kind 2, kind 3, kind 4, kind 5, kind 6 and 2 more."),
    ],
)
def test_limits_say_what_the_numbers_cannot(case, sentence):
    right, total, *classes = case
    report = answered(right, total, classes=classes[0] if classes else 2)
    assert sum(sentence in limit for limit in limits(report)) == 1


@pytest.mark.parametrize(("num_examples", "few"), [(99, True), (100, False)])
def test_a_test_set_below_a_hundred_pictures_is_called_small(num_examples, few):
    sentences = limits(answered(num_examples // 2, num_examples))
    assert any(f"only {num_examples} images" in sentence for sentence in sentences) == few


def test_a_narrow_interval_of_a_mixed_result_is_not_called_all_right():
    report = answered(1, 2, num_resamples=1)
    assert report.main_metric.low == report.main_metric.high
    assert not any(limit.startswith(("All of", "None of")) for limit in limits(report))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (9.4, "9.4 s"),
        (9.7, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3599.7, "1 h 0 min"),
        (4320, "1 h 12 min"),
    ],
)
def test_durations_are_said_in_two_units_at_most(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(("right", "verdict"), [(70, "overconfident"), (90, "is reliable"), (100, "underconfident")])
def test_calibration_is_said_in_words(right, verdict):
    probabilities = np.tile([0.9, 0.1], (100, 1))
    targets = (np.arange(100) >= right).astype(int)
    report = evaluate_classification(probabilities, targets, "ab", baseline_targets=targets)
    assert calibration_words(report).endswith(f"{verdict}.")
    assert f"average confidence is 90 %, and {right} % of the predictions are correct" in calibration_words(report)


def test_confidence_that_is_right_only_on_average_is_not_called_honest():
    """Half of the answers claim 99 % and half 61 %; both halves are right 80 % of the time."""
    probabilities = np.repeat([[0.99, 0.01], [0.61, 0.39]], 100, axis=0)
    targets = (np.arange(200) % 5 == 0).astype(int)
    words = calibration_words(evaluate_classification(probabilities, targets, "ab", baseline_targets=targets))
    assert "is reliable" not in words
    assert (
        "agree only on average: for predictions of equal confidence, confidence and accuracy differ by 19 percentage"
        in words
    )


def test_the_baseline_of_the_calibration_error_has_no_rounding_noise():
    targets = np.arange(20) % 3
    report = evaluate_classification(np.tile([0.5, 0.3, 0.2], (20, 1)), targets, "abc", baseline_targets=targets)
    assert report.metrics["expected_calibration_error"].baseline == 0


def test_every_metric_has_words_and_shares_of_pictures_are_per_cent():
    further = {*REGRESSION_METRICS, *SEGMENTATION_METRICS, *DETECTION_METRICS, *ANOMALY_METRICS}
    assert {*SINGLE_LABEL_METRICS, *MULTI_LABEL_METRICS, *further} == set(METRIC_WORDS)
    report = answered(3, 4)
    assert formatted(report.metrics["accuracy"], 0.8765) == "87.6 %"
    assert formatted(report.metrics["log_loss"], 0.8765) == "0.876"
    assert formatted(report.metrics["roc_auc"], math.nan) == "–"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (3.14159, "3.14"),
        (41.66, "41.7"),
        (123456.7, "123,457"),
        (0.00123, "0.00123"),
        (-2.5, "-2.50"),
        (1e-7, "1.00e-07"),
        (math.nan, "–"),
    ],
)
def test_numbers_in_the_users_unit_have_three_digits(value, words):
    assert measured(value) == words


@pytest.mark.parametrize(
    ("kind", "beginning"),
    [
        (
            "detection",
            r"Detects objects of 3 classes. \d+ of 100 objects in new images are found. \d+ of 100 predicted boxes",
        ),
        (
            "segmentation",
            r"Assigns one of 4 classes to every pixel. \d+ of 100 pixels of new images are classified correctly.",
        ),
        (
            "regression",
            r"Predicts 2 numbers. The average error on new images is [\d.]+ \(95 % interval [\d.]+–[\d.]+\). Always",
        ),
    ],
)
def test_the_headline_of_every_kind_states_the_result_and_its_doubt(request, kind, beginning):
    report = request.getfixturevalue(kind).report
    assert re.match(beginning, headline(report))


def test_no_clear_gain_is_said_for_errors_too(regression):
    metric = regression.report.main_metric
    poor = replace(metric, value=10.0, low=8.0, high=12.0, baseline=11.0)
    report = replace(regression.report, metrics={metric.name: poor})
    assert "The result is not clearly better than always predicting the mean of the training data." in limits(report)
    assert not [sentence for sentence in limits(regression.report) if "clearly" in sentence]


def test_broken_and_missing_promises_of_intervals_are_said(regression):
    facts = trust_facts(regression.report)
    assert facts["interval of height in cm"] == "none: too few validation images for an interval"
    assert facts["interval of age in years"].startswith("± 8.20; contains the true value with a promised prob")
    table = regression.report.tables["intervals"].assign(covered=0.5, covered_low=0.4, covered_high=0.6)
    broken = limits(replace(regression.report, tables={**regression.report.tables, "intervals": table}))
    assert (
        "The intervals of age in years contain the true value for 50 % of the test images; 90 % was promised." in broken
    )


def test_what_no_test_picture_shows_or_finds_is_said(detection):
    table = detection.report.per_class.assign(support=[0, 4, 50], recall=[math.nan, 0.5, 0.0])
    said = limits(replace(detection.report, per_class=table))
    assert "No test image shows these classes, so nothing is known about them: red cell." in said
    assert "Fewer than 10 test boxes for these classes, so their numbers are uncertain: white cell." in said
    assert "Never predicted correctly: platelet." in said
