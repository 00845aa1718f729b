"""The default number of epochs of a phase, from the number of training images."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION


@dataclass(frozen=True)
class EpochRule:
    """How many epochs a phase takes where the recipe does not say.

    Attributes:
        seen: examples that the phase should see in all.
        least, most: bounds on its epochs.
    """

    seen: int
    least: int
    most: int

    def epochs(self, num_training: int) -> int:
        """For so many training pictures."""
        return min(max(math.ceil(self.seen / num_training), self.least), self.most)


FINE_TUNING_EPOCHS: Mapping[str, EpochRule] = MappingProxyType(
    {
        CLASSIFICATION: EpochRule(6_000, 11, 30),
        REGRESSION: EpochRule(6_200, 11, 30),
        DETECTION: EpochRule(4_000, 8, 25),
        SEGMENTATION: EpochRule(1_000, 5, 12),
    }
)
# Of heads that no probe can solve; docs/decisions/0022 and 0023 say what was measured.
FROZEN_EPOCHS: Mapping[str, EpochRule] = MappingProxyType(
    {
        CLASSIFICATION: EpochRule(1, 10, 10),
        REGRESSION: EpochRule(1, 10, 10),
        DETECTION: EpochRule(4_500, 6, 30),
        SEGMENTATION: EpochRule(2_500, 8, 25),
    }
)
