"""Every metric of examples with several labels against scikit-learn, or a plain implementation where it has none."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from headstart.evaluation import Report, evaluate_multi_label
from headstart.evaluation.calibration import NUM_BINS
from headstart.evaluation.multi_label import MULTI_LABEL_METRICS, MultiLabelAnswers


@st.composite
def answers(draw, *, max_examples=30) -> MultiLabelAnswers:
    """Answers to one to four labels, some of them never or always right, many with equal scores."""
    num_labels = draw(st.integers(1, 4))
    num_examples = draw(st.integers(1, max_examples))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    steps = draw(st.sampled_from([4, 1000]))
    probabilities = (generator.integers(1, steps, size=(num_examples, num_labels)) - 1e-4) / steps
    frequency = np.array(draw(st.lists(st.sampled_from([0, 0.3, 0.7, 1]), min_size=num_labels, max_size=num_labels)))
    return MultiLabelAnswers(probabilities, (generator.random(probabilities.shape) < frequency).astype(int))


def report_of(found: MultiLabelAnswers) -> Report:
    names = [f"label {number}" for number in range(found.targets.shape[1])]
    return evaluate_multi_label(
        found.probabilities, found.targets, names, baseline_targets=found.targets, num_resamples=2
    )


def predicted(found: MultiLabelAnswers) -> np.ndarray:
    return (found.probabilities >= 0.5).astype(int)


def f1_of_each_label(found: MultiLabelAnswers) -> float:
    said = predicted(found)
    known = (found.targets + said).sum(axis=0) > 0
    scores = [sklearn_metrics.f1_score(found.targets[:, i], said[:, i]) for i in np.flatnonzero(known)]
    return float(np.mean(scores)) if scores else float("nan")


def f1_of_all(found: MultiLabelAnswers) -> float:
    said = predicted(found)
    if not (found.targets + said).any():
        return float("nan")
    return sklearn_metrics.f1_score(found.targets.ravel(), said.ravel())


def average_over_columns(metric, found: MultiLabelAnswers, *, needs_negatives: bool) -> float:
    values = []
    for truth, scores in zip(found.targets.T, found.probabilities.T, strict=True):
        if truth.any() and not (needs_negatives and truth.all()):
            values.append(metric(truth, scores))
    return float(np.mean(values)) if values else float("nan")


def calibration_error_by_hand(found: MultiLabelAnswers) -> float:
    """The definition, bin by bin, over all yes and no."""
    confidence = np.maximum(found.probabilities, 1 - found.probabilities).ravel()
    right = (predicted(found) == found.targets).ravel()
    error = 0.0
    for number in range(NUM_BINS):
        inside = (confidence > number / NUM_BINS) & (confidence <= (number + 1) / NUM_BINS)
        if inside.any():
            error += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return error


INDEPENDENT = {
    "subset_accuracy": lambda found: (predicted(found) == found.targets).all(axis=1).mean(),
    "macro_f1": f1_of_each_label,
    "micro_f1": f1_of_all,
    "mean_average_precision": lambda found: average_over_columns(
        sklearn_metrics.average_precision_score, found, needs_negatives=False
    ),
    "roc_auc": lambda found: average_over_columns(sklearn_metrics.roc_auc_score, found, needs_negatives=True),
    "hamming_loss": lambda found: sklearn_metrics.hamming_loss(found.targets, predicted(found)),
    "log_loss": lambda found: sklearn_metrics.log_loss(
        found.targets.ravel(), found.probabilities.ravel(), labels=[0, 1]
    ),
    "expected_calibration_error": calibration_error_by_hand,
}


def test_every_metric_has_an_independent_implementation_here():
    assert set(INDEPENDENT) == set(MULTI_LABEL_METRICS)


@pytest.mark.parametrize("name", MULTI_LABEL_METRICS)
@settings(max_examples=60, deadline=None)
@given(found=answers())
def test_a_metric_equals_its_independent_implementation(name, found):
    edges = np.maximum(found.probabilities, 1 - found.probabilities) * NUM_BINS
    assume(np.abs(edges - edges.round()).min() > 1e-9)  # on an edge, rounding decides for a bin
    found_value = report_of(found).metrics[name].value
    assert found_value == pytest.approx(INDEPENDENT[name](found), abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", MULTI_LABEL_METRICS)
@settings(max_examples=40, deadline=None)
@given(found=answers(max_examples=12), data=st.data())
def test_weights_count_like_repeated_rows(name, found, data):
    num_examples = len(found.targets)
    weights = np.array([data.draw(st.lists(st.integers(0, 3), min_size=num_examples, max_size=num_examples))])
    assume(weights.sum() > 0)
    rows = np.repeat(np.arange(num_examples), weights[0])
    repeated = MultiLabelAnswers(found.probabilities[rows], found.targets[rows])
    score = MULTI_LABEL_METRICS[name][0]
    once = score(repeated, np.ones((1, len(rows))))
    assert score(found, weights.astype(float)) == pytest.approx(once, abs=1e-9, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(answers())
def test_the_confusion_counts_equal_those_of_scikit_learn(found):
    said = predicted(found)
    expected = [
        sklearn_metrics.confusion_matrix(found.targets[:, i], said[:, i], labels=[0, 1]).tolist()
        for i in range(found.targets.shape[1])
    ]
    assert report_of(found).confusion.tolist() == expected


def test_half_a_probability_gives_the_label():
    found = MultiLabelAnswers(np.array([[0.5, 0.4999]]), np.array([[1, 1]]))
    assert found.predicted.tolist() == [[1, 0]]
    assert report_of(found).metrics["hamming_loss"].value == 0.5
