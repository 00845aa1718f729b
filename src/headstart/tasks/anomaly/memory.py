"""The memory of good places: features of frozen stages, thinned out so that every good place has a near member.

References:
    Roth et al. 2022, Towards Total Recall in Industrial Anomaly Detection, arXiv 2106.08265, section 3.2, algorithm 1.
    Sener and Savarese 2018, Active Learning for Convolutional Neural Networks: A Core-Set Approach, arXiv 1708.00489:
    the greedy choice of centres is at most twice as far from the farthest place as the best choice.
"""

from collections.abc import Callable, Iterator

import numpy as np

# 1 % of the places, as in the paper's smallest memory, but enough for few images and few enough for a fast search.
SHARE, LEAST, MOST = 0.01, 1_000, 10_000
# Places among which members are chosen; more are drawn at random, so that the choice takes at most minutes.
MAX_CANDIDATES = 200_000
# Features in which distances are compared during the choice (Johnson and Lindenstrauss).
PROJECTED = 128

# Batches of features `(images, rows, columns, features)`, the same whenever it is called.
Batches = Callable[[], Iterator[np.ndarray]]


def memory_size(num_places: int, *, is_whole: bool = False) -> int:
    """Members of a memory.

    Args:
        num_places: of all good images together.
        is_whole: whether each image is one place; all of them are kept then.
    """
    wanted = MOST if is_whole else min(max(LEAST, round(SHARE * num_places)), MOST)
    return min(num_places, wanted)


def stage_scale(batches: Batches, channels: list[int]) -> np.ndarray:
    """`(features,)` float32: each stage is divided by its root mean square, so that all stages count alike.

    Args:
        batches: features, those of the stages behind each other.
        channels: features of each stage.
    """
    squares, count = np.zeros(sum(channels)), 0
    for batch in batches():
        rows = batch.reshape(-1, batch.shape[-1]).astype(np.float64)
        squares += (rows**2).sum(axis=0)
        count += len(rows)
    parts = np.split(squares / count, np.cumsum(channels)[:-1])
    sizes = [np.sqrt(part.mean()) or 1.0 for part in parts]
    return np.repeat(1 / np.array(sizes), channels).astype(np.float32)


def choose_memory(
    batches: Batches,
    scale: np.ndarray,
    num_members: int,
    *,
    num_places: int,
    seed: int,
    progress: Callable[[], object] = lambda: None,
) -> np.ndarray:
    """The members of the memory: `(num_members, features)` float32, scaled.

    Args:
        batches: features of good images.
        scale: from `stage_scale`.
        num_members: at most the number of places.
        num_places: of all batches together.
        seed: of candidates, projection and the first member; the same seed gives the same members.
        progress: called for each member.
    """
    draws = np.random.default_rng(seed)
    num_features = len(scale)
    projection = None
    if num_features > PROJECTED:
        projection = (draws.normal(size=(num_features, PROJECTED)) / np.sqrt(PROJECTED)).astype(np.float32)
    candidates = np.arange(num_places)
    if num_places > MAX_CANDIDATES:
        candidates = np.sort(draws.choice(num_places, max(MAX_CANDIDATES, num_members), replace=False))
    if num_members >= num_places:
        return _rows(batches, candidates, scale)
    projected = _rows(batches, candidates, scale, projection)
    chosen = greedy_centres(projected, num_members, first=int(draws.integers(len(candidates))), progress=progress)
    return _rows(batches, candidates[np.sort(chosen)], scale)


def greedy_centres(
    points: np.ndarray, count: int, *, first: int = 0, progress: Callable[[], object] = lambda: None
) -> np.ndarray:
    """Indices of `count` of the points: each next one is the farthest from all before.

    Args:
        points: `(n, d)` float32.
        count: 1 to n.
        first: index of the first one.
        progress: called for each one.

    Returns:
        `(count,)` int64, all different as long as the points are, in the order of the choice.
    """
    squares = np.einsum("ij,ij->i", points, points)
    distances = np.full(len(points), np.inf, np.float32)
    chosen = np.empty(count, np.int64)
    newest = first
    for place in range(count):
        chosen[place] = newest
        np.minimum(distances, squares + squares[newest] - 2 * (points @ points[newest]), out=distances)
        distances[newest] = -np.inf  # equal points are not chosen twice
        newest = int(distances.argmax())
        progress()
    return chosen


def _rows(batches: Batches, wanted: np.ndarray, scale: np.ndarray, projection: np.ndarray | None = None) -> np.ndarray:
    """Scaled features of the places with these numbers, which are in ascending order, projected if wanted."""
    found, before = [], 0
    for batch in batches():
        rows = batch.reshape(-1, batch.shape[-1])
        here = wanted[(wanted >= before) & (wanted < before + len(rows))] - before
        before += len(rows)
        scaled = rows[here].astype(np.float32) * scale
        found.append(scaled if projection is None else scaled @ projection)
    return np.concatenate(found)
