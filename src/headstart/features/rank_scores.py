"""How well features tell classes apart, by three measures that train no network."""

from dataclasses import dataclass

import numpy as np

from headstart.features.cross_validation import probe_accuracy
from headstart.features.knn import knn_accuracy
from headstart.features.logme import logme

NUM_FOLDS = 5
MIN_SEPARATE_EXAMPLES = 3  # one to test on, one to learn from, one to choose the regularisation with


@dataclass(frozen=True)
class FeatureScores:
    """How well features tell classes apart; higher is better in each.

    Attributes:
        probe_accuracy: share of examples that a linear probe which never saw them answered rightly.
        probe_low: lower end of its 95 % interval.
        probe_high: upper end.
        knn_accuracy: share of examples whose five nearest neighbours have their class; NaN where none has a neighbour.
        logme: log evidence an example, comparable between features of the same examples only.
    """

    probe_accuracy: float
    probe_low: float
    probe_high: float
    knn_accuracy: float
    logme: float


def score_features(features: np.ndarray, targets: np.ndarray, *, groups: np.ndarray, seed: int) -> FeatureScores:
    """Probe, nearest neighbours and LogME of one set of features.

    Args:
        features: `(n, d)`.
        targets: `(n, classes)` one-hot.
        groups: `(n,)`, the same for what must not stand on both sides of a split; nor do they vote for each other.
        seed: of the folds: five, or fewer where no class has five separate examples.

    Raises:
        ValueError: Shapes do not fit each other, or no class has `MIN_SEPARATE_EXAMPLES` separate examples.
    """
    # Without groups that tie something together, folds are stratified exactly, and faster.
    tied = groups if len(np.unique(groups)) < len(groups) else None
    num_folds = min(NUM_FOLDS, most_separate_examples(targets, groups))
    if num_folds < MIN_SEPARATE_EXAMPLES:
        raise ValueError(f"expected a class with {MIN_SEPARATE_EXAMPLES} separate examples. Received: {num_folds}")
    probe = probe_accuracy(features, targets, seed=seed, num_folds=num_folds, groups=tied)
    return FeatureScores(
        probe_accuracy=probe.value,
        probe_low=probe.low,
        probe_high=probe.high,
        knn_accuracy=knn_accuracy(features, targets, groups=groups),
        logme=logme(features, targets),
    )


def most_separate_examples(targets: np.ndarray, groups: np.ndarray) -> int:
    """How many examples the largest class has, those of one group counted once."""
    return max(len(np.unique(groups[column > 0])) for column in targets.T)
