"""Logistic regression with a quadratic penalty: the optimum for one strength, from where the last one ended."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# Where to stop: the estimated distance to the optimum as a share of the objective. The true one is a few times larger.
TOLERANCE = 1e-6
MAX_ITERATIONS = 300
RENEWAL = 30  # iterations after which the Hessian is taken anew: far from the start, the first one misleads
MAX_TRIALS = 20
SLOPE_LEFT = 0.3  # of the first slope; a sharper line search saves no iterations
ROWS_PER_BLOCK = 8192

CrossEntropy = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def softmax_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Loss of each example and probabilities, where classes exclude each other.

    Args:
        logits: `(n, classes)`.
        targets: `(n, classes)`, each row with the sum 1.

    Returns:
        `(n,)` nats and `(n, classes)` probabilities.
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    totals = exponentials.sum(axis=1, keepdims=True)
    return np.log(totals[:, 0]) - (shifted * targets).sum(axis=1), exponentials / totals


def sigmoid_cross_entropy(logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Loss of each example, summed over its labels, and probabilities, where an example may have several labels.

    Args:
        logits: `(n, labels)`.
        targets: `(n, labels)` between 0 and 1.

    Returns:
        `(n,)` nats and `(n, labels)` probabilities.
    """
    small = np.exp(-np.abs(logits))  # at most 1: no overflow
    probabilities = np.where(logits >= 0, 1.0, small) / (1.0 + small)
    losses = np.maximum(logits, 0.0) - logits * targets + np.log1p(small)
    return losses.sum(axis=1), probabilities


@dataclass(frozen=True, eq=False)
class LogisticProblem:
    """The objective: `strength * sum_i weight_i * loss_i + |coefficients|² / 2`, without a penalty on the bias.

    Attributes:
        rows: `(n, d + 1)` float32 features; the last column is 1, its coefficients are the bias.
        targets: `(n, classes)` float64.
        weights: `(n,)` float64, at least 0.
        cross_entropy: `softmax_cross_entropy` or `sigmoid_cross_entropy`.
    """

    rows: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    cross_entropy: CrossEntropy

    def logits(self, coefficients: np.ndarray) -> np.ndarray:
        """`(n, classes)` float64, multiplied in float32: half the memory to read, which is what an iteration costs."""
        return (self.rows @ coefficients.astype(np.float32)).astype(np.float64)

    def mean_loss(self, coefficients: np.ndarray) -> float:
        """Mean cross-entropy of an example without the penalty, in nats."""
        losses, _ = self.cross_entropy(self.logits(coefficients), self.targets)
        return float(self.weights @ losses / self.weights.sum())

    def curvature(self, probabilities: np.ndarray) -> np.ndarray:
        """`(d + 1, d + 1)` second derivative of the loss in one class's coefficients, averaged over classes."""
        roots = np.sqrt(self.weights * (probabilities * (1.0 - probabilities)).mean(axis=1)).astype(np.float32)
        total = np.zeros((self.rows.shape[1],) * 2)
        for start in range(0, len(self.rows), ROWS_PER_BLOCK):
            block = slice(start, start + ROWS_PER_BLOCK)
            weighted = self.rows[block] * roots[block, None]
            total += weighted.T @ weighted
        return total


@dataclass(frozen=True, eq=False)
class _Point:
    """The state of the optimization.

    Attributes:
        coefficients: `(d + 1, classes)` float64.
        logits: `(n, classes)` of the training examples.
        probabilities: like `logits`.
        value: the objective.
        slope: derivative of the objective along the line that led here.
    """

    coefficients: np.ndarray
    logits: np.ndarray
    probabilities: np.ndarray
    value: float
    slope: float


