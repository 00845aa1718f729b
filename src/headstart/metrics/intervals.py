"""How far a number from a finite test set can be trusted: bootstrap and Wilson intervals."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

CONFIDENCE = 0.95
WEIGHTS_PER_CHUNK = 4_000_000  # 32 MB of float64: a test set of any size fits in memory


def bootstrap_weights(num_examples: int, *, num_resamples: int, seed: int) -> Iterator[np.ndarray]:
    """How often each example stands in each resample, a chunk of resamples at a time.

    A resample draws `num_examples` examples with replacement; a metric of weighted examples needs nothing but the
    counts, so that one matrix product scores a whole chunk.

    Args:
        num_examples: size of the test set, at least 1.
        num_resamples: how many resamples in all.
        seed: the same seed gives the same counts.

    Yields:
        `(chunk, num_examples)` float64 counts, each row with the sum `num_examples`.
    """
    generator = np.random.default_rng(seed)
    chunk_size = max(1, WEIGHTS_PER_CHUNK // num_examples)
    for start in range(0, num_resamples, chunk_size):
        size = min(chunk_size, num_resamples - start)
        drawn = generator.integers(num_examples, size=(size, num_examples))
        drawn += np.arange(size)[:, None] * num_examples
        counts = np.bincount(drawn.ravel(), minlength=size * num_examples)
        yield counts.reshape(size, num_examples).astype(np.float64)


def percentile_interval(values: np.ndarray) -> tuple[float, float]:
    """The middle 95 % of resampled values, without NaN: a resample may lack what a metric needs, such as any positive.

    References:
        Efron and Tibshirani, An Introduction to the Bootstrap, chapter 13.
    """
    defined = values[~np.isnan(values)]
    if not defined.size:
        return float("nan"), float("nan")
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def resampled_scores(
    score: Callable[[np.ndarray], np.ndarray], *, num_examples: int, num_resamples: int, seed: int
) -> np.ndarray:
    """What `score`, from weights `(r, n)` to values `(..., r)`, gives for every resample: `(..., num_resamples)`."""
    chunks = bootstrap_weights(num_examples, num_resamples=num_resamples, seed=seed)
    return np.concatenate([score(weights) for weights in chunks], axis=-1)


def wilson_interval(successes: ArrayLike, trials: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of a proportion that stays honest for few trials and for proportions of 0 and 1.

    Args:
        successes: counts of any shape, between 0 and `trials`.
        trials: counts of the same shape. No trial gives NaN.

    Returns:
        Lower and upper ends, between 0 and 1.

    References:
        Wilson 1927, Probable Inference, the Law of Succession, and Statistical Inference.
    """
    z = 1.959963984540054  # the normal distribution's 97.5 % quantile
    trials = np.where(np.asarray(trials) > 0, trials, np.nan).astype(np.float64)
    proportion = np.asarray(successes) / trials
    centre = (proportion + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half_width = z / (1 + z**2 / trials) * np.sqrt(proportion * (1 - proportion) / trials + z**2 / (4 * trials**2))
    return np.clip(centre - half_width, 0.0, 1.0), np.clip(centre + half_width, 0.0, 1.0)


@dataclass(frozen=True)
class Proportion:
    """A share of things counted, with its 95 % interval (Wilson); NaN of none."""

    value: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, yes: np.ndarray) -> "Proportion":
        """The share of what is true in `(n,)`."""
        low, high = wilson_interval(int(yes.sum()), len(yes))
        return cls(float(yes.mean()) if len(yes) else float("nan"), float(low), float(high), len(yes))
