"""Every number of a report against scikit-learn, on the examples as they are and on resamples of them."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as sk

from headstart.errors import PredictionsError
from headstart.metrics.intervals import bootstrap_weights
from headstart.tasks import evaluate_classification, evaluate_multi_label
from headstart.tasks.classification.multi_label import MULTI_LABEL_METRICS, MultiLabelAnswers
from headstart.tasks.classification.single_label import SINGLE_LABEL_METRICS, SingleLabelAnswers

NUM_VOTES = 32  # shares of a power of two add up to 1 exactly, and often tie
SOFT = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])


def values_of(evaluate, answers) -> dict[str, float]:
    probabilities, targets = answers.probabilities, answers.targets
    names = [f"class {number}" for number in range(probabilities.shape[1])]
    report = evaluate(probabilities, targets, names, baseline_targets=targets, num_resamples=2)
    return {name: metric.value for name, metric in report.metrics.items()}


def assert_same_numbers(found: dict[str, float], expected: dict[str, float]) -> None:
    assert list(found) == list(expected)
    for name, number in expected.items():
        assert found[name] == pytest.approx(number, rel=1e-9, abs=1e-12, nan_ok=True), name


@st.composite
def single_label_answers(draw) -> SingleLabelAnswers:
    num_examples, num_classes = draw(st.integers(1, 25)), draw(st.integers(2, 5))
    classes = st.integers(0, num_classes - 1)
    votes = draw(arrays(np.int64, (num_examples, NUM_VOTES - num_classes), elements=classes))
    counts = 1 + np.stack([(votes == index).sum(axis=1) for index in range(num_classes)], axis=1)
    return SingleLabelAnswers(counts / NUM_VOTES, draw(arrays(np.int64, num_examples, elements=classes)))


@st.composite
def multi_label_answers(draw) -> MultiLabelAnswers:
    shape = draw(st.integers(1, 25)), draw(st.integers(2, 4))
    votes = draw(arrays(np.int64, shape, elements=st.integers(1, NUM_VOTES - 1)))
    return MultiLabelAnswers(votes / NUM_VOTES, draw(arrays(np.int64, shape, elements=st.integers(0, 1))))


def plain_calibration_error(confidence: np.ndarray, correct: np.ndarray) -> float:
    """The definition, bin by bin."""
    error = 0.0
    for number in range(15):
        chosen = (confidence > number / 15) & (confidence <= (number + 1) / 15)
        if chosen.any():
            error += chosen.mean() * abs(correct[chosen].mean() - confidence[chosen].mean())
    return error


def mean_over_labels(metric, targets: np.ndarray, scores: np.ndarray, *, needs_negatives: bool) -> float:
    kept = [
        metric(label, score)
        for label, score in zip(targets.T, scores.T, strict=True)
        if label.any() and not (needs_negatives and label.all())
    ]
    return float(np.mean(kept)) if kept else math.nan


def single_label_reference(answers: SingleLabelAnswers) -> dict[str, float]:
    targets, scores = answers.targets, answers.probabilities
    predicted, classes = scores.argmax(axis=1), np.arange(scores.shape[1])
    one_hot = targets[:, None] == classes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of classes that occur in one of the two only
        return {
            "accuracy": sk.accuracy_score(targets, predicted),
            "balanced_accuracy": sk.balanced_accuracy_score(targets, predicted),
            "macro_f1": sk.f1_score(targets, predicted, average="macro"),
            "log_loss": sk.log_loss(targets, scores, labels=classes),
            "roc_auc": mean_over_labels(sk.roc_auc_score, one_hot, scores, needs_negatives=True),
            "expected_calibration_error": plain_calibration_error(scores.max(axis=1), predicted == targets),
        }


def multi_label_reference(answers: MultiLabelAnswers) -> dict[str, float]:
    targets, scores = answers.targets, answers.probabilities
    predicted = (scores >= 0.5).astype(int)
    losses = [sk.log_loss(*pair, labels=[0, 1]) for pair in zip(targets.T, scores.T, strict=True)]
    confidence = np.maximum(scores, 1 - scores)
    return {
        "subset_accuracy": sk.accuracy_score(targets, predicted),
        "macro_f1": sk.f1_score(targets, predicted, average="macro", zero_division=np.nan),
        "micro_f1": sk.f1_score(targets, predicted, average="micro", zero_division=np.nan),
        "mean_average_precision": mean_over_labels(sk.average_precision_score, targets, scores, needs_negatives=False),
        "roc_auc": mean_over_labels(sk.roc_auc_score, targets, scores, needs_negatives=True),
        "hamming_loss": sk.hamming_loss(targets, predicted),
        "log_loss": np.mean(losses),
        "expected_calibration_error": plain_calibration_error(confidence.ravel(), (predicted == targets).ravel()),
    }


@settings(max_examples=60, deadline=None)
@given(single_label_answers())
def test_single_label_metrics_are_those_of_scikit_learn(answers):
    assert_same_numbers(values_of(evaluate_classification, answers), single_label_reference(answers))


@settings(max_examples=60, deadline=None)
@given(multi_label_answers())
def test_multi_label_metrics_are_those_of_scikit_learn(answers):
    assert_same_numbers(values_of(evaluate_multi_label, answers), multi_label_reference(answers))


@settings(max_examples=40, deadline=None)
@given(
    st.one_of(
        st.tuples(st.just(SINGLE_LABEL_METRICS), single_label_answers()),
        st.tuples(st.just(MULTI_LABEL_METRICS), multi_label_answers()),
    ),
    st.integers(0, 5),
)
def test_a_weighted_resample_scores_like_the_repeated_examples(case, seed):
    table, answers = case
    (weights,) = bootstrap_weights(len(answers.targets), num_resamples=4, seed=seed)
    for name, (score, _) in table.items():
        for counts, found in zip(weights.astype(int), score(answers, weights), strict=True):
            rows = np.repeat(np.arange(len(counts)), counts)
            repeated = type(answers)(answers.probabilities[rows], answers.targets[rows])
            (expected,) = score(repeated, np.ones((1, len(rows))))
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True), name


def test_losses_and_errors_are_better_when_lower():
    for table in (SINGLE_LABEL_METRICS, MULTI_LABEL_METRICS):
        falling = {name for name, (_, higher_is_better) in table.items() if not higher_is_better}
        assert falling == {name for name in table if name.endswith(("loss", "error"))}


def test_an_impossible_truth_costs_no_more_than_float32_can_tell():
    report = evaluate_classification(np.eye(2), np.array([0, 0]), "ab", baseline_targets=np.array([0, 1]))
    assert report.metrics["log_loss"].value == pytest.approx(-math.log(2**-23) / 2)
    several = evaluate_multi_label(np.eye(2), np.ones((2, 2)), "ab", baseline_targets=np.eye(2))
    assert several.metrics["log_loss"].value == pytest.approx(-math.log(2**-23) / 2)


def test_the_baseline_answers_with_the_class_frequencies_of_training():
    targets = np.array([0, 1, 1, 2])
    baseline_targets = np.array([0, 0, 0, 1, 1, 2])
    report = evaluate_classification(np.eye(3)[targets], targets, "abc", baseline_targets=baseline_targets)
    always = SingleLabelAnswers(np.tile([3 / 6, 2 / 6, 1 / 6], (4, 1)), targets)
    assert_same_numbers({name: m.baseline for name, m in report.metrics.items()}, single_label_reference(always))
    assert report.metrics["accuracy"].baseline == 0.25
    assert report.metrics["roc_auc"].baseline == 0.5


def test_the_first_of_equally_common_classes_is_the_baseline():
    report = evaluate_classification(
        np.eye(3)[[1, 2, 2]], np.array([1, 2, 2]), "abc", baseline_targets=np.array([2, 1, 1, 2])
    )
    assert report.metrics["accuracy"].baseline == pytest.approx(1 / 3)


def test_the_baseline_answers_with_the_label_frequencies_of_training():
    targets = np.array([[1, 0], [1, 1], [0, 0]])
    report = evaluate_multi_label(targets, targets, "ab", baseline_targets=np.array([[1, 0], [1, 1], [1, 0], [0, 0]]))
    always = MultiLabelAnswers(np.tile([0.75, 0.25], (3, 1)), targets)
    assert_same_numbers({name: m.baseline for name, m in report.metrics.items()}, multi_label_reference(always))


def test_a_class_without_examples_is_left_out_of_the_averages():
    probabilities = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.5, 0.4, 0.1]])
    report = evaluate_classification(probabilities, np.array([0, 1, 1]), "abc", baseline_targets=np.array([2]))
    assert report.metrics["balanced_accuracy"].value == pytest.approx((1 + 1 / 2) / 2)
    assert report.metrics["macro_f1"].value == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert report.metrics["roc_auc"].value == 1.0
    absent = report.per_class.iloc[2]
    assert absent["support"] == 0
    assert absent[["precision", "recall", "recall_low", "recall_high", "f1"]].isna().all()


def test_the_ranking_of_one_class_alone_is_undefined():
    report = evaluate_classification(SOFT, np.array([1, 1, 1]), "abc", baseline_targets=np.array([0]))
    metric = report.metrics["roc_auc"]
    assert all(math.isnan(number) for number in (metric.value, metric.low, metric.high, metric.baseline))
    assert report.metrics["accuracy"].value == pytest.approx(1 / 3)


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_rounded_probabilities_are_scored(dtype):
    report = evaluate_classification(SOFT.astype(dtype), np.array([0, 1, 2]), "abc", baseline_targets=np.array([0]))
    assert report.metrics["accuracy"].value == 1.0
    assert report.metrics["log_loss"].value == pytest.approx(-np.log(SOFT[range(3), range(3)]).mean(), abs=1e-3)


def test_rows_that_almost_sum_to_one_are_scored_as_if_they_did():
    exact, rounded = (
        evaluate_classification(rows, np.array([0, 1, 2]), "abc", baseline_targets=np.array([0]), num_resamples=2)
        for rows in (SOFT, 0.995 * SOFT)
    )
    for name, metric in exact.metrics.items():
        assert rounded.metrics[name].value == pytest.approx(metric.value, rel=1e-9), name


GOOD = np.array([0, 1, 2])
BAD_SINGLE = {
    "NaN": (np.where(SOFT == 0.8, np.nan, SOFT), GOOD, "not finite"),
    "infinity": (np.where(SOFT == 0.8, np.inf, SOFT), GOOD, "not finite"),
    "logits": (np.array([[2.0, -1.0, 0.0]] * 3), GOOD, "no probabilities"),
    "rows that do not sum to one": (SOFT * 0.9, GOOD, "do not add up"),
    "a column too few": (SOFT[:, :2], GOOD, "probabilities have the wrong shape"),
    "one row without its axis": (SOFT[0], GOOD, "probabilities have the wrong shape"),
    "no example": (SOFT[:0], GOOD[:0], "probabilities have the wrong shape"),
    "a target too few": (SOFT, GOOD[:2], "targets have the wrong shape"),
    "a single target": (SOFT, np.array(1), "targets have the wrong shape"),
    "one-hot targets": (SOFT, np.eye(3, dtype=int), "targets have the wrong shape"),
    "a class too many": (SOFT, np.array([0, 1, 3]), "does not exist"),
    "a negative class": (SOFT, np.array([0, 1, -1]), "does not exist"),
    "targets between classes": (SOFT, np.array([0.0, 1.0, 1.5]), "does not exist"),
    "names for targets": (SOFT, np.array(["a", "b", "c"]), "does not exist"),
}


@pytest.mark.parametrize(("probabilities", "targets", "problem"), BAD_SINGLE.values(), ids=BAD_SINGLE)
def test_bad_single_label_predictions_are_refused(probabilities, targets, problem):
    with pytest.raises(PredictionsError, match=problem):
        evaluate_classification(probabilities, targets, "abc", baseline_targets=GOOD)


@pytest.mark.parametrize("targets", [np.array([], int), np.array([3]), np.array(["a"]), np.eye(3, dtype=int)])
def test_bad_baseline_targets_are_refused(targets):
    with pytest.raises(PredictionsError):
        evaluate_classification(SOFT, GOOD, "abc", baseline_targets=targets)


BAD_MULTI = {
    "NaN": (np.where(SOFT == 0.8, np.nan, SOFT), np.eye(3), "not finite"),
    "logits": (SOFT * 3, np.eye(3), "no probabilities"),
    "a column too few": (SOFT[:, :2], np.eye(3), "probabilities have the wrong shape"),
    "class indices": (SOFT, GOOD, "targets have the wrong shape"),
    "a row too few": (SOFT, np.eye(3)[:2], "targets have the wrong shape"),
    "half a label": (SOFT, np.eye(3) / 2, "other than yes and no"),
    "unknown labels": (SOFT, np.full((3, 3), np.nan), "other than yes and no"),
    "words for labels": (SOFT, np.full((3, 3), "yes"), "other than yes and no"),
}


@pytest.mark.parametrize(("probabilities", "targets", "problem"), BAD_MULTI.values(), ids=BAD_MULTI)
def test_bad_multi_label_predictions_are_refused(probabilities, targets, problem):
    with pytest.raises(PredictionsError, match=problem):
        evaluate_multi_label(probabilities, targets, "abc", baseline_targets=np.eye(3))
