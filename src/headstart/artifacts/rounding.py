"""Which operations of a network stay in float32, so that rounding to int8 does not change its predictions."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from headstart.artifacts.serving_model import ServingModel

# The share of predictions that may be expected to change: more operations stay in float32 until it is reached. It is a
# quarter of what the parity check allows. With a half, two of 171 predictions changed, and both had been right: more
# than one percentage point of accuracy.
MAX_CHANGED = 0.005
# The share of the network's weights that stays int8 in any case: a little more than the parity check requires, which
# counts the head as well. The parity check decides whether the predictions are good enough.
MIN_KEPT = 0.21
NUM_PROBES = 32  # images on which the damage of each rounding is measured
_LEAST = float(np.finfo("float32").tiny)


@dataclass(frozen=True)
class Rounding:
    """Numbers that may be rounded: what an operation is given, or its weights.

    Attributes:
        name: of what is rounded.
        harm: the damage: how far this rounding alone moves probabilities on average.
        num_weights: how many weights are no longer multiplied in int8 without it, or no longer stored so.
        is_of_weights: whether weights are rounded; where they are not, neither is what they are multiplied with.
    """

    name: str
    harm: float
    num_weights: int
    is_of_weights: bool


def expected_changes(model: np.ndarray, rounded: np.ndarray, *, held_out: np.ndarray, multi_label: bool) -> float:
    """The share of predictions that change when any prediction's lead meets any other's loss of lead.

    Leads are differences of logits, which rounding moves alike whether a prediction is certain or not, and those of
    images that the model did not learn from: of the others it is so certain that nothing would change. What rounding
    moves on average is corrected (`mean_shift`) and does not count. The number of predictions that did change would say
    little: one in a hundred is a matter of chance.

    Args:
        model: `(n, num_classes)` probabilities before rounding.
        rounded: the same after it.
        held_out: `(m, num_classes)` probabilities before rounding of images that the model did not learn from.
        multi_label: whether an image may show several classes, or none.

    Returns:
        0 to 1.

    Example:
        >>> import numpy as np
        >>> model, rounded = np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([[0.6, 0.4], [0.1, 0.9]])
        >>> expected_changes(model, rounded, held_out=np.array([[0.6, 0.4], [0.2, 0.8]]), multi_label=False)
        0.5
    """
    ours = _logits(model, multi_label)
    theirs = _logits(rounded, multi_label) - mean_shift(model, rounded, multi_label=multi_label)
    others = _logits(held_out, multi_label)
    lost = _leads(ours, ours, multi_label) - _leads(ours, theirs, multi_label)
    return float((np.subtract.outer(_leads(others, others, multi_label), lost) < 0).mean())


def mean_shift(model: np.ndarray, rounded: np.ndarray, *, multi_label: bool) -> np.ndarray:
    """How far rounding moves each class's logit on average, `(num_classes,)`: what a bias can make up for.

    Args:
        model: `(n, num_classes)` probabilities before rounding.
        rounded: the same after it.
        multi_label: whether an image may show several classes, or none.
    """
    shift: np.ndarray = (_logits(rounded, multi_label) - _logits(model, multi_label)).mean(axis=0)
    return shift


def fit_rounding(
    serving: ServingModel,
    model: np.ndarray,
    measure: Callable[[], Sequence[Rounding]],
    rounded_without: Callable[[Sequence[Rounding]], np.ndarray],
) -> tuple[list[Rounding], np.ndarray]:
    """The operations that stay in float32 so that a classifier keeps its predictions, and the shift of its logits.

    Args:
        serving: the classifier, with its `held_out` predictions.
        model: `(n, num_classes)` probabilities before rounding.
        measure: gives the roundings of the network. Measuring their damage one by one takes most of an export;
            it is done only where rounding everything would change predictions.
        rounded_without: operations that stay in float32 → the same probabilities after rounding.

    Returns:
        The operations that stay in float32, and `(num_classes,)` the `mean_shift` that a bias corrects.
    """
    held_out, multi_label = serving.held_out, serving.multi_label
    if held_out is None:
        raise ValueError(
            "Expected the model's predictions for images that it did not learn from. Received: held_out=None"
        )

    def changes(rounded: np.ndarray) -> float:
        return expected_changes(model, rounded, held_out=held_out, multi_label=multi_label)

    everything = rounded_without([])
    if changes(everything) <= MAX_CHANGED:
        return [], mean_shift(model, everything, multi_label=multi_label)
    spared = fewest_spared(measure(), lambda spared: changes(rounded_without(spared)))
    return spared, mean_shift(model, rounded_without(spared), multi_label=multi_label)


def fewest_spared(roundings: Sequence[Rounding], changes: Callable[[Sequence[Rounding]], float]) -> list[Rounding]:
    """The fewest operations to leave in float32 so that predictions stay; all that may be, if even these are too few.

    Args:
        roundings: of the network.
        changes: operations that stay in float32 → the share of predictions expected to change.
    """
    order = _worst_first(roundings)
    return order[: bisect_left(range(len(order)), True, key=lambda number: changes(order[:number]) <= MAX_CHANGED)]


def _worst_first(roundings: Sequence[Rounding]) -> list[Rounding]:
    """The operations that may stay in float32, in descending order of damage per weight.

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


def _leads(ours: np.ndarray, theirs: np.ndarray, multi_label: bool) -> np.ndarray:
    """How far, by the logits `theirs`, each prediction that `ours` give is ahead of the next best."""
    if multi_label:
        signed: np.ndarray = (np.where(ours >= 0, 1.0, -1.0) * theirs).ravel()
        return signed
    rows, best = np.arange(len(ours)), ours.argmax(axis=1)
    others = theirs.copy()
    others[rows, best] = -np.inf
    leads: np.ndarray = theirs[rows, best] - others.max(axis=1)
    return leads


def _logits(probabilities: np.ndarray, multi_label: bool) -> np.ndarray:
    """Finite, even of a probability that was rounded to zero; of classes that exclude each other their mean is zero."""
    if multi_label:
        odds: np.ndarray = _logs(probabilities) - _logs(1 - probabilities)
        return odds
    logs = _logs(probabilities)
    logits: np.ndarray = logs - logs.mean(axis=1, keepdims=True)
    return logits


def _logs(probabilities: np.ndarray) -> np.ndarray:
    logs: np.ndarray = np.log(np.maximum(probabilities.astype("float64"), _LEAST))
    return logs
