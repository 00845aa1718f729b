"""A metric with its interval and baseline, computed from the scores of weighted examples for every task."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headstart.metrics.intervals import percentile_interval, resampled_scores


@dataclass(frozen=True)
class Metric:
    """One metric with its interval and its baseline.

    Attributes:
        name: such as `"accuracy"`.
        value: on all examples; NaN where the examples do not define it (ROC-AUC of one class).
        low: lower end of the bootstrap 95 % interval.
        high: upper end of the same.
        baseline: the score of a prediction that does not use the image, on the same examples: the training set's class
            frequencies, its commonest class in every pixel, its mean; nothing at all in detection.
        num_examples: how many examples were scored.
        higher_is_better: False for losses and errors.
    """

    name: str
    value: float
    low: float
    high: float
    baseline: float
    num_examples: int
    higher_is_better: bool


def scored_metrics(
    directions: Mapping[str, bool],
    score: Callable[[np.ndarray], np.ndarray],
    *,
    baseline: Sequence[float],
    num_examples: int,
    seed: int,
    num_resamples: int,
) -> dict[str, Metric]:
    """Every metric on the examples as they are and on their resamples.

    Args:
        directions: name of each metric → whether up is good.
        score: from weights `(r, num_examples)` to the metrics' values `(m, r)`, in the order of `directions`.
        baseline: the scores of a prediction that does not use the image, one number per metric.
        num_examples: how many examples there are.
        seed: of the resamples.
        num_resamples: how many.
    """
    values = score(np.ones((1, num_examples)))[:, 0]
    resampled = resampled_scores(score, num_examples=num_examples, num_resamples=num_resamples, seed=seed)
    metrics = {}
    for (name, higher_is_better), value, others, base in zip(
        directions.items(), values, resampled, baseline, strict=True
    ):
        low, high = percentile_interval(others)
        metrics[name] = Metric(
            name=name,
            value=float(value),
            low=low,
            high=high,
            baseline=float(base),
            num_examples=num_examples,
            higher_is_better=higher_is_better,
        )
    return metrics
