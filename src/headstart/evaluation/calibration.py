"""What a run learned from its validation pictures about how far its answers can be trusted."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from headstart.errors import RunDamagedError
from headstart.evaluation.thresholds import Thresholds
from headstart.stored import UnusableFileError, read_arrays
from headstart.writing import whole_file

FORMAT_VERSION = 1
_ROUNDING = 0.01  # of scores between 0 and 1
TINY = 1e-12  # for features that are all 0, which say nothing: they are strange


@dataclass(frozen=True, eq=False)
class Calibration:
    """How logits become probabilities that mean what they say, and how pooled features become a foreign score.

    Probabilities are `softmax(logits / temperature)`, or with several labels `sigmoid(logits / temperature)`.

    The foreign score of a picture whose pooled features are `z`, the `(num_features,)` output of the layer `head_pool`,
    is `1 - sum((z @ projection) ** 2) / max(sum(z ** 2), TINY)`: the share of the features, by energy, that lies
    outside the few directions in which training pictures have theirs. 0 is all familiar, 1 all strange. Nothing is to
    be subtracted or divided first, and the length of `z` does not count.

    Attributes:
        temperature: `(num_classes,)` above 0, all equal unless an example may have several labels.
        projection: `(num_features, rank)`, orthonormal columns.
        nonconformity: `(v,)` ascending, as in `Thresholds`.
        foreign_scores: `(v,)` ascending, as in `Thresholds`.
    """

    temperature: np.ndarray
    projection: np.ndarray
    nonconformity: np.ndarray
    foreign_scores: np.ndarray

    @property
    def thresholds(self) -> Thresholds:
        """What is sure and what is strange."""
        return Thresholds(self.nonconformity, self.foreign_scores)

    def foreign_score(self, features: np.ndarray) -> np.ndarray:
        """How strange pictures are, `(n,)` float64 in [0, 1], from their pooled features `(n, num_features)`."""
        return share_outside(features, self.projection)

    def write(self, path: Path) -> None:
        """Writes a NumPy archive in one step."""
        with whole_file(path) as partial, partial.open("wb") as file:
            np.savez(file, format_version=FORMAT_VERSION, **asdict(self))

    @classmethod
    def read(cls, path: Path) -> "Calibration":
        """The calibration that `write` put there.

        Raises:
            RunDamagedError: the file is none, or one of a later version.
        """
        try:
            return _from_arrays(read_arrays(path, {"format_version": 0, **_DIMENSIONS}))
        except UnusableFileError as error:
            raise RunDamagedError(
                f"'{path}' is no calibration that this version can read.",
                expected=f"the archive that a run writes, format_version {FORMAT_VERSION}: {error.expected}",
                received=error.received,
                hint=error.hint("Remove it and write a new one with `headstart evaluate RUN`."),
            ) from error


def share_outside(features: np.ndarray, projection: np.ndarray) -> np.ndarray:
    """Share of the energy of `(n, num_features)` outside the directions `(num_features, rank)`, `(n,)` in [0, 1]."""
    features = np.asarray(features, "float64")
    inside = ((features @ projection) ** 2).sum(axis=1)
    whole = np.maximum((features**2).sum(axis=1), TINY)
    shares: np.ndarray = np.clip(1.0 - inside / whole, 0.0, 1.0)  # rounding may leave a little less than nothing
    return shares


def _from_arrays(arrays: dict[str, np.ndarray]) -> Calibration:
    version = arrays.pop("format_version")
    if version != FORMAT_VERSION:
        is_newer = bool(version > FORMAT_VERSION)
        raise UnusableFileError(f"format_version {FORMAT_VERSION}", f"format_version {version}", is_newer=is_newer)
    calibration = Calibration(**{name: array.astype("float64") for name, array in arrays.items()})
    for name, (is_right, expected) in _RULES.items():
        if not is_right(getattr(calibration, name)):
            raise UnusableFileError(f"{name} {expected}", "other numbers")
    return calibration


def _are_scores(scores: np.ndarray) -> bool:
    in_range = ((scores >= -_ROUNDING) & (scores <= 1 + _ROUNDING)).all()
    return bool(in_range and (np.diff(scores) >= 0).all())


def _are_directions(projection: np.ndarray) -> bool:
    """Whether columns are orthonormal, which also bounds how many there are."""
    num_features, rank = projection.shape
    return rank <= num_features and np.allclose(projection.T @ projection, np.eye(rank), atol=1e-3)


_DIMENSIONS = {"temperature": 1, "projection": 2, "nonconformity": 1, "foreign_scores": 1}
_RULES: Mapping[str, tuple[Callable[[np.ndarray], bool], str]] = MappingProxyType(
    {
        "temperature": (lambda values: len(values) > 0 and bool((values > 0).all()), "above 0, one for each class"),
        "projection": (_are_directions, "with orthonormal columns"),
        "nonconformity": (_are_scores, "ascending from 0 to 1"),
        "foreign_scores": (_are_scores, "ascending from 0 to 1"),
    }
)
