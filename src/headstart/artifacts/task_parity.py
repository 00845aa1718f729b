"""Does an exported file of a detector, segmenter or regressor answer like the model? Counted picture by picture."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from headstart.artifacts.int8_share import Int8Share
from headstart.artifacts.parity import MIN_INT8_STORED, Difference

MAX_INT8_LOSS = 0.01 + 1e-9  # one point, however it is rounded


@dataclass(frozen=True)
class TaskParity:
    """How the answers of one file compare with the model's.

    Attributes:
        num_pictures: how many were compared.
        agreement: share of boxes, pixels or numbers that are the same.
        largest_difference: of scores, probabilities, or numbers in units of their spread.
        metric: name of the number that says how good answers are.
        value, model_value: of the metric, of the file and of the model.
        is_passed: whether the file may be used.
        int8_share: how much of an int8 file is int8; None of a float file.
        failure: why it could not be run at all; empty where it could.
        differences: the pictures that count against it, the worst first.
    """

    num_pictures: int
    agreement: float
    largest_difference: float
    metric: str
    value: float
    model_value: float
    is_passed: bool
    differences: tuple[Difference, ...] = ()
    failure: str = ""
    int8_share: Int8Share | None = None

    @classmethod
    def of_failure(cls, failure: str, num_pictures: int) -> "TaskParity":
        """Of a file that cannot be run."""
        return cls(num_pictures, 0.0, np.inf, "", np.nan, np.nan, is_passed=False, failure=failure)

    @property
    def is_hollow(self) -> bool:
        """Whether an int8 file holds next to no int8."""
        return self.int8_share is not None and self.int8_share.stored < MIN_INT8_STORED

    @property
    def distance(self) -> float:
        """How far file and model are apart."""
        return self.largest_difference

    def with_int8_share(self, share: Int8Share) -> "TaskParity":
        """The same, once it was counted how much of the file is int8: one that holds next to none does not pass."""
        counted = replace(self, int8_share=share)
        return replace(counted, is_passed=self.is_passed and not counted.is_hollow)

    def summary(self) -> str:
        """One line."""
        if self.failure:
            return f"cannot be run ({self.failure})"
        rounded = f"int8: {self.int8_share.summary()}" if self.int8_share else ""
        if self.is_hollow:
            return rounded
        return (
            f"{self.agreement:.2%} of answers the same, up to {self.largest_difference:.2g} apart, "
            f"{self.metric.replace('_', ' ')} {self.value:.4f} (model {self.model_value:.4f})"
            + (rounded and f", {rounded}")
        )

    def table(self, max_rows: int) -> list[str]:
        """Lines that say where file and model differ, the worst first."""
        rows = [f"  {each.path}: model {each.model}, file {each.file}" for each in self.differences[:max_rows]]
        more = len(self.differences) - max_rows
        return [*rows, f"  and {more} more"] if more > 0 else rows

    def facts(self) -> dict[str, Any]:
        """All but the differences, for artifact.json; `int8_share` stands there for int8 files only."""
        left_out = ("differences", "is_passed", "failure", *(("int8_share",) if self.int8_share is None else ()))
        return {name: value for name, value in asdict(self).items() if name not in left_out}


def worst_first(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """In the order of a person who looks for the cause."""
    return tuple(sorted(differences, key=lambda each: -each.probability_difference))
