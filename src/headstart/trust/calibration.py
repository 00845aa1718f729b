"""The calibration of a run, measured on its validation images."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
from scipy.special import expit, softmax

from headstart.errors import RunDamagedError
from headstart.files import UnusableFileError, read_arrays, whole_file
from headstart.trust.conformal import Thresholds
from headstart.trust.out_of_distribution import fit_directions, share_outside
from headstart.trust.temperature import fit_label_temperatures, fit_temperature

FORMAT_VERSION = 1
_ROUNDING = 0.01  # of scores between 0 and 1


@dataclass(frozen=True, eq=False)
class Calibration:
    """How logits become calibrated probabilities, and pooled features an out-of-distribution score.

    Probabilities are `softmax(logits / temperature)`, or with several labels `sigmoid(logits / temperature)`.

    The out-of-distribution score of an image with the pooled features `z`, the `(num_features,)` output of the layer
    `head_pool`, is `1 - sum((z @ projection) ** 2) / max(sum(z ** 2), TINY)`: the share of the energy of the features
    outside the directions of the training images, 0 to 1. `z` is used as it is, and its length does not count.

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
        """The out-of-distribution scores, `(n,)` float64 in [0, 1], from their pooled features `(n, num_features)`."""
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


def fit_calibration(
    logits: np.ndarray,
    targets: np.ndarray,
    *,
    features: np.ndarray,
    training_features: np.ndarray,
    multi_label: bool = False,
) -> Calibration:
    """Temperature, directions of the training features, and the scores of validation images with both.

    The scores are measured with the temperature that was fitted on the same images: one number out of many hundred
    scores moves their quantiles less than the next draw of images would.

    Args:
        logits: `(v, k)` of validation images.
        targets: `(v, k)` of 0 and 1, one 1 in each row unless `multi_label`.
        features: `(v, num_features)`, pooled, of the same images.
        training_features: `(n, num_features)` of training images, read plain.
        multi_label: whether an image may show several classes, or none.
    """
    logits, targets = np.asarray(logits, "float64"), np.asarray(targets, "float64")
    if multi_label:
        temperature = fit_label_temperatures(logits, targets)
        probabilities = expit(logits / temperature)
    else:
        temperature = np.full(logits.shape[1], fit_temperature(logits, targets))
        probabilities = softmax(logits / temperature, axis=1)
    projection = fit_directions(training_features)
    thresholds = Thresholds.from_scores(1 - probabilities[targets == 1], share_outside(features, projection))
    return Calibration(temperature, projection, thresholds.nonconformity, thresholds.foreign_scores)


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
