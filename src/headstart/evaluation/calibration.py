"""What a run learned from its validation pictures about how far its answers can be trusted."""

import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from headstart.errors import RunDamagedError
from headstart.evaluation.thresholds import Thresholds

FORMAT_VERSION = 1


@dataclass(frozen=True, eq=False)
class Calibration:
    """How logits become probabilities that mean what they say, and how pooled features become a foreign score.

    Probabilities are `softmax(logits / temperature)`, or with several labels `sigmoid(logits / temperature)`.

    The foreign score of a picture whose pooled features are `z`, the `(num_features,)` output of the layer `head_pool`,
    is `min over c of sum((z @ projection - means[c]) ** 2)`: the squared distance to the nearest mean of training
    pictures, in a space of few dimensions in which their spread around their means is the same in all directions.
    Nothing is to be subtracted or divided first; both are inside `projection` and `means`. Higher is stranger.

    Attributes:
        temperature: `(num_classes,)` above 0, all equal unless an example may have several labels.
        projection: `(num_features, rank)`.
        means: `(num_means, rank)`.
        nonconformity: `(v,)` ascending, as in `Thresholds`.
        foreign_scores: `(v,)` ascending, as in `Thresholds`.
    """

    temperature: np.ndarray
    projection: np.ndarray
    means: np.ndarray
    nonconformity: np.ndarray
    foreign_scores: np.ndarray

    @property
    def thresholds(self) -> Thresholds:
        """What is sure and what is strange."""
        return Thresholds(self.nonconformity, self.foreign_scores)

    def foreign_score(self, features: np.ndarray) -> np.ndarray:
        """How strange pictures are, `(n,)` float64, from their pooled features `(n, num_features)`."""
        return nearest_squared_distance(np.asarray(features, "float64") @ self.projection, self.means)

    def write(self, path: Path) -> None:
        """Writes a NumPy archive in one step."""
        partial = path.with_name(f"partial-{path.name}")
        with partial.open("wb") as file:
            np.savez(file, format_version=FORMAT_VERSION, **asdict(self))
        partial.replace(path)

    @classmethod
    def read(cls, path: Path) -> "Calibration":
        """The calibration that `write` put there.

        Raises:
            RunDamagedError: the file is none, or one of a later version.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                return _from_arrays(dict(archive))
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise RunDamagedError(
                f"'{path}' is no calibration that this version can read.",
                expected=f"the archive that a run writes, format_version {FORMAT_VERSION}",
                received=f"{type(error).__name__}: {error}".partition("\n")[0],
                hint="Remove it and write a new one with `headstart evaluate RUN`.",
            ) from error


def nearest_squared_distance(points: np.ndarray, means: np.ndarray) -> np.ndarray:
    """From each of `(n, rank)` points to the nearest of `(m, rank)` means, `(n,)`."""
    products = points @ means.T
    squared = (points**2).sum(axis=1)[:, None] - 2 * products + (means**2).sum(axis=1)
    return np.maximum(squared.min(axis=1), 0.0)  # rounding may leave a little less than nothing


def _from_arrays(arrays: dict[str, np.ndarray]) -> Calibration:
    version = int(arrays.pop("format_version"))
    if version != FORMAT_VERSION:
        raise ValueError(f"format_version {version}")
    calibration = Calibration(**arrays)
    if calibration.projection.shape[1:] != calibration.means.shape[1:]:
        raise ValueError(f"projection {calibration.projection.shape} and means {calibration.means.shape}")
    return calibration
