"""What a calibration states and what the test images show: calibration error, coverage, unfamiliar images."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from headstart.metrics import Proportion


@dataclass(frozen=True, eq=False)
class TrustMeasures:
    """What a calibration states, and what was measured on examples that it was not fitted on.

    Attributes:
        temperature: `(num_classes,)`.
        error_before: expected calibration error at temperature 1.
        error_after: the same at the run's temperature.
        loss_before: log loss at temperature 1.
        loss_after: the same at the run's temperature.
        calibration_before: `Report.calibration` at temperature 1.
        coverage: how often prediction sets should hold the true class.
        covered: how often they did; with several labels, of all true labels.
        mean_set_size: classes in a set.
        kept_accuracy: share of right predictions among the 90 % of images with the most certain predictions.
        flagged: share of images whose out-of-distribution score is above that of 95 % of the validation images.
    """

    temperature: tuple[float, ...]
    error_before: float
    error_after: float
    loss_before: float
    loss_after: float
    calibration_before: pd.DataFrame
    coverage: float
    covered: Proportion
    mean_set_size: float
    kept_accuracy: Proportion
    flagged: Proportion

    def to_plain(self) -> dict[str, object]:
        """Everything in plain values; bins of confidence as one mapping each."""
        return {**asdict(self), "calibration_before": self.calibration_before.to_dict(orient="records")}

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> "TrustMeasures":
        """What `to_plain` gave."""
        shares = {name: Proportion(**values[name]) for name in ("covered", "kept_accuracy", "flagged")}
        bins = pd.DataFrame(values["calibration_before"])
        return cls(**{**values, **shares, "temperature": tuple(values["temperature"]), "calibration_before": bins})
