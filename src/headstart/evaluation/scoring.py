"""From scores of weighted examples to metrics with intervals, whatever the kind of task."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from headstart.evaluation.intervals import percentile_interval, resampled_scores
from headstart.evaluation.report import Metric


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
        baseline: what an answer that looks at no picture scores, one number a metric.
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
