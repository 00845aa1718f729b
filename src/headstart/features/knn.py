"""How often an example's nearest neighbours have its class: a measure of features that learns nothing."""

import numpy as np

from headstart.features.examples import check_examples, check_one_for_each, class_indices

NUMBERS_PER_BLOCK = 16_000_000  # 64 MB of similarities at a time


def knn_accuracy(features: np.ndarray, targets: np.ndarray, *, k: int = 5, groups: np.ndarray | None = None) -> float:
    """Share of examples whose `k` nearest neighbours by cosine vote for its class, itself left out.

    Takes time with the square of the number of examples, and memory with the number.

    Args:
        features: `(n, d)`, at least two rows. A row of zeros is as far from every other as can be without opposing it.
        targets: `(n, classes)` one-hot.
        k: neighbours that vote, one voice each; the nearer ones decide a tie. Fewer vote where fewer are left.
        groups: `(n,)`, the same for copies of one picture: they do not vote for each other.

    Returns:
        Between 0 and 1. Examples without any neighbour outside their group do not count; NaN where none has one.

    Raises:
        ValueError: Shapes do not fit each other, or `k` is below 1.
    """
    check_examples(features, targets)
    class_indices(targets)
    if k < 1:
        raise ValueError(f"expected k of at least 1. Received: {k=}")
    num_examples = len(features)
    if groups is None:
        groups = np.arange(num_examples)
    check_one_for_each("groups", groups, num_examples=num_examples)
    # Scaled by the largest first, so that the squares of large features stay finite.
    directions = features / np.maximum(np.abs(features).max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    directions = (directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    hits, rows = [], max(1, NUMBERS_PER_BLOCK // num_examples)
    for start in range(0, num_examples, rows):
        block = slice(start, start + rows)
        similarities = directions[block] @ directions.T
        similarities[groups[block, None] == groups] = -np.inf
        hits.append(_hits(similarities, targets, own=targets[block], k=min(k, num_examples)))
    votes = np.concatenate(hits)
    return float(np.nanmean(votes)) if not np.isnan(votes).all() else float("nan")


def _hits(similarities: np.ndarray, targets: np.ndarray, *, own: np.ndarray, k: int) -> np.ndarray:
    """`(rows,)`: 1 where the vote is right, 0 where it is wrong, NaN where nobody votes.

    Args:
        similarities: `(rows, n)` cosines, minus infinity for those that may not vote.
        targets: `(n, classes)` of all.
        own: `(rows, classes)`.
        k: most voters.
    """
    nearest = np.argpartition(-similarities, k - 1, axis=1)[:, :k]
    cosines = np.take_along_axis(similarities, nearest, axis=1).astype(np.float64)
    # The nearness of all voters together is worth less than one voice: it decides ties only.
    voices = np.where(np.isfinite(cosines), 1.0 + 0.4 * cosines / k, 0.0)
    votes = (voices[:, :, None] * targets[nearest]).sum(axis=1)
    right = votes.argmax(axis=1) == own.argmax(axis=1)
    return np.where(votes.any(axis=1), right, np.nan)
