"""How well an index finds images of the same class: each of its images is searched for among the others."""

from collections.abc import Mapping

import numpy as np

from headstart.metrics import Metric
from headstart.similarity.exact import NUMBERS_PER_BLOCK, similarities_to_all, unit_rows

RECALL_AT = (1, 5, 10)
MAX_QUERIES, MAX_COMPARISONS = 2_000, 400_000_000
NUM_RESAMPLES = 1_000


def measure_retrieval(
    embeddings: np.ndarray, targets: np.ndarray, groups: np.ndarray, *, seed: int = 0
) -> dict[str, Metric]:
    """`recall_at_1`, `recall_at_5`, `recall_at_10` and `mean_average_precision_at_r`, with bootstrap intervals.

    Every image is a query, itself and its copies left out; of large indexes 2,000 images drawn at random, fewer
    beyond 200,000. An image is relevant if it shares a class with the query. Recall at k is the share of queries with
    a relevant image among the k nearest. Precision at R looks at the R nearest, R being how many are relevant.
    Baselines are what a random order gives.

    Args:
        embeddings: `(n, d)`.
        targets: `(n, classes)` of 0 and 1.
        groups: `(n,)`, the same for copies of one image: they are no neighbours of one another.
        seed: of the queries drawn and of the bootstrap.

    Returns:
        Nothing where no image has a relevant other, or all have no other ones: there is nothing to tell apart.

    References:
        Musgrave, Belongie and Lim, A Metric Learning Reality Check, arXiv 2003.08505, section 3.2 (MAP@R).
    """
    generator = np.random.default_rng(seed)
    queries = _queries(len(embeddings), generator)
    rows = max(1, NUMBERS_PER_BLOCK // len(embeddings))
    parts = [
        _scores(queries[start : start + rows], embeddings, targets, groups) for start in range(0, len(queries), rows)
    ]
    scores = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    num_queries = len(scores["recall_at_1"])
    if num_queries == 0 or scores["random_mean_average_precision_at_r"].min() > 1 - 1e-9:
        return {}
    resampled = generator.multinomial(num_queries, np.full(num_queries, 1 / num_queries), size=NUM_RESAMPLES)
    names = [name for name in scores if not name.startswith("random_")]
    return {name: _metric(name, scores[name], scores[f"random_{name}"], resampled) for name in names}


def _queries(num_rows: int, generator: np.random.Generator) -> np.ndarray:
    count = min(num_rows, MAX_QUERIES, max(200, MAX_COMPARISONS // num_rows))
    return np.sort(generator.choice(num_rows, count, replace=False))


def _metric(name: str, scores: np.ndarray, random: np.ndarray, resampled: np.ndarray) -> Metric:
    low, high = np.quantile(resampled @ scores / len(scores), [0.025, 0.975])
    return Metric(
        name=name,
        value=float(scores.mean()),
        low=float(low),
        high=float(high),
        baseline=float(random.mean()),
        num_examples=len(scores),
        higher_is_better=True,
    )


def _scores(
    queries: np.ndarray, embeddings: np.ndarray, targets: np.ndarray, groups: np.ndarray
) -> Mapping[str, np.ndarray]:
    """Each score of each query that has anything relevant, and under `random_...` what a random order would give."""
    similarities = similarities_to_all(unit_rows(embeddings[queries]), embeddings)
    is_other = groups[queries, None] != groups
    similarities[~is_other] = -np.inf
    is_relevant = (targets[queries] @ targets.T > 0) & is_other
    num_relevant, num_others = is_relevant.sum(axis=1), is_other.sum(axis=1)
    asked = num_relevant > 0
    depth = max(*RECALL_AT, int(num_relevant.max(initial=0)))
    order = np.argsort(-similarities[asked], axis=1, kind="stable")[:, :depth]
    hits = np.take_along_axis(is_relevant[asked], order, axis=1)
    relevant, others = num_relevant[asked], num_others[asked]
    scores = {f"recall_at_{k}": hits[:, :k].any(axis=1).astype(float) for k in RECALL_AT}
    scores["mean_average_precision_at_r"] = _average_precision(hits, relevant)
    random = {f"random_recall_at_{k}": _random_recall(relevant, others, k) for k in RECALL_AT}
    random["random_mean_average_precision_at_r"] = _random_average_precision(relevant, others)
    return {**scores, **random}


def _average_precision(hits: np.ndarray, num_relevant: np.ndarray) -> np.ndarray:
    """`(q,)`: precision at each hit among the first R, summed and divided by R."""
    places = np.arange(1, hits.shape[1] + 1)
    counted = hits & (places <= num_relevant[:, None])
    precisions: np.ndarray = (np.cumsum(hits, axis=1) / places * counted).sum(axis=1) / num_relevant
    return precisions


def _random_recall(num_relevant: np.ndarray, num_others: np.ndarray, k: int) -> np.ndarray:
    """One less the probability that none of k drawn without putting back is relevant."""
    drawn = np.arange(k)
    missing = (num_others - num_relevant)[:, None] - drawn
    left = np.maximum(num_others[:, None] - drawn, 1)
    recall: np.ndarray = 1 - np.prod(np.clip(missing / left, 0, 1), axis=1)
    return recall


def _random_average_precision(num_relevant: np.ndarray, num_others: np.ndarray) -> np.ndarray:
    """Expected `_average_precision` of a random order.

    Place i is a hit with probability p = R / N, and then each of the i - 1 places before it with (R - 1) / (N - 1).
    """
    share = num_relevant / num_others
    share_of_rest = (num_relevant - 1) / np.maximum(num_others - 1, 1)
    harmonic = np.array([(1 / np.arange(1, count + 1)).sum() for count in num_relevant])
    precisions: np.ndarray = share * (harmonic + share_of_rest * (num_relevant - harmonic)) / num_relevant
    return precisions
