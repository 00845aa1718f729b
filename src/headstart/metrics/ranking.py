"""How well scores put positives before negatives, for many weightings of the same examples at once."""

from collections.abc import Callable

import numpy as np


def roc_auc(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Probability that a positive scores higher than a negative, ties counting half.

    Args:
        scores: `(n,)`.
        positive: `(n,)` bool.
        weights: `(r, n)`, how often each example counts in each resample.

    Returns:
        `(r,)` between 0 and 1; NaN where a resample lacks positives or negatives.
    """
    order = np.argsort(scores, kind="stable")
    ranked, is_positive = scores[order], positive[order]
    negatives = _running_sum(np.where(is_positive, 0.0, weights[:, order]))
    own = ranked[is_positive]
    below = negatives[:, np.searchsorted(ranked, own, side="left")]
    not_above = negatives[:, np.searchsorted(ranked, own, side="right")]
    weights_of_positives = weights[:, order[is_positive]]
    wins = (weights_of_positives * (below + not_above)).sum(axis=1) / 2
    return _ratio(wins, weights_of_positives.sum(axis=1) * negatives[:, -1])


def average_precision(scores: np.ndarray, positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Precision averaged over the positives, each taken at the positive's own score; no interpolation.

    Args:
        scores: `(n,)`.
        positive: `(n,)` bool.
        weights: `(r, n)`, how often each example counts in each resample.

    Returns:
        `(r,)` between 0 and 1; NaN where a resample lacks positives.
    """
    order = np.argsort(-scores, kind="stable")
    descending, is_positive = -scores[order], positive[order]
    ends = np.searchsorted(descending, descending[is_positive], side="right")  # ties share one threshold
    retrieved = _running_sum(weights[:, order])[:, ends]
    hits = _running_sum(np.where(is_positive, weights[:, order], 0.0))[:, ends]
    weights_of_positives = weights[:, order[is_positive]]
    precision = np.divide(hits, retrieved, out=np.zeros_like(hits), where=retrieved > 0)
    return _ratio((weights_of_positives * precision).sum(axis=1), weights_of_positives.sum(axis=1))


def macro_average(
    metric: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    scores: np.ndarray,
    positive: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """`metric` of each column against the rest, averaged over the columns that define it.

    Args:
        metric: `roc_auc` or `average_precision`.
        scores: `(n, k)`.
        positive: `(n, k)` bool.
        weights: `(r, n)`.

    Returns:
        `(r,)`; NaN where no column defines the metric.
    """
    columns = [metric(scores[:, index], positive[:, index], weights) for index in range(scores.shape[1])]
    return mean_of_defined(np.stack(columns, axis=1))


def mean_of_defined(values: np.ndarray) -> np.ndarray:
    """Mean of each row over what is not NaN; NaN where all is."""
    defined = ~np.isnan(values)
    return _ratio(np.where(defined, values, 0.0).sum(axis=1), defined.sum(axis=1))


def _running_sum(values: np.ndarray) -> np.ndarray:
    """`(r, n + 1)` sums of the first 0, 1, ... n columns."""
    sums = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    ratio: np.ndarray = np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0)
    return ratio