def minimise(problem: LogisticProblem, strength: float, start: np.ndarray) -> np.ndarray:
    """Coefficients at the optimum for one strength.

    L-BFGS whose first guess of the Hessian is the one at `start`, averaged over classes: a warm start then needs some
    ten to thirty passes over the rows where plain L-BFGS needs hundreds. Logits are linear in the coefficients, so that
    the search along a line costs no pass at all.

    Args:
        problem: rows and targets.
        strength: factor of the loss, above 0.
        start: `(d + 1, classes)`, such as the optimum for a smaller strength.

    Returns:
        `(d + 1, classes)` float64.

    References:
        Nocedal and Wright 2006, Numerical Optimization, algorithms 7.4 and 7.5.
    """
    point = _move(problem, strength, start=None, direction=start, direction_logits=problem.logits(start), step=1.0)
    gradient = _gradient(problem, strength, point)
    for iteration in range(MAX_ITERATIONS):
        if iteration % RENEWAL == 0:
            inverse = _inverse_hessian(problem, strength, point.probabilities)
            pairs: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=RENEWAL)
        direction = -_solve(gradient, inverse, pairs)
        decrement = -float((gradient * direction).sum())
        if decrement <= 2 * TOLERANCE * point.value:
            break
        found = _search(problem, strength, point, direction=direction, decrement=decrement)
        if found.value >= point.value:  # rounding is all that is left
            break
        found_gradient = _gradient(problem, strength, found)
        pair = found.coefficients - point.coefficients, found_gradient - gradient
        if (pair[0] * pair[1]).sum() > 0:  # as for every convex function, up to rounding
            pairs.append(pair)
        point, gradient = found, found_gradient
    return point.coefficients


def _inverse_hessian(problem: LogisticProblem, strength: float, probabilities: np.ndarray) -> np.ndarray:
    """`(d + 1, d + 1)`, by NumPy: SciPy brings a BLAS of its own, whose waiting threads would take this one's cores."""
    hessian = strength * problem.curvature(probabilities)
    diagonal = np.einsum("ii->i", hessian)
    rounding = 1e-7 * diagonal.sum() + 1e-30  # of float32 products, which must not make the matrix indefinite
    diagonal[:-1] += 1.0
    diagonal += rounding
    return np.linalg.inv(hessian)


def _solve(gradient: np.ndarray, inverse: np.ndarray, pairs: deque[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The Newton step as L-BFGS sees it, from the newest pair of step and change of gradient to the oldest and back."""
    rest, shares = gradient, []
    for step, change in reversed(pairs):
        shares.append((step * rest).sum() / (step * change).sum())
        rest = rest - shares[-1] * change
    result: np.ndarray = inverse @ rest
    for (step, change), share in zip(pairs, reversed(shares), strict=True):
        result += step * (share - (change * result).sum() / (step * change).sum())
    return result


def _gradient(problem: LogisticProblem, strength: float, point: _Point) -> np.ndarray:
    residuals = problem.weights[:, None] * (point.probabilities - problem.targets)
    gradient: np.ndarray = strength * (problem.rows.T @ residuals.astype(np.float32)).astype(np.float64)
    gradient[:-1] += point.coefficients[:-1]
    return gradient


def _move(
    problem: LogisticProblem,
    strength: float,
    *,
    start: _Point | None,
    direction: np.ndarray,
    direction_logits: np.ndarray,
    step: float,
) -> _Point:
    """The point one step along a direction; without a start, from zero."""
    coefficients, logits = step * direction, step * direction_logits
    if start is not None:
        coefficients, logits = start.coefficients + coefficients, start.logits + logits
    losses, probabilities = problem.cross_entropy(logits, problem.targets)
    value = strength * float(problem.weights @ losses) + float((coefficients[:-1] ** 2).sum()) / 2
    along = ((probabilities - problem.targets) * direction_logits).sum(axis=1)
    slope = strength * float(problem.weights @ along) + float((coefficients[:-1] * direction[:-1]).sum())
    return _Point(coefficients, logits, probabilities, value, slope)


def _search(
    problem: LogisticProblem, strength: float, point: _Point, *, direction: np.ndarray, decrement: float
) -> _Point:
    """A point along the direction where the slope is small: a root of a rising function, held between two ends."""
    direction_logits = problem.logits(direction)
    low, low_slope, high, high_slope, step = 0.0, -decrement, np.inf, np.inf, 1.0
    for _ in range(MAX_TRIALS):
        found = _move(problem, strength, start=point, direction=direction, direction_logits=direction_logits, step=step)
        if abs(found.slope) <= SLOPE_LEFT * decrement and found.value < point.value:
            break
        if found.slope < 0:
            low, low_slope = step, found.slope
        else:
            high, high_slope = step, found.slope
        if np.isinf(high):
            step = low * float(np.clip(decrement / (decrement + low_slope), 1.5, 5.0))
        else:
            step = low + (high - low) * float(np.clip(-low_slope / (high_slope - low_slope), 0.1, 0.9))
    return found
