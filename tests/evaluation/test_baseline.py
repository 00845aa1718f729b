"""What a model is compared with: always giving the frequencies of the training targets."""

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics
from sklearn.dummy import DummyClassifier

from headstart.evaluation import evaluate_classification, evaluate_multi_label

NAMES = ("a", "b", "c")


@pytest.fixture(scope="module")
def targets() -> tuple[np.ndarray, np.ndarray]:
    """Training and test classes whose commonest class differs."""
    generator = np.random.default_rng(0)
    return generator.choice(3, 200, p=[0.2, 0.5, 0.3]), generator.choice(3, 80, p=[0.5, 0.3, 0.2])


def test_the_baseline_equals_scikit_learns_dummy_of_the_training_classes(targets):
    training, test = targets
    dummy = DummyClassifier(strategy="prior").fit(np.zeros((len(training), 1)), training)
    rows = np.zeros((len(test), 1))
    probabilities, said = dummy.predict_proba(rows), dummy.predict(rows)
    metrics = evaluate_classification(np.eye(3)[test], test, NAMES, baseline_targets=training, num_resamples=2).metrics
    assert metrics["accuracy"].baseline == pytest.approx(sklearn_metrics.accuracy_score(test, said))
    assert metrics["balanced_accuracy"].baseline == pytest.approx(1 / 3)
    assert metrics["macro_f1"].baseline == pytest.approx(sklearn_metrics.f1_score(test, said, average="macro"))
    assert metrics["log_loss"].baseline == pytest.approx(sklearn_metrics.log_loss(test, probabilities))
    assert metrics["roc_auc"].baseline == 0.5
    frequency = np.bincount(training).max() / len(training)
    assert metrics["expected_calibration_error"].baseline == pytest.approx(abs(frequency - np.mean(test == 1)))


def test_the_first_of_equally_common_classes_is_the_guess():
    test = np.array([0, 0, 0, 1])
    report = evaluate_classification(
        np.eye(3)[test], test, NAMES, baseline_targets=np.array([2, 1, 1, 2]), num_resamples=2
    )
    assert report.metrics["accuracy"].baseline == 0.25


def test_answering_like_the_baseline_scores_like_the_baseline(targets):
    training, test = targets
    frequencies = np.bincount(training) / len(training)
    report = evaluate_classification(
        np.tile(frequencies, (len(test), 1)), test, NAMES, baseline_targets=training, num_resamples=2
    )
    for metric in report.metrics.values():
        assert metric.value == pytest.approx(metric.baseline)


def test_labels_that_most_training_pictures_carry_are_guessed():
    training = np.array([[1, 0], [1, 0], [1, 1], [0, 0]])
    test = np.array([[1, 0], [1, 0], [1, 1], [0, 1]])
    metrics = evaluate_multi_label(
        test.astype(float), test, NAMES[:2], baseline_targets=training, num_resamples=2
    ).metrics
    assert metrics["subset_accuracy"].baseline == 0.5
    assert metrics["hamming_loss"].baseline == 3 / 8
    assert metrics["roc_auc"].baseline == 0.5
    # Every label ranks all pictures alike: precision is the label's own frequency.
    assert metrics["mean_average_precision"].baseline == pytest.approx((3 / 4 + 2 / 4) / 2)
    frequencies = np.tile(training.mean(axis=0), (4, 1))
    expected = sklearn_metrics.log_loss(test.ravel(), frequencies.ravel())
    assert metrics["log_loss"].baseline == pytest.approx(expected)
