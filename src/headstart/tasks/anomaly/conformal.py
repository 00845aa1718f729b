"""p-values of anomaly scores from good images that nothing was learned from, and the promised rate of false alarms.

References:
    Bates et al. 2023, Testing for Outliers with Conformal p-values, arXiv 2104.08279, section 1: under the assumption
    that a good image is drawn like those of the calibration, its p-value is at most r with a probability of at most r,
    on average over draws of the calibration images.
"""

import math
from dataclasses import dataclass

import numpy as np

from headstart.errors import RecipeError

USUAL_RATE = 0.01
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class GoodScores:
    """Scores of good images that are not in the memory.

    Attributes:
        scores: `(n,)` float64, ascending.
    """

    scores: np.ndarray

    @classmethod
    def from_scores(cls, scores: np.ndarray) -> "GoodScores":
        """From scores in any order."""
        return cls(np.sort(np.asarray(scores, np.float64).ravel()))

    def p_values(self, scores: np.ndarray) -> np.ndarray:
        """The share of good images with at least this score, the image itself counted: `(n,)` above 0, at most 1."""
        not_lower = len(self.scores) - np.searchsorted(self.scores, np.asarray(scores, np.float64), side="left")
        return np.asarray((1 + not_lower) / (1 + len(self.scores)))

    @property
    def lowest_rate(self) -> float:
        """The lowest rate of false alarms that can be promised: 1 / (n + 1)."""
        return 1 / (1 + len(self.scores))

    def rate(self, wanted: float | None) -> float:
        """The rate of false alarms that holds: the wanted one, or the usual one if it can be promised.

        Raises:
            RecipeError: the wanted rate is no share, or the calibration images are too few for it.
        """
        if wanted is None:
            return max(USUAL_RATE, self.lowest_rate)
        require_promise(wanted, len(self.scores))
        return wanted

    def is_defect(self, scores: np.ndarray, rate: float) -> np.ndarray:
        """Whether the p-value of each score is at most the rate: `(n,)` bool."""
        return np.asarray(self.p_values(scores) <= rate + _ROUNDING)

    def threshold(self, rate: float) -> float:
        """The score above which an image is reported; infinity if the rate cannot be promised."""
        allowed = math.floor(rate * (1 + len(self.scores)) + _ROUNDING) - 1
        return (
            float(self.scores[len(self.scores) - 1 - allowed])
            if 0 <= allowed < len(self.scores)
            else (-math.inf if allowed >= len(self.scores) else math.inf)
        )


def require_promise(rate: float, num_good: int) -> None:
    """Refuses a rate of false alarms that the calibration images cannot promise.

    Args:
        rate: the wanted rate.
        num_good: good images of the calibration.

    Raises:
        RecipeError: the rate is no share, or needs more images.
    """
    if not 0 < rate < 1:
        raise RecipeError(
            "The rate of false alarms must be a share.",
            expected="false_alarms: a number above 0 and below 1",
            received=f"false_alarms={rate!r}",
            hint=f"Use {USUAL_RATE:g} for one good image in {1 / USUAL_RATE:.0f}, or leave it out.",
        )
    needed = math.ceil(1 / rate - 1 - _ROUNDING)
    if num_good < needed:
        lowest = 1 / (1 + num_good)
        raise RecipeError(
            f"{num_good} good validation images cannot promise at most {rate:.3g} false alarms.",
            expected=f"at least {needed} good validation images for a rate of {rate:.3g}",
            received=f"{num_good}, which promise a rate of {lowest:.3g} or higher",
            hint=f"Use --false-alarms {math.ceil(lowest * 1e4) / 1e4:g}, leave it out, or add good images.",
        )
