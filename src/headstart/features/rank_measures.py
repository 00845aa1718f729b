"""What predictions are scored by, and how far the score can be trusted: one row a measure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from headstart.features.held_out import class_logits, label_logits, numbers

ACCURACY = "accuracy"
BALANCED_ACCURACY = "balanced_accuracy"
AVERAGE_PRECISION = "average_precision"
R2 = "r2"

NUM_RESAMPLES = 500
RESAMPLES_AT_A_TIME = 50  # of 10,000 examples: 4 MB
TAIL = 0.025

# Predictions `(n, columns)`, targets `(n, columns)` and weights `(r, n)` → `(r,)`.
Score = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Measure:
    """One measure by which a ranking scores features.

    Attributes:
        answers: of linear models for examples that they did not learn from.
        score: of predictions, the more the better.
        max_folds: of the predictions; fewer where there are many examples, which take longer and suffice.
    """

    answers: Callable[..., np.ndarray]
    score: Score
    max_folds: int = 5


def balanced_accuracy(answers: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of each class that is predicted correctly, averaged over the classes that have weight."""
    right = answers.argmax(axis=1) == targets.argmax(axis=1)
    hits, totals = weights @ (targets * right[:, None]), weights @ targets
    shares = np.divide(hits, totals, out=np.full(totals.shape, np.nan), where=totals > 0)
    return _mean_of_defined(shares)


def average_precision(answers: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average precision of each label, averaged over those that some examples have and others have not.

    As scikit-learn computes it: the sum of precisions, each times the recall that its threshold adds. A resample
    without any example of a label leaves the label out.
    """
    varied = targets.any(axis=0) & ~targets.all(axis=0)
    columns = zip(answers.T[varied], targets.T[varied], strict=True)
    return _mean_of_defined(np.stack([_one_average_precision(*column, weights) for column in columns], axis=1))


def r2(answers: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Share of the variance that is explained, averaged over the numbers that vary; below 0 is worse than the mean."""
    varied = np.ptp(targets, axis=0) > 0
    # Around the mean, so that sums of squares are small numbers.
    centred = targets[:, varied] - targets[:, varied].mean(axis=0)
    counts = weights.sum(axis=1, keepdims=True)
    total = weights @ centred**2 - (weights @ centred) ** 2 / counts
    unexplained = weights @ (targets - answers)[:, varied] ** 2
    shares = np.divide(unexplained, total, out=np.full(total.shape, np.nan), where=total > 0)
    return 1.0 - _mean_of_defined(shares)


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        BALANCED_ACCURACY: Measure(class_logits, balanced_accuracy, max_folds=3),
        AVERAGE_PRECISION: Measure(label_logits, average_precision),
        R2: Measure(numbers, r2),
    }
)


def resampled_interval(
    score: Score, answers: np.ndarray, targets: np.ndarray, *, groups: np.ndarray, seed: int
) -> tuple[float, float]:
    """The 95 % percentile interval of a score where groups are drawn anew, with replacement.

    Args:
        score: a row of the table has one.
        answers: `(n, columns)`.
        targets: `(n, columns)`.
        groups: `(n,)`, the same for examples that are no independent evidence.
        seed: of the draws.
    """
    draws = np.random.default_rng(seed)
    names, places = np.unique(groups, return_inverse=True)
    values = []
    for _ in range(NUM_RESAMPLES // RESAMPLES_AT_A_TIME):
        counts = draws.multinomial(len(names), np.full(len(names), 1 / len(names)), size=RESAMPLES_AT_A_TIME)
        values.append(score(answers, targets, counts[:, places].astype(np.float64)))
    low, high = np.nanquantile(np.concatenate(values), [TAIL, 1 - TAIL])
    return float(low), float(high)


def _one_average_precision(answers: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """`(r,)` of one label: predictions and targets are `(n,)`."""
    order = np.argsort(-answers, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(answers[order])), len(order) - 1)  # equal predictions share a threshold
    chosen = weights[:, order].cumsum(axis=1)[:, ends]
    hits = (weights[:, order] * targets[order]).cumsum(axis=1)[:, ends]
    precision = np.divide(hits, chosen, out=np.zeros_like(hits), where=chosen > 0)
    gained = np.diff(hits, axis=1, prepend=0.0)
    totals = hits[:, -1]
    precisions: np.ndarray = np.divide(
        (precision * gained).sum(axis=1), totals, out=np.full(totals.shape, np.nan), where=totals > 0
    )
    return precisions


def _mean_of_defined(values: np.ndarray) -> np.ndarray:
    """`(r,)` from `(r, columns)`, without NaN; NaN where there is nothing else."""
    defined = ~np.isnan(values)
    counts = defined.sum(axis=1)
    totals = np.where(defined, values, 0.0).sum(axis=1)
    means: np.ndarray = np.divide(totals, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
    return means
