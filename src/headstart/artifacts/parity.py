"""The measurements of the parity check: how far the predictions of an exported file differ from those of the model."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, replace
from typing import Self

import numpy as np

from headstart.artifacts.int8_share import Int8Share

MAX_INT8_LOSS = 0.01 + 1e-9  # one point, however it is rounded
MIN_INT8_STORED = 0.2  # of an int8 file's weights; below, it has neither the size nor the speed that its name promises


@dataclass(frozen=True)
class Difference:
    """One image for which file and model differ too much.

    Attributes:
        path: of the image.
        model, file: what each of them says.
        difference: how far apart they are: the largest of the probabilities, the share of pixels, the number of boxes,
            or the largest of the numbers in units of their spread.
    """

    path: str
    model: str
    file: str
    difference: float


@dataclass(frozen=True, kw_only=True)
class Parity(ABC):
    """How the predictions of one file compare with those of the model.

    Attributes:
        num_pictures: how many were compared.
        agreement: share of predictions that are the same: of images, labels, boxes, pixels or numbers.
        is_passed: whether the file may be used.
        int8_share: how much of an int8 file is int8; None of a float file.
        failure: why it could not be run at all; empty where it could.
        differences: the images that count against it, the worst first.
    """

    num_pictures: int
    is_passed: bool
    agreement: float = 0.0
    int8_share: Int8Share | None = None
    failure: str = ""
    differences: tuple[Difference, ...] = ()

    @property
    @abstractmethod
    def distance(self) -> float:
        """How far file and model are apart."""

    @abstractmethod
    def compared(self) -> str:
        """How far file and model are apart, and how good each is, in words."""

    @property
    def is_hollow(self) -> bool:
        """Whether too few weights of an int8 file are int8."""
        return self.int8_share is not None and self.int8_share.stored < MIN_INT8_STORED

    def with_int8_share(self, share: Int8Share) -> Self:
        """The result with the share of int8 in the file; a file with too small a share does not pass."""
        counted = replace(self, int8_share=share)
        return replace(counted, is_passed=self.is_passed and not counted.is_hollow)

    def summary(self) -> str:
        """The result in one line."""
        if self.failure:
            return f"cannot be run ({self.failure})"
        rounded = f"int8: {self.int8_share.summary()}" if self.int8_share else ""
        if self.is_hollow:
            return rounded
        return f"{self.agreement:.2%} of the predictions are the same, {self.compared()}" + (rounded and f", {rounded}")

    def table(self, max_rows: int) -> list[str]:
        """Lines that say where file and model differ, the worst first."""
        rows = [f"  {each.path}: model {each.model}, file {each.file}" for each in self.differences[:max_rows]]
        more = len(self.differences) - max_rows
        return [*rows, f"  and {more} more"] if more > 0 else rows

    def facts(self) -> dict[str, object]:
        """All but the differences, for artifact.json; `int8_share` stands there for int8 files only."""
        left_out = ("differences", "is_passed", "failure", *(("int8_share",) if self.int8_share is None else ()))
        return {name: value for name, value in asdict(self).items() if name not in left_out}


@dataclass(frozen=True, kw_only=True)
class MetricParity(Parity):
    """The parity check of a task whose predictions are scored by one metric.

    Attributes:
        largest_difference: of scores, probabilities, or numbers in units of their spread.
        metric: name of the number that says how good predictions are.
        value, model_value: of the metric, of the file and of the model.
    """

    largest_difference: float = np.inf
    metric: str = ""
    value: float = np.nan
    model_value: float = np.nan

    @property
    def distance(self) -> float:
        """How far file and model are apart."""
        return self.largest_difference

    def compared(self) -> str:
        """How far file and model are apart, and how good each is, in words."""
        metric = self.metric.replace("_", " ")
        return f"up to {self.largest_difference:.2g} apart, {metric} {self.value:.4f} (model {self.model_value:.4f})"


def worst_first(differences: list[Difference]) -> tuple[Difference, ...]:
    """The differences in the order in which they are shown, the largest first."""
    return tuple(sorted(differences, key=lambda each: -each.difference))
