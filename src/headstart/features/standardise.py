"""Features brought to mean 0 and a mean variance of 1 in one copy, whatever the size of the set.

All features are divided by one number. Each by its own would blow up those that hardly vary: the folded kernel would
be huge for them, and the first step of fine-tuning that moves them a little would throw the head off.
"""

from dataclasses import dataclass

import numpy as np

ROWS_PER_BLOCK = 8192


@dataclass(frozen=True, eq=False)
class Standardisation:
    """The mean and the scale by which features were standardised.

    Attributes:
        mean: `(d,)` float64.
        deviation: root of the mean variance, above 0; 1 where every feature is the same everywhere.
    """

    mean: np.ndarray
    deviation: float

    @classmethod
    def of(cls, features: np.ndarray) -> "Standardisation":
        """Mean and deviation of `(n, d)` features, each example counting once."""
        blocks = [features[start : start + ROWS_PER_BLOCK] for start in range(0, len(features), ROWS_PER_BLOCK)]
        mean = sum(block.sum(axis=0, dtype=np.float64) for block in blocks) / len(features)
        variance = sum(((block - mean) ** 2).sum(axis=0) for block in blocks) / len(features)
        deviation = float(np.sqrt(np.mean(variance)))
        # Constant features keep the rounding of their mean as deviation: dividing by that would blow up noise.
        is_constant = deviation <= 1e-12 * np.abs(mean).max()
        return cls(mean, 1.0 if is_constant or deviation == 0 else deviation)

    def rows(self, features: np.ndarray) -> np.ndarray:
        """`(n, d + 1)` float32: scaled features, and a column of ones for the bias."""
        rows = np.ones((len(features), len(self.mean) + 1), np.float32)
        for start in range(0, len(features), ROWS_PER_BLOCK):
            block = slice(start, start + ROWS_PER_BLOCK)
            rows[block, :-1] = (features[block] - self.mean) / self.deviation
        return rows

    def fold(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Kernel and bias for raw features.

        Args:
            coefficients: `(d + 1, classes)` for `rows`.

        Returns:
            `(d, classes)` and `(classes,)` float64.
        """
        kernel = coefficients[:-1] / self.deviation
        return kernel, coefficients[-1] - self.mean @ kernel
