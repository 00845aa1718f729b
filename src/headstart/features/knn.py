"""What an example's nearest neighbours have, and how often it is its class: measures of features that learn nothing."""

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
        groups: `(n,)`, the same for copies of one image: they do not vote for each other.

    Returns:
        Between 0 and 1. Examples without any neighbour outside their group do not count; NaN where none has one.

    Raises:
        ValueError: Shapes do not fit each other, or `k` is below 1.
    """
    check_examples(features, targets)
    right = class_indices(targets)
    votes = neighbour_votes(features, targets, k=k, groups=groups)
    voted = ~np.isnan(votes).any(axis=1)
    return float((votes.argmax(axis=1) == right)[voted].mean()) if voted.any() else float("nan")


def neighbour_votes(
    features: np.ndarray, targets: np.ndarray, *, k: int = 5, groups: np.ndarray | None = None
) -> np.ndarray:
    """The average target of the `k` nearest other examples of each example, by cosine similarity.

    Args:
        features: as in `knn_accuracy`.
        targets: `(n, columns)` of any numbers, such as one-hot classes.
        k: as in `knn_accuracy`.
        groups: as in `knn_accuracy`.

    Returns:
        `(n, columns)` float64; NaN where an example has no neighbour outside its group.

    Raises:
        ValueError: `k` is below 1, or `groups` has another length.
    """
    if k < 1:
        raise ValueError(f"expected k of at least 1. Received: {k=}")
    num_examples = len(features)
    if groups is None:
        groups = np.arange(num_examples)
    check_one_for_each("groups", groups, num_examples=num_examples)
    # Scaled by the largest first, so that the squares of large features stay finite.
    directions = features / np.maximum(np.abs(features).max(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    directions = (directions / np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    votes, rows = [], max(1, NUMBERS_PER_BLOCK // num_examples)
    for start in range(0, num_examples, rows):
        block = slice(start, start + rows)
        similarities = directions[block] @ directions.T
        similarities[groups[block, None] == groups] = -np.inf
        votes.append(_votes(similarities, targets, k=min(k, num_examples)))
    return np.concatenate(votes)


def _votes(similarities: np.ndarray, targets: np.ndarray, *, k: int) -> np.ndarray:
    """`(rows, columns)`: mean of the nearest ones' targets, NaN where nobody votes.

    Args:
        similarities: `(rows, n)` cosines, minus infinity for those that may not vote.
        targets: `(n, columns)` of all.
        k: most voters.
    """
    nearest = np.argpartition(-similarities, k - 1, axis=1)[:, :k]
    cosines = np.take_along_axis(similarities, nearest, axis=1).astype(np.float64)
    # The nearness of all voters together is worth less than one voice: it decides ties only.
    voices = np.where(np.isfinite(cosines), 1.0 + 0.4 * cosines / k, 0.0)
    total = voices.sum(axis=1, keepdims=True)
    votes = (voices[:, :, None] * targets[nearest]).sum(axis=1)
    shares: np.ndarray = np.divide(votes, total, out=np.full(votes.shape, np.nan), where=total > 0)
    return shares
