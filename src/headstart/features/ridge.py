"""Ridge regression on pooled features: the best linear prediction of numbers, solved instead of trained."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from headstart.features.standardise import ROWS_PER_BLOCK, Standardisation

# Variance that a coefficient of a scaled feature is expected to have, where targets have variance 1; see `STRENGTHS`
# of the probe. Squared errors want a wider range: numbers that features hardly tell need the lowest.
RIDGE_STRENGTHS = tuple(float(strength) for strength in np.geomspace(1e-6, 1.0, 13))


class RidgeStart(NamedTuple):
    """A linear layer from raw features to numbers in their own unit.

    Attributes:
        kernel: `(features, numbers)` float32.
        bias: `(numbers,)` float32.
        strength: the one chosen; larger is less regularised.
    """

    kernel: np.ndarray
    bias: np.ndarray
    strength: float


def ridge_start(
    features: np.ndarray,
    targets: np.ndarray,
    validation_features: np.ndarray,
    validation_targets: np.ndarray,
    *,
    strengths: Sequence[float] = RIDGE_STRENGTHS,
) -> RidgeStart:
    """The ridge regression with the lowest validation error; a tie goes to the stronger regularisation.

    Solves what scikit-learn's `Ridge(alpha=1 / strength)` solves for features less their means and divided by one
    number, and targets with mean 0 and deviation 1 each, for all strengths from one decomposition. Several numbers
    share a strength; their errors count alike, whatever their units.

    Args:
        features: `(n, d)`. Several views of one image are several rows.
        targets: `(n, numbers)`.
        validation_features: `(v, d)`, of other images.
        validation_targets: `(v, numbers)`.
        strengths: to choose from, above 0, ascending.

    Raises:
        ValueError: shapes do not fit each other, or a number is not finite.

    Example:
        >>> features = np.array([[0.0], [1.0], [2.0], [3.0]])
        >>> start = ridge_start(features, 2 * features + 5, features, 2 * features + 5, strengths=[1e6])
        >>> np.round(start.kernel, 3).tolist(), np.round(start.bias, 3).tolist()
        ([[2.0]], [5.0])
    """
    _check(features, targets)
    _check(validation_features, validation_targets)
    scaling = Standardisation.of(features)
    means, deviations = number_statistics(targets)
    rows = scaling.rows(features)[:, :-1]
    solve = _solver(rows, (targets - means) / deviations)
    validation_rows = scaling.rows(validation_features)[:, :-1]
    wanted = (validation_targets - means) / deviations
    coefficients = [solve(strength) for strength in strengths]
    errors = [float(np.mean((validation_rows @ kernel - wanted) ** 2)) for kernel in coefficients]
    best = int(np.argmin(errors))  # the first of equals
    kernel = coefficients[best] * deviations / scaling.deviation
    bias = means - scaling.mean @ kernel
    return RidgeStart(kernel.astype(np.float32), bias.astype(np.float32), strengths[best])


def number_statistics(targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each number, `(numbers,)` float64 from `(n, numbers)`; deviation 1 where all are equal."""
    targets = np.asarray(targets, np.float64)
    means, deviations = targets.mean(axis=0), targets.std(axis=0)
    is_constant = deviations <= 1e-12 * np.abs(means)  # what rounding of the mean leaves is no deviation
    return means, np.where(is_constant, 1.0, deviations)


def _solver(rows: np.ndarray, targets: np.ndarray) -> Callable[[float], np.ndarray]:
    """A function from a strength to `(d, numbers)` coefficients, from one decomposition of the smaller Gram matrix."""
    if len(rows) < rows.shape[1]:
        wide = rows.astype(np.float64)
        values, vectors = np.linalg.eigh(wide @ wide.T)
        moments, back = vectors.T @ targets, wide.T @ vectors
    else:
        values, vectors = np.linalg.eigh(_products(rows, rows))
        moments, back = vectors.T @ _products(rows, targets), vectors
    values = np.maximum(values, 0.0)  # rounding makes the smallest a little negative
    return lambda strength: back @ (moments / (values + 1.0 / strength)[:, np.newaxis])


def _products(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """`rows.T @ others` in float64, without a copy of all rows in it."""
    products = np.zeros((rows.shape[1], others.shape[1]))
    for start in range(0, len(rows), ROWS_PER_BLOCK):
        block = slice(start, start + ROWS_PER_BLOCK)
        products += rows[block].T.astype(np.float64) @ others[block].astype(np.float64)
    return products


def _check(features: np.ndarray, targets: np.ndarray) -> None:
    if features.ndim != 2 or targets.ndim != 2 or len(features) != len(targets) or len(features) == 0:
        raise ValueError(
            "Expected features (n, d) and targets (n, numbers), n at least 1. "
            f"Received: shapes {features.shape} and {targets.shape}"
        )
    if not (np.isfinite(features).all() and np.isfinite(targets).all()):
        raise ValueError("Expected finite features and targets. Received: NaN or infinity")
