"""LogME: how well a linear model on features could explain the targets, without fitting one."""

import numpy as np

from headstart.features.examples import check_examples

# Natural logarithms of the prior's precision, as a multiple of the noise's and of the largest eigenvalue.
LOG_RATIOS = np.linspace(-25.0, 25.0, 101)
ZOOM = 50.0  # the second grid covers one step of the first to either side
RANK_CUTOFF = 1e-11  # of the largest eigenvalue: what lies below is rounding


def logme(features: np.ndarray, targets: np.ndarray) -> float:
    """Log evidence of an example under the best Bayesian linear regression of each class, averaged over classes.

    The evidence depends on the precisions of prior and noise. For a given ratio of the two the best noise is known in
    closed form, which leaves one number to search: on a grid, so that no local maximum is taken for the best one, where
    the paper's fixed-point iteration may stop.

    Args:
        features: `(n, d)`, not centred, as in the paper.
        targets: `(n, classes)` between 0 and 1; classes that no example has are left out.

    Returns:
        Higher is better; comparable between features of the same examples only. Finite even if the features explain
        the targets exactly.

    Raises:
        ValueError: Shapes do not fit each other.

    References:
        You et al. 2021, LogME: Practical Assessment of Pre-trained Models for Transfer Learning, arXiv 2102.11005,
        section 4 and algorithm 1.
    """
    check_examples(features, targets, multi_label=True)
    targets = targets[:, targets.any(axis=0)].astype(np.float64)
    eigenvalues, explained = _spectrum(features, targets)
    total = (targets**2).sum(axis=0)
    # An exact fit would have infinite evidence.
    unexplained = np.maximum(total - explained.sum(axis=0), 1e-10 * total)

    def evidence(log_ratios: np.ndarray) -> np.ndarray:
        shrinkage = 1.0 / (1.0 + eigenvalues[:, None] * np.exp(-log_ratios))
        noise = ((explained * shrinkage).sum(axis=0) + unexplained) / len(targets)
        determinant = -np.log(shrinkage).sum(axis=0) / len(targets)
        evidences: np.ndarray = -0.5 * (np.log(2 * np.pi * noise) + 1.0 + determinant)
        return evidences

    coarse = np.stack([evidence(np.full(len(total), ratio)) for ratio in LOG_RATIOS])
    centre = LOG_RATIOS[coarse.argmax(axis=0)]
    fine = np.stack([evidence(centre + offset / ZOOM) for offset in LOG_RATIOS])
    return float(fine.max(axis=0).mean())


def _spectrum(features: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The decomposition of the features that the evidence is computed from.

    Returns:
        `(r,)` squared singular values, the largest scaled to 1, and `(r, classes)` squared length of the targets along
        each left singular vector.
    """
    scaled = features / np.float64(np.abs(features).max() or 1.0)
    few_features = scaled.shape[1] <= len(scaled)
    eigenvalues, vectors = np.linalg.eigh(scaled.T @ scaled if few_features else scaled @ scaled.T)
    kept = eigenvalues > RANK_CUTOFF * eigenvalues[-1]
    eigenvalues, vectors = eigenvalues[kept], vectors[:, kept]
    if few_features:
        explained = (vectors.T @ (scaled.T @ targets)) ** 2 / eigenvalues[:, None]
    else:
        explained = (vectors.T @ targets) ** 2
    return eigenvalues / eigenvalues.max(initial=np.finfo(np.float64).tiny), explained
