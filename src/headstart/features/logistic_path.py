"""Logistic regressions on raw features, one for each strength of regularisation."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from headstart.features.logistic import CrossEntropy, LogisticProblem, minimise, softmax_cross_entropy
from headstart.features.standardise import Standardisation


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """The optimum for one strength.

    Attributes:
        strength: factor of the loss against the penalty.
        kernel: `(d, classes)` float64 for raw features.
        bias: `(classes,)` float64.
        loss: mean training loss of an example without the penalty, in nats.
    """

    strength: float
    kernel: np.ndarray
    bias: np.ndarray
    loss: float


def logistic_path(
    features: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    *,
    strengths: Sequence[float],
    cross_entropy: CrossEntropy,
) -> Iterator[LogisticFit]:
    """The optimum for each strength, from the strongest regularisation down: each starts where the last ended.

    A class without training examples, whose best bias would be minus infinity, gets no kernel and the probability that
    half an example would give it. So does a label that every example has, the other way round.

    Args:
        features: `(n, d)`, finite.
        targets: `(n, classes)`.
        weights: `(n,)`, at least 0.
        strengths: above 0, in any order.
        cross_entropy: what is minimised.
    """
    standardisation = Standardisation.of(features)
    basis, rows = _few_columns(standardisation.rows(features))
    totals = weights @ targets
    learnable = totals > 0
    if cross_entropy is not softmax_cross_entropy:
        learnable &= weights @ (1.0 - targets) > 0
    problem = LogisticProblem(rows, targets[:, learnable].astype(np.float64), weights, cross_entropy)
    solution = np.zeros((rows.shape[1], int(learnable.sum())))
    for strength in sorted(strengths):
        if learnable.any():
            solution = minimise(problem, strength, solution)
        coefficients = np.zeros((features.shape[1] + 1, targets.shape[1]))
        coefficients[:-1, learnable] = solution[:-1] if basis is None else basis @ solution[:-1]
        coefficients[-1, learnable] = solution[-1]
        if cross_entropy is softmax_cross_entropy:
            coefficients[-1, ~learnable] = _bias_of_half_an_example(problem.logits(solution), weights)
        else:
            half = weights.mean() / 2
            coefficients[-1, ~learnable] = np.log((totals + half) / (weights.sum() - totals + half))[~learnable]
        kernel, bias = standardisation.fold(coefficients)
        yield LogisticFit(strength, kernel, bias, problem.mean_loss(solution))


def _few_columns(rows: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """Fewer columns that carry the same, where there are fewer rows than features.

    The penalty keeps the optimum in the space that the rows span, and a rotation leaves the penalty as it is.

    Returns:
        `(d, n)` orthonormal columns, or None where nothing is gained; rows of `(n, min(d, n) + 1)`.
    """
    num_rows, num_features = len(rows), rows.shape[1] - 1
    if num_rows >= num_features:
        return None, rows
    basis, triangle = np.linalg.qr(rows[:, :-1].T.astype(np.float64))
    return basis, np.column_stack([triangle.T, np.ones(num_rows)]).astype(np.float32)


def _bias_of_half_an_example(logits: np.ndarray, weights: np.ndarray) -> float:
    """The logit that gives a class half a training example in all, small as it is against the others."""
    return float(np.log(weights.mean() / 2) - logsumexp(-logsumexp(logits, axis=1), b=weights))
