"""Does an exported file answer like the model? Counted picture by picture."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from headstart.artifacts.int8_share import Int8Share
from headstart.tasks import decide, joined_names

MAX_PROBABILITY_DIFFERENCE = 1e-4
MAX_SCORE_DIFFERENCE = 1e-3
MIN_INT8_AGREEMENT = 0.98
MAX_INT8_ACCURACY_LOSS = 0.01 + 1e-9  # one point, however it is rounded
MIN_INT8_STORED = 0.2  # of an int8 file's weights; below, it has neither the size nor the speed that its name promises


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model or a file says of some pictures.

    Attributes:
        probabilities: `(n, num_classes)`.
        foreign_scores: `(n,)`.
    """

    probabilities: np.ndarray
    foreign_scores: np.ndarray


@dataclass(frozen=True)
class Difference:
    """One picture for which file and model differ too much.

    Attributes:
        path: of the picture.
        model, file: what each of them says.
        probability_difference: the largest over the classes.
    """

    path: str
    model: str
    file: str
    probability_difference: float


@dataclass(frozen=True)
class Parity:
    """How the answers of one file compare with the model's.

    Attributes:
        num_pictures: how many were compared.
        agreement: share of answers that are the same: pictures, or with several labels yes or no for each label.
        max_probability_difference: over all pictures and classes.
        max_score_difference: of the foreign score, over all pictures.
        accuracy, model_accuracy: share of answers that are right, of the file and of the model.
        is_passed: whether the file may be used.
        int8_share: how much of an int8 file is int8; None of a float file.
        failure: why it could not be run at all; empty where it could.
        differences: the pictures that count against it, the worst first.
    """

    num_pictures: int
    agreement: float
    max_probability_difference: float
    max_score_difference: float
    accuracy: float
    model_accuracy: float
    is_passed: bool
    differences: tuple[Difference, ...] = ()
    failure: str = ""
    int8_share: Int8Share | None = None

    @classmethod
    def of_failure(cls, failure: str, num_pictures: int) -> "Parity":
        """Of a file that cannot be run."""
        return cls(num_pictures, 0.0, np.inf, np.inf, 0.0, np.nan, is_passed=False, failure=failure)

    @property
    def distance(self) -> float:
        """How far file and model are apart."""
        return self.max_probability_difference

    @property
    def is_hollow(self) -> bool:
        """Whether an int8 file holds next to no int8."""
        return self.int8_share is not None and self.int8_share.stored < MIN_INT8_STORED

    def with_int8_share(self, share: Int8Share) -> "Parity":
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
            f"{self.agreement:.2%} of answers the same, "
            f"probabilities up to {self.max_probability_difference:.2g} apart, "
            f"foreign scores up to {self.max_score_difference:.2g}, "
            f"accuracy {self.accuracy:.4f} (model {self.model_accuracy:.4f})" + (rounded and f", {rounded}")
        )

    def table(self, max_rows: int) -> list[str]:
        """Lines that say where file and model differ, the worst first."""
        rows = [
            f"  {each.path}: model {each.model}, file {each.file}, {each.probability_difference:.2g} apart"
            for each in self.differences[:max_rows]
        ]
        more = len(self.differences) - max_rows
        return [*rows, f"  and {more} more"] if more > 0 else rows

    def facts(self) -> dict[str, Any]:
        """All but the differences, for artifact.json; `int8_share` stands there for int8 files only."""
        left_out = ("differences", "is_passed", "failure", *(("int8_share",) if self.int8_share is None else ()))
        return {name: value for name, value in asdict(self).items() if name not in left_out}


def compare(
    model: Answers,
    file: Answers,
    targets: np.ndarray,
    *,
    paths: Sequence[str],
    class_names: tuple[str, ...],
    multi_label: bool,
    is_int8: bool,
) -> Parity:
    """Compares a file's answers with the model's.

    A float file passes when no probability differs by more than 1e-4, no foreign score by more than 1e-3, and every
    answer is the same. Where the model itself is undecided between two answers within twice that tolerance, either
    counts as the same. An int8 file passes when at least 98 % of answers are the same and at most one point of
    accuracy is lost.

    Args:
        model: the model's answers.
        file: the file's answers for the same pictures.
        targets: `(n, num_classes)`, 1 where the class is present.
        paths: of the pictures.
        class_names: in the order of the probabilities.
        multi_label: whether a picture may show several classes, or none.
        is_int8: which of the two rules holds.
    """
    ours, theirs = (decide(each.probabilities, multi_label=multi_label)[0] for each in (model, file))
    gaps = np.abs(file.probabilities - model.probabilities)
    gaps = np.where(np.isfinite(gaps), gaps, np.inf).max(axis=1)
    score_gaps = np.abs(file.foreign_scores - model.foreign_scores)
    score_gaps = np.where(np.isfinite(score_gaps), score_gaps, np.inf)
    same = ours == theirs if multi_label else (ours == theirs).all(axis=1, keepdims=True)
    accuracy, model_accuracy = (_accuracy(chosen, targets, multi_label) for chosen in (theirs, ours))
    too_far = (gaps > MAX_PROBABILITY_DIFFERENCE) | (score_gaps > MAX_SCORE_DIFFERENCE)
    if is_int8:
        counted = ~same.all(axis=1)
        loss = model_accuracy - accuracy
        is_passed = bool(
            same.mean() >= MIN_INT8_AGREEMENT and loss <= MAX_INT8_ACCURACY_LOSS and np.isfinite(gaps).all()
        )
    else:
        counted = too_far | ~(same | _ties(model.probabilities, theirs, multi_label)).all(axis=1)
        is_passed = not counted.any()
    rows = sorted(np.flatnonzero(counted).tolist(), key=lambda row: -gaps[row])  # the worst first
    said_by_model = _said(class_names, ours, model.probabilities, multi_label)
    said_by_file = _said(class_names, theirs, file.probabilities, multi_label)
    return Parity(
        num_pictures=len(gaps),
        agreement=float(same.mean()),
        max_probability_difference=float(gaps.max()),
        max_score_difference=float(score_gaps.max()),
        accuracy=accuracy,
        model_accuracy=model_accuracy,
        is_passed=is_passed,
        differences=tuple(
            Difference(paths[row], said_by_model[row], said_by_file[row], float(gaps[row])) for row in rows
        ),
    )


def _ties(probabilities: np.ndarray, chosen: np.ndarray, multi_label: bool) -> np.ndarray:
    """Where the model is undecided about what the file chose: labels `(n, num_classes)`, or pictures `(n, 1)`."""
    if multi_label:
        return np.abs(probabilities - 0.5) <= MAX_PROBABILITY_DIFFERENCE
    lead = probabilities.max(axis=1) - np.where(chosen, probabilities, 0.0).sum(axis=1)
    return (lead <= 2 * MAX_PROBABILITY_DIFFERENCE)[:, np.newaxis]


def _accuracy(chosen: np.ndarray, targets: np.ndarray, multi_label: bool) -> float:
    right = chosen == (targets > 0)
    return float(right.mean() if multi_label else right.all(axis=1).mean())


def _said(class_names: tuple[str, ...], chosen: np.ndarray, probabilities: np.ndarray, multi_label: bool) -> list[str]:
    certainties = decide(probabilities, multi_label=multi_label)[1]
    return [
        f"{joined_names(class_names, row) or 'none'} {certainty:.4f}"
        for row, certainty in zip(chosen, certainties, strict=True)
    ]
