"""From images to numbers, with any exported file and in the same way with a run's own model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headstart.artifacts import Runtime
from headstart.task_spec import REGRESSION
from headstart.tasks.regression.intervals import RegressionIntervals
from headstart.trust import DEFAULT_COVERAGE


@dataclass(frozen=True, eq=False)
class Numbers:
    """The numbers that an image shows.

    Attributes:
        values: `(numbers,)` float64, in their own units.
        half_widths: `(numbers,)` float64, how far below and above the truth may lie; infinity where the validation
            images are too few to say.
    """

    values: np.ndarray
    half_widths: np.ndarray


@dataclass(frozen=True, eq=False)
class NumberPredictor:
    """Predictions of a regressor.

    Attributes:
        kind: of task.
        runtime: gives numbers, `(n, numbers)`.
        class_names: what the numbers are called.
        image_size: `(height, width)` of the model's input.
        resize_mode: how images get that size, as in `headstart.data.resize_image`.
        intervals: how far off predictions for validation images were.
        coverage: how often intervals hold the truth, above 0 and below 1.
    """

    kind: ClassVar[str] = REGRESSION

    runtime: Runtime
    class_names: tuple[str, ...]
    image_size: tuple[int, int]
    resize_mode: str
    intervals: RegressionIntervals
    coverage: float = DEFAULT_COVERAGE

    @property
    def measured(self) -> Sequence[np.ndarray]:
        """See `headstart.artifacts.TaskPredictor`."""
        return [self.intervals.residuals]

    @property
    def missing_promise(self) -> str:
        """See `headstart.artifacts.TaskPredictor`."""
        if not np.isinf(self.intervals.half_widths(self.coverage)).any():
            return ""
        return (
            f"{len(self.intervals.residuals)} validation images are too few to promise a coverage of "
            f"{self.coverage:g}; no intervals are given"
        )

    def answers(self, images: np.ndarray, sizes: Sequence[tuple[int, int]]) -> list[Numbers]:
        """Numbers of images; arguments as in `BoxPredictor.answers`, whose `sizes` change nothing here."""
        return self.decode(self.runtime.run(np.asarray(images, np.uint8)), sizes)

    def decode(self, outputs: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> list[Numbers]:  # noqa: ARG002
        """See `headstart.artifacts.TaskPredictor`."""
        (numbers,) = outputs
        half_widths = self.intervals.half_widths(self.coverage)
        return [Numbers(row, half_widths) for row in np.asarray(numbers, np.float64)]
