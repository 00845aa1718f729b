"""How many answers would rounding to int8 change? Estimated on the few pictures that its ranges are measured on."""

from bisect import bisect_left
from collections.abc import Callable

import numpy as np

# Until fewer answers are expected to change, more operations are spared. A quarter of what the gate lets through: with
# half of it, the two answers of 171 that changed were both right before, which is more than a point of accuracy.
MAX_CHANGED = 0.005


def expected_changes(model: np.ndarray, rounded: np.ndarray, *, multi_label: bool) -> float:
    """The share of answers that change when any picture's lead meets any picture's loss of lead.

    Counting the answers that did change would say little: one in a hundred is a matter of chance.

    Args:
        model: `(n, num_classes)` probabilities before rounding.
        rounded: the same after it.
        multi_label: whether a picture may show several classes, or none.

    Returns:
        0 to 1.

    Example:
        >>> import numpy as np
        >>> expected_changes(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([[0.7, 0.3], [0.6, 0.4]]), multi_label=False)
        0.25
    """
    leads, kept = _leads(model, rounded, multi_label)
    return float((np.subtract.outer(leads, leads - kept) < 0).mean())


def fewest_spared(num_operations: int, changes: Callable[[int], float]) -> int:
    """How many of the most sensitive operations have to be spared rounding; all of them where even that is too few.

    Args:
        num_operations: how many there are.
        changes: how many are spared → the share of answers expected to change.
    """
    needed = bisect_left(range(num_operations + 1), True, key=lambda number: changes(number) <= MAX_CHANGED)
    return min(needed, num_operations)


def _leads(model: np.ndarray, rounded: np.ndarray, multi_label: bool) -> tuple[np.ndarray, np.ndarray]:
    """How far each answer is ahead of the next best, and how far ahead the same answer still is after rounding."""
    if multi_label:
        sign = np.where(model >= 0.5, 1.0, -1.0)
        return (sign * (model - 0.5)).ravel(), (sign * (rounded - 0.5)).ravel()
    rows, best = np.arange(len(model)), model.argmax(axis=1)
    return _lead(model, rows, best), _lead(rounded, rows, best)


def _lead(probabilities: np.ndarray, rows: np.ndarray, best: np.ndarray) -> np.ndarray:
    others = probabilities.astype("float64")
    others[rows, best] = -np.inf
    return probabilities[rows, best] - others.max(axis=1)
