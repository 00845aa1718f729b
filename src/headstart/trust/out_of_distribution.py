"""The few directions of the features of training images; an image with features elsewhere is out-of-distribution.

A network predicts any image. An unfamiliar image hardly moves features along the directions that distinguish the
classes, so that its distances to class means are small; but it moves features in other directions.

References:
    Wang et al. 2022, ViM: Out-Of-Distribution with Virtual-logit Matching, arXiv 2203.10807, section 3: the residual.
    Guan et al. 2023, Revisit PCA-based Technique for Out-of-Distribution Detection, ICCV 2023: relative to the length.
"""

import numpy as np
from scipy.linalg import eigh

NOTHING = 1e-8  # of the energy of the strongest direction; below, rounding decides
TINY = 1e-12  # for features that are all 0, which say nothing: they are strange
MAX_RANK = 64  # of 1,280 features; from 32 to 400 the detector differs little


def fit_directions(features: np.ndarray) -> np.ndarray:
    """Orthonormal directions that hold most of the energy of pooled features, each example counting the same.

    Args:
        features: `(n, num_features)` of training images, read plain. Rows of nothing but 0 do not count.

    Returns:
        `(num_features, rank)`; rank is 64, but at most half of the examples and half of the features, and at least 1.

    Raises:
        ValueError: there are no features, or none that are finite.
    """
    features = np.asarray(features, "float64")
    if features.ndim != 2 or not features.size or not np.isfinite(features).all():
        raise ValueError(f"expected finite features of shape (examples, features). Received: shape={features.shape}")
    num_examples, num_features = features.shape
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    directions = np.divide(features, lengths, out=np.zeros_like(features), where=lengths > 0)
    rank = max(1, min(MAX_RANK, num_examples // 2, num_features // 2))
    return _strongest_directions(directions, rank)


def share_outside(features: np.ndarray, projection: np.ndarray) -> np.ndarray:
    """Share of the energy of `(n, num_features)` outside the directions `(num_features, rank)`, `(n,)` in [0, 1]."""
    features = np.asarray(features, "float64")
    inside = ((features @ projection) ** 2).sum(axis=1)
    whole = np.maximum((features**2).sum(axis=1), TINY)
    shares: np.ndarray = np.clip(1.0 - inside / whole, 0.0, 1.0)  # rounding may leave a little less than nothing
    return shares


def _strongest_directions(rows: np.ndarray, rank: int) -> np.ndarray:
    """The first right singular vectors of `(n, d)`, `(d, rank)`, fewer where the others hold next to nothing.

    From the products of the rows or of the columns, whichever are fewer: the whole decomposition takes four times as
    long.
    """
    wide = rows.shape[0] < rows.shape[1]
    products = rows @ rows.T if wide else rows.T @ rows
    energies, vectors = eigh(products, subset_by_index=(len(products) - rank, len(products) - 1))
    energies, vectors = np.maximum(energies[::-1], NOTHING**2), vectors[:, ::-1]  # where all rows are 0
    held = energies > NOTHING * energies[0]
    directions: np.ndarray = rows.T @ vectors[:, held] / np.sqrt(energies[held]) if wide else vectors[:, held]
    return directions
