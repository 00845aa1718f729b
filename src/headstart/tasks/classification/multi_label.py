"""The metrics of examples that carry any number of labels, each predicted yes or no."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from headstart.metrics import average_precision, macro_average, mean_of_defined, roc_auc
from headstart.tasks.classification.single_label import SMALLEST_PROBABILITY
from headstart.trust import Answers, expected_calibration_error

THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class MultiLabelAnswers:
    """Predicted probabilities and true labels, several per example.

    Attributes:
        probabilities: `(n, k)`, each between 0 and 1 for itself.
        targets: `(n, k)` of 0 and 1.
    """

    probabilities: np.ndarray
    targets: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """`(n, k)` of 0 and 1: what is at least as likely as not."""
        return (self.probabilities >= THRESHOLD).astype(np.int64)

    @property
    def correct(self) -> np.ndarray:
        """`(n, k)`, 1.0 where the yes or no was right."""
        correct: np.ndarray = (self.predicted == self.targets).astype(np.float64)
        return correct

    @property
    def every_answer(self) -> Answers:
        """Confidence in each yes or no and whether it was right, `(n, k)`."""
        confidence = np.where(self.predicted == 1, self.probabilities, 1 - self.probabilities)
        return Answers(confidence, self.correct)


def subset_accuracy(answers: MultiLabelAnswers, weights: np.ndarray) -> np.ndarray:
    """Share of examples with every label right."""
    accuracies: np.ndarray = weights @ answers.correct.min(axis=1) / weights.sum(axis=1)
    return accuracies


def hamming_loss(answers: MultiLabelAnswers, weights: np.ndarray) -> np.ndarray:
    """Share of wrong predictions among all yes and no."""
    losses: np.ndarray = weights @ (1 - answers.correct).mean(axis=1) / weights.sum(axis=1)
    return losses


def macro_f1(answers: MultiLabelAnswers, weights: np.ndarray) -> np.ndarray:
    """F1 averaged over the labels that occur or are predicted."""
    hits, total = _hits_and_total(answers, weights)
    return mean_of_defined(np.divide(2 * hits, total, out=np.full_like(hits, np.nan), where=total > 0))


def micro_f1(answers: MultiLabelAnswers, weights: np.ndarray) -> np.ndarray:
    """F1 of all yes and no in one pot: a common label counts more. NaN where nothing occurs or is predicted."""
    hits, total = (counts.sum(axis=1) for counts in _hits_and_total(answers, weights))
    scores: np.ndarray = np.divide(2 * hits, total, out=np.full_like(hits, np.nan), where=total > 0)
    return scores


def mean_average_precision(answers: MultiLabelAnswers, weights: np.ndarray) -> np.ndarray:
    """Average precision averaged over the labels that occur; needs no threshold."""
    return macro_average(average_precision, answers.probabilities, answers.targets == 1, weights)


def macro_roc_auc(answers: MultiLabelAnswers, weights: np.ndarray) -> np.ndarray:
    """ROC-AUC averaged over the labels that some examples carry and others do not."""
    return macro_average(roc_auc, answers.probabilities, answers.targets == 1, weights)


def log_loss(answers: MultiLabelAnswers, weights: np.ndarray) -> np.ndarray:
    """Mean negative logarithm of the probability given to each right yes or no."""
    right = np.where(answers.targets == 1, answers.probabilities, 1 - answers.probabilities)
    losses: np.ndarray = weights @ -np.log(np.clip(right, SMALLEST_PROBABILITY, 1.0)).mean(axis=1) / weights.sum(axis=1)
    return losses


def calibration_error(answers: MultiLabelAnswers, weights: np.ndarray) -> np.ndarray:
    """Expected calibration error of the confidence in each yes or no."""
    return expected_calibration_error(answers.every_answer, weights)


Score = Callable[[MultiLabelAnswers, np.ndarray], np.ndarray]

# name → what computes it from predictions and `(r, n)` weights as `(r,)`, whether up is good
MULTI_LABEL_METRICS: dict[str, tuple[Score, bool]] = {
    "subset_accuracy": (subset_accuracy, True),
    "macro_f1": (macro_f1, True),
    "micro_f1": (micro_f1, True),
    "mean_average_precision": (mean_average_precision, True),
    "roc_auc": (macro_roc_auc, True),
    "hamming_loss": (hamming_loss, False),
    "log_loss": (log_loss, False),
    "expected_calibration_error": (calibration_error, False),
}


def frequency_answers(targets: np.ndarray, baseline_targets: np.ndarray) -> MultiLabelAnswers:
    """Predicts each label's frequency in `baseline_targets`."""
    return MultiLabelAnswers(np.tile(baseline_targets.mean(axis=0), (len(targets), 1)), targets)


def confusion_counts(answers: MultiLabelAnswers) -> np.ndarray:
    """`(k, 2, 2)` counts per label: truly absent or present down, said to be absent or present across."""
    true, predicted = answers.targets, answers.predicted
    cells = [[((true == row) & (predicted == column)).sum(axis=0) for column in (0, 1)] for row in (0, 1)]
    return np.asarray(cells).transpose(2, 0, 1)


def _hits_and_total(answers: MultiLabelAnswers, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    true, predicted = answers.targets, answers.predicted
    return weights @ (true * predicted).astype(np.float64), weights @ (true + predicted).astype(np.float64)
