"""Every metric of one-class examples against scikit-learn, or a plain implementation where it has none."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from headstart.evaluation import evaluate_classification
from headstart.evaluation.calibration import NUM_BINS
from headstart.evaluation.single_label import SINGLE_LABEL_METRICS, SingleLabelAnswers


@st.composite
def answers(draw, *, max_examples=40) -> SingleLabelAnswers:
    """Answers over two to five classes, some of them without examples, many with equal scores."""
    num_classes = draw(st.integers(2, 5))
    num_examples = draw(st.integers(1, max_examples))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    # Whole numbers give the ties that ranking must get right.
    scores = generator.integers(1, draw(st.sampled_from([3, 1000])), size=(num_examples, num_classes))
    targets = generator.integers(draw(st.integers(1, num_classes)), size=num_examples)
    return SingleLabelAnswers(scores / scores.sum(axis=1, keepdims=True), targets)


def value_of(name: str, found: SingleLabelAnswers) -> float:
    names = [f"class {number}" for number in range(found.num_classes)]
    report = evaluate_classification(
        found.probabilities, found.targets, names, baseline_targets=found.targets, num_resamples=2
    )
    return report.metrics[name].value


def every_class_against_the_rest(found: SingleLabelAnswers) -> float:
    areas = []
    for label in range(found.num_classes):
        positive = found.targets == label
        if 0 < positive.sum() < len(positive):
            areas.append(sklearn_metrics.roc_auc_score(positive, found.probabilities[:, label]))
    return float(np.mean(areas)) if areas else float("nan")


def calibration_error_by_hand(found: SingleLabelAnswers) -> float:
    """The definition, bin by bin."""
    confidence = found.probabilities.max(axis=1)
    right = found.probabilities.argmax(axis=1) == found.targets
    error = 0.0
    for number in range(NUM_BINS):
        inside = (confidence > number / NUM_BINS) & (confidence <= (number + 1) / NUM_BINS)
        if inside.any():
            error += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return error


INDEPENDENT = {
    "accuracy": lambda found: sklearn_metrics.accuracy_score(found.targets, found.probabilities.argmax(axis=1)),
    "balanced_accuracy": lambda found: sklearn_metrics.recall_score(
        found.targets, found.probabilities.argmax(axis=1), labels=np.unique(found.targets), average="macro"
    ),
    "macro_f1": lambda found: sklearn_metrics.f1_score(
        found.targets, found.probabilities.argmax(axis=1), average="macro"
    ),
    "log_loss": lambda found: sklearn_metrics.log_loss(
        found.targets, found.probabilities, labels=np.arange(found.num_classes)
    ),
    "roc_auc": every_class_against_the_rest,
    "expected_calibration_error": calibration_error_by_hand,
}


def test_every_metric_has_an_independent_implementation_here():
    assert set(INDEPENDENT) == set(SINGLE_LABEL_METRICS)


@pytest.mark.parametrize("name", SINGLE_LABEL_METRICS)
@settings(max_examples=60, deadline=None)
@given(found=answers())
def test_a_metric_equals_its_independent_implementation(name, found):
    edges = found.probabilities.max(axis=1) * NUM_BINS
    assume(np.abs(edges - edges.round()).min() > 1e-9)  # on an edge, rounding decides for a bin
    assert value_of(name, found) == pytest.approx(INDEPENDENT[name](found), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", SINGLE_LABEL_METRICS)
@settings(max_examples=40, deadline=None)
@given(found=answers(max_examples=15), data=st.data())
def test_weights_count_like_repeated_rows(name, found, data):
    num_examples = len(found.targets)
    weights = np.array([data.draw(st.lists(st.integers(0, 3), min_size=num_examples, max_size=num_examples))])
    assume(weights.sum() > 0)
    rows = np.repeat(np.arange(num_examples), weights[0])
    repeated = SingleLabelAnswers(found.probabilities[rows], found.targets[rows])
    score = SINGLE_LABEL_METRICS[name][0]
    once = score(repeated, np.ones((1, len(rows))))
    assert score(found, weights.astype(float)) == pytest.approx(once, abs=1e-9, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(answers())
def test_the_confusion_counts_equal_those_of_scikit_learn(found):
    names = [f"class {number}" for number in range(found.num_classes)]
    report = evaluate_classification(
        found.probabilities, found.targets, names, baseline_targets=found.targets, num_resamples=2
    )
    expected = sklearn_metrics.confusion_matrix(
        found.targets, found.probabilities.argmax(axis=1), labels=np.arange(found.num_classes)
    )
    assert report.confusion.tolist() == expected.tolist()


def test_a_class_without_examples_is_left_out_of_the_averages():
    probabilities = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.1, 0.8, 0.1]])
    found = SingleLabelAnswers(probabilities, np.array([0, 0, 1]))
    assert value_of("balanced_accuracy", found) == pytest.approx((1 / 2 + 1) / 2)
    assert value_of("macro_f1", found) == pytest.approx(2 / 3)
    assert value_of("roc_auc", found) == pytest.approx(1.0)


def test_examples_of_one_class_only_define_no_area():
    found = SingleLabelAnswers(np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([0, 0]))
    assert np.isnan(value_of("roc_auc", found))
    assert value_of("accuracy", found) == 0.5


def test_an_impossible_answer_costs_much_but_not_infinitely_much():
    found = SingleLabelAnswers(np.array([[1.0, 0.0]]), np.array([1]))
    assert value_of("log_loss", found) == pytest.approx(-np.log(np.finfo(np.float32).eps))


def test_equal_probabilities_answer_with_the_first_class():
    found = SingleLabelAnswers(np.full((2, 2), 0.5), np.array([0, 1]))
    assert value_of("accuracy", found) == 0.5
    assert found.predicted.tolist() == [0, 0]
