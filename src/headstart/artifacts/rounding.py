"""What a network keeps from rounding to int8, so that its answers stay: as little as that takes."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

# Until fewer answers are expected to change, more is spared. A quarter of what the gate lets through: with half of it,
# the two answers of 171 that changed were both right before, which is more than a point of accuracy.
MAX_CHANGED = 0.005
# Of the network's weights, so many stay int8 whatever changes: a little more than the gate asks for, which counts the
# head as well. Whether the answers are good enough, the gate says.
MIN_KEPT = 0.21
NUM_PROBES = 32  # pictures on which the harm of each rounding is measured
_LEAST = float(np.finfo("float32").tiny)


@dataclass(frozen=True)
class Rounding:
    """Numbers that may be rounded: what an operation is given, or its weights.

    Attributes:
        name: of what is rounded.
        harm: how far this rounding, with no other, moves probabilities on average.
        num_weights: how many weights are no longer multiplied in int8 without it, or no longer stored so.
        is_of_weights: whether weights are rounded; where they are not, neither is what they are multiplied with.
    """

    name: str
    harm: float
    num_weights: int
    is_of_weights: bool


def expected_changes(model: np.ndarray, rounded: np.ndarray, *, held_out: np.ndarray, multi_label: bool) -> float:
    """The share of answers that change when any answer's lead meets any other's loss of lead.

    Leads are differences of logits, which rounding moves alike whether an answer is certain or not, and those of
    pictures that the model did not learn from: of the others it is so certain that nothing would change. Counting the
    answers that did change would say little: one in a hundred is a matter of chance.

    Args:
        model: `(n, num_classes)` probabilities before rounding.
        rounded: the same after it.
        held_out: `(m, num_classes)` probabilities before rounding of pictures that the model did not learn from.
        multi_label: whether a picture may show several classes, or none.

    Returns:
        0 to 1.

    Example:
        >>> import numpy as np
        >>> model, rounded = np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([[0.7, 0.3], [0.6, 0.4]])
        >>> expected_changes(model, rounded, held_out=model, multi_label=False)
        0.25
    """
    before, after = _leads(model, rounded, multi_label)
    leads, _ = _leads(held_out, held_out, multi_label)
    return float((np.subtract.outer(leads, before - after) < 0).mean())


def fewest_spared(roundings: Sequence[Rounding], changes: Callable[[Sequence[Rounding]], float]) -> list[Rounding]:
    """What has to be spared so that answers stay; all that may be where even that is too little.

    Args:
        roundings: of the network.
        changes: what is spared → the share of answers expected to change.
    """
    order = _worst_first(roundings)
    return order[: bisect_left(range(len(order)), True, key=lambda number: changes(order[:number]) <= MAX_CHANGED)]


def _worst_first(roundings: Sequence[Rounding]) -> list[Rounding]:
    """Those that may be spared, first the one that does most harm for the weights that sparing it costs.

    Harm counts squared, as errors that have nothing to do with one another add up.
    """
    sizes = [each.num_weights for each in roundings if each.is_of_weights]
    average = max(1.0, sum(sizes) / max(1, len(sizes)))  # the cost of what has no weights, such as a sum
    left, order = sum(sizes) * (1 - MIN_KEPT), []
    for each in sorted(roundings, key=lambda each: -(each.harm**2) / (each.num_weights or average)):
        cost = each.num_weights if each.is_of_weights else 0
        if cost <= left:
            left -= cost
            order.append(each)
    return order


def _leads(model: np.ndarray, rounded: np.ndarray, multi_label: bool) -> tuple[np.ndarray, np.ndarray]:
    """How far each answer is ahead of the next best, and how far ahead the same answer still is after rounding."""
    if multi_label:
        sign = np.where(model >= 0.5, 1.0, -1.0)
        before, after = (sign * (_logs(one) - _logs(1 - one)) for one in (model, rounded))
        return before.ravel(), after.ravel()
    rows, best = np.arange(len(model)), model.argmax(axis=1)
    return _lead(_logs(model), rows, best), _lead(_logs(rounded), rows, best)


def _lead(scores: np.ndarray, rows: np.ndarray, best: np.ndarray) -> np.ndarray:
    others = scores.copy()
    others[rows, best] = -np.inf
    return scores[rows, best] - others.max(axis=1)


def _logs(probabilities: np.ndarray) -> np.ndarray:
    """Of probabilities; finite, even of one that was rounded to zero."""
    return np.log(np.maximum(probabilities.astype("float64"), _LEAST))
