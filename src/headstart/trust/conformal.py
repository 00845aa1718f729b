"""Thresholds of conformal sets and of the out-of-distribution score, from predictions for validation images."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

DEFAULT_COVERAGE = 0.9
FAMILIAR_SHARE = 0.95


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Scores of validation images, from which a limit for any coverage follows.

    Attributes:
        nonconformity: `(v,)` ascending, 1 - probability of the true class; with several labels, of every true label.
        foreign_scores: `(v,)` ascending, the out-of-distribution scores of the validation images.

    References:
        Sadinle, Lei and Wasserman 2019, Least Ambiguous Set-Valued Classifiers with Bounded Error Levels.
        Angelopoulos and Bates 2021, A Gentle Introduction to Conformal Prediction, arXiv 2107.07511, section 1.
    """

    nonconformity: np.ndarray
    foreign_scores: np.ndarray

    @classmethod
    def from_scores(cls, nonconformity: ArrayLike, foreign_scores: ArrayLike) -> "Thresholds":
        """From scores in any order."""
        return cls(np.sort(np.asarray(nonconformity, "float64")), np.sort(np.asarray(foreign_scores, "float64")))

    def lowest_probability(self, coverage: float = DEFAULT_COVERAGE) -> float:
        """Classes at least so probable form a set that holds the true one with probability `coverage`."""
        return 1.0 - upper_quantile(self.nonconformity, coverage)

    def highest_familiar_score(self, share: float = FAMILIAR_SHARE) -> float:
        """An image like the training images stays at or below this with probability `share`."""
        return upper_quantile(self.foreign_scores, share)


def upper_quantile(ascending: np.ndarray, share: float) -> float:
    """The smallest of `n` scores that a new score of the same kind exceeds with a probability of at most 1 - `share`.

    Args:
        ascending: `(n,)` scores in ascending order.
        share: above 0, below 1.

    Returns:
        The ceil((n + 1) share)-th smallest; infinity where `n` is too small to promise that share.

    Raises:
        ValueError: `share` is no probability strictly between 0 and 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"Expected a share above 0 and below 1. Received: share={share}")
    rank = math.ceil((len(ascending) + 1) * share - 1e-9)  # 0.9 * 10 is a little more than 9
    return float(ascending[rank - 1]) if rank <= len(ascending) else math.inf
