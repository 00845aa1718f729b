"""The temperature that makes confidence mean what it says: logits are divided by it before they become probabilities.

References:
    Guo et al. 2017, On Calibration of Modern Neural Networks, arXiv 1706.04599, section 4.2.
    Platt 1999, Probabilistic Outputs for Support Vector Machines, section 2.2, for targets that are never 0 or 1.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, log_softmax, softmax

LOWEST, HIGHEST = 0.05, 20.0  # beyond, every prediction would be certain, or all classes equally probable


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """The temperature at which softmax fits the targets best, by likelihood; it changes no prediction, only confidence.

    The likelihood is concave in 1 / temperature, so that one root of its slope is found. Targets give the share
    1 / (n + 2) to wrong classes: examples that are all predicted correctly would otherwise ask for a temperature of 0,
    and three of them prove less than three hundred. Where the result fits the plain targets no better than 1, it is 1.

    Args:
        logits: `(n, k)`, of examples that the model did not learn from.
        targets: `(n, k)`, one 1 in each row of zeros.

    Returns:
        Between 0.05 and 20; 1 where there are no examples, or nothing but equal logits.
    """
    logits, targets = np.asarray(logits, "float64"), np.asarray(targets, "float64")
    if not logits.size:
        return 1.0
    wrong = 1.0 / (len(logits) + 2)
    doubtful = targets * (1 - wrong) + (1 - targets) * wrong / max(targets.shape[1] - 1, 1)

    def slope(inverse: float) -> float:
        return float(((softmax(inverse * logits, axis=1) - doubtful) * logits).sum())

    def loss(inverse: float) -> float:
        return float(-(targets * log_softmax(inverse * logits, axis=1)).sum())

    return _temperature(slope, loss)


def fit_label_temperatures(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The same for each of several labels by itself, with the sigmoid: `(k,)`.

    Args:
        logits: `(n, k)`.
        targets: `(n, k)` of 0 and 1. Those of a label count as (p + 1) / (p + 2) on its p examples, and as 1 / (q + 2)
            on the q others.
    """
    logits, targets = np.asarray(logits, "float64"), np.asarray(targets, "float64")
    return np.array([_label_temperature(*label) for label in zip(logits.T, targets.T, strict=True)])


def _label_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    num_present = targets.sum()
    present = (num_present + 1) / (num_present + 2)
    doubtful = np.where(targets == 1, present, 1 / (len(targets) - num_present + 2))

    def slope(inverse: float) -> float:
        return float(((expit(inverse * logits) - doubtful) * logits).sum())

    def loss(inverse: float) -> float:
        return float(np.logaddexp(0.0, inverse * logits * (1 - 2 * targets)).sum())

    return _temperature(slope, loss)


def _temperature(slope: Callable[[float], float], loss: Callable[[float], float]) -> float:
    """One over the place where a rising `slope` crosses 0; 1 where `loss` is no lower there."""
    low, high = 1 / HIGHEST, 1 / LOWEST
    if slope(low) >= 0:
        inverse = low
    elif slope(high) <= 0:
        inverse = high
    else:
        inverse = float(brentq(slope, low, high, xtol=1e-12))
    return 1 / inverse if loss(inverse) < loss(1.0) else 1.0
