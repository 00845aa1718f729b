"""Prediction intervals for numbers: how far from the prediction the truth lies, for any coverage."""

from dataclasses import dataclass

import numpy as np

from headstart.trust import DEFAULT_COVERAGE, upper_quantile


@dataclass(frozen=True, eq=False)
class RegressionIntervals:
    """Split conformal intervals: as wide on either side as enough predictions for validation images were wrong.

    Attributes:
        residuals: `(v, numbers)` float64, each column ascending: distances of predictions from truths on validation
            images, in the unit of the number.

    References:
        Angelopoulos and Bates 2021, A Gentle Introduction to Conformal Prediction, arXiv 2107.07511, section 2.
    """

    residuals: np.ndarray

    @classmethod
    def from_predictions(cls, predictions: np.ndarray, targets: np.ndarray) -> "RegressionIntervals":
        """From predictions and truths of images that nothing was learned from, both `(v, numbers)` in any order.

        Raises:
            ValueError: shapes differ, or are not of two dimensions.
        """
        predictions, targets = np.asarray(predictions, "float64"), np.asarray(targets, "float64")
        if predictions.ndim != 2 or predictions.shape != targets.shape:
            raise ValueError(
                "Expected predictions and targets of one shape (v, numbers). "
                f"Received: {predictions.shape} and {targets.shape}"
            )
        return cls(np.sort(np.abs(predictions - targets), axis=0))

    def half_widths(self, coverage: float = DEFAULT_COVERAGE) -> np.ndarray:
        """The half widths of the intervals that contain the true value with probability `coverage`, above 0, below 1.

        The promise is for each number by itself, as long as new images are like those of validation, on average over
        them: not for every kind of image alike.

        Returns:
            `(numbers,)` float64 in the unit of the number; infinity where validation is too small to promise that much.
        """
        return np.array([upper_quantile(column, coverage) for column in self.residuals.T])

    def bounds(self, predictions: np.ndarray, coverage: float = DEFAULT_COVERAGE) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends of the intervals around predictions, `(n, numbers)` each."""
        half_widths = self.half_widths(coverage)
        return predictions - half_widths, predictions + half_widths
