"""The metrics of examples that belong to exactly one class."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headstart.metrics import macro_average, mean_of_defined, roc_auc
from headstart.trust import Answers, expected_calibration_error

# Softmax in float32 rounds a small probability to 0, whose logarithm is infinite: one example costs at most 15.9.
SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)


@dataclass(frozen=True, eq=False)
class SingleLabelAnswers:
    """Predicted probabilities and true classes, one per example.

    Attributes:
        probabilities: `(n, k)`, rows with the sum 1.
        targets: `(n,)` class indices.
    """

    probabilities: np.ndarray
    targets: np.ndarray

    @property
    def num_classes(self) -> int:
        """The number of classes."""
        count: int = self.probabilities.shape[1]
        return count

    @property
    def predicted(self) -> np.ndarray:
        """`(n,)` the class with the highest probability, the first of equals."""
        predicted: np.ndarray = self.probabilities.argmax(axis=1)
        return predicted

    @property
    def top_answers(self) -> Answers:
        """Confidence in the predicted class and whether it was right."""
        return Answers(self.probabilities.max(axis=1), (self.predicted == self.targets).astype(np.float64))


def accuracy(answers: SingleLabelAnswers, weights: np.ndarray) -> np.ndarray:
    """Share of examples whose class is predicted."""
    accuracies: np.ndarray = weights @ answers.top_answers.correct / weights.sum(axis=1)
    return accuracies


def balanced_accuracy(answers: SingleLabelAnswers, weights: np.ndarray) -> np.ndarray:
    """Recall averaged over the classes that occur: a rare class counts like a common one."""
    hits, support, _ = _class_counts(answers, weights)
    recall = np.divide(hits, support, out=np.full_like(hits, np.nan), where=support > 0)
    return mean_of_defined(recall)


def macro_f1(answers: SingleLabelAnswers, weights: np.ndarray) -> np.ndarray:
    """F1 averaged over the classes that occur or are predicted."""
    hits, support, num_predicted = _class_counts(answers, weights)
    total = support + num_predicted
    return mean_of_defined(np.divide(2 * hits, total, out=np.full_like(hits, np.nan), where=total > 0))


def log_loss(answers: SingleLabelAnswers, weights: np.ndarray) -> np.ndarray:
    """Mean negative logarithm of the true class's probability: dear when sure and wrong."""
    own = answers.probabilities[np.arange(len(answers.targets)), answers.targets]
    losses: np.ndarray = weights @ -np.log(np.clip(own, SMALLEST_PROBABILITY, 1.0)) / weights.sum(axis=1)
    return losses


def macro_roc_auc(answers: SingleLabelAnswers, weights: np.ndarray) -> np.ndarray:
    """ROC-AUC of each class against the rest, averaged over the classes that occur beside others."""
    positive = _one_hot(answers.targets, answers.num_classes) > 0
    return macro_average(roc_auc, answers.probabilities, positive, weights)


def calibration_error(answers: SingleLabelAnswers, weights: np.ndarray) -> np.ndarray:
    """Expected calibration error of the confidence in the predicted class."""
    return expected_calibration_error(answers.top_answers, weights)


Score = Callable[[SingleLabelAnswers, np.ndarray], np.ndarray]

# name → what computes it from predictions and `(r, n)` weights as `(r,)`, whether up is good
SINGLE_LABEL_METRICS: dict[str, tuple[Score, bool]] = {
    "accuracy": (accuracy, True),
    "balanced_accuracy": (balanced_accuracy, True),
    "macro_f1": (macro_f1, True),
    "log_loss": (log_loss, False),
    "roc_auc": (macro_roc_auc, True),
    "expected_calibration_error": (calibration_error, False),
}


def majority_answers(targets: np.ndarray, baseline_targets: np.ndarray, num_classes: int) -> SingleLabelAnswers:
    """Predicts the class frequencies of `baseline_targets`, hence their most common class."""
    frequencies = np.bincount(baseline_targets, minlength=num_classes) / len(baseline_targets)
    return SingleLabelAnswers(np.tile(frequencies, (len(targets), 1)), targets)


def confusion_counts(answers: SingleLabelAnswers) -> np.ndarray:
    """`(k, k)` counts, true class down, predicted class across."""
    num_classes = answers.num_classes
    cells = answers.targets * num_classes + answers.predicted
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def _class_counts(answers: SingleLabelAnswers, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hits, support and number of predictions, each `(r, k)`."""
    true = _one_hot(answers.targets, answers.num_classes)
    predicted = _one_hot(answers.predicted, answers.num_classes)
    return weights @ (true * predicted), weights @ true, weights @ predicted


def _one_hot(indices: np.ndarray, num_classes: int) -> np.ndarray:
    encoded: np.ndarray = np.eye(num_classes)[indices]
    return encoded
