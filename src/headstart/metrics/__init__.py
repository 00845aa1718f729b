"""Metrics as numbers: each value with a bootstrap or Wilson interval and the baseline that it has to exceed."""

from headstart.metrics.intervals import (
    WEIGHTS_PER_CHUNK,
    Proportion,
    bootstrap_weights,
    percentile_interval,
    resampled_scores,
    wilson_interval,
)
from headstart.metrics.ranking import average_precision, macro_average, mean_of_defined, roc_auc
from headstart.metrics.scoring import Metric, scored_metrics

__all__ = [
    "WEIGHTS_PER_CHUNK",
    "Metric",
    "Proportion",
    "average_precision",
    "bootstrap_weights",
    "macro_average",
    "mean_of_defined",
    "percentile_interval",
    "resampled_scores",
    "roc_auc",
    "scored_metrics",
    "wilson_interval",
]
