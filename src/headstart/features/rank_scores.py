"""How well features tell what is to be learned, by three measures that train no network."""

import math
from dataclasses import dataclass

import numpy as np

from headstart.features.cross_validation import probe_accuracy
from headstart.features.examples import check_examples, check_one_for_each
from headstart.features.knn import knn_accuracy, neighbour_votes
from headstart.features.logme import logme
from headstart.features.rank_measures import ACCURACY, MEASURES, R2, Measure, resampled_interval

NUM_FOLDS = 5
MIN_SEPARATE_EXAMPLES = 3  # one to test on, one to learn from, one to choose the regularisation with


@dataclass(frozen=True)
class FeatureScores:
    """Scores of how well features separate the targets; higher is better in each.

    Attributes:
        measure: what probe and neighbours are scored by: `ACCURACY`, `BALANCED_ACCURACY`, `AVERAGE_PRECISION` or `R2`.
        probe_score: of linear models' predictions for examples that they never saw.
        probe_low: lower end of its 95 % interval.
        probe_high: upper end.
        knn_score: of what the five nearest neighbours of an example have; NaN where none has a neighbour.
        logme: log evidence an example, comparable between features of the same examples only.
    """

    measure: str
    probe_score: float
    probe_low: float
    probe_high: float
    knn_score: float
    logme: float

    def facts(self) -> dict[str, float | None]:
        """Plain values under names that say what was measured, such as `probe_accuracy`; None for NaN."""
        values = {
            f"probe_{self.measure}": self.probe_score,
            "probe_low": self.probe_low,
            "probe_high": self.probe_high,
            f"knn_{self.measure}": self.knn_score,
            "logme": self.logme,
        }
        return {name: None if math.isnan(value) else value for name, value in values.items()}


def score_features(
    features: np.ndarray, targets: np.ndarray, *, groups: np.ndarray, seed: int, measure: str = ACCURACY
) -> FeatureScores:
    """Probe, nearest neighbours and LogME of one set of features.

    Args:
        features: `(n, d)`.
        targets: `(n, columns)`: one-hot classes for accuracy and balanced accuracy, 0 and 1 for average precision, any
            numbers for R².
        groups: `(n,)`, the same for what must not stand on both sides of a split; nor do they vote for each other.
        seed: of the folds: five (three for balanced accuracy), or fewer where no class has so many separate examples.
        measure: what predictions are scored by.

    Raises:
        ValueError: Shapes do not fit each other, or there are fewer than `MIN_SEPARATE_EXAMPLES` separate examples of
            any class (of any number), or they are all alike.
    """
    most = most_separate_examples(np.ones_like(targets) if measure == R2 else targets, groups)
    num_folds = min(NUM_FOLDS if measure == ACCURACY else MEASURES[measure].max_folds, most)
    if num_folds < MIN_SEPARATE_EXAMPLES:
        raise ValueError(f"expected a class with {MIN_SEPARATE_EXAMPLES} separate examples. Received: {num_folds}")
    if measure == ACCURACY:
        return _accuracies(features, targets, groups=groups, seed=seed, num_folds=num_folds)
    fractions = _fractions(targets) if measure == R2 else targets
    check_examples(features, fractions, multi_label=True)
    check_one_for_each("groups", groups, num_examples=len(features))
    if not np.ptp(targets, axis=0).any():
        raise ValueError("expected targets that differ. Received: the same for all examples")
    row: Measure = MEASURES[measure]
    answers = row.answers(features, targets, groups=groups, num_folds=num_folds, seed=seed)
    low, high = resampled_interval(row.score, answers, targets, groups=groups, seed=seed)
    votes = neighbour_votes(features, targets, groups=groups)
    voted = ~np.isnan(votes).any(axis=1)
    return FeatureScores(
        measure=measure,
        probe_score=_once(row, answers, targets),
        probe_low=low,
        probe_high=high,
        knn_score=_once(row, votes[voted], targets[voted]) if voted.any() else math.nan,
        logme=logme(features, fractions),
    )


def most_separate_examples(targets: np.ndarray, groups: np.ndarray) -> int:
    """How many examples the largest class has, those of one group counted once."""
    return max(len(np.unique(groups[column > 0])) for column in targets.T)


def _accuracies(
    features: np.ndarray, targets: np.ndarray, *, groups: np.ndarray, seed: int, num_folds: int
) -> FeatureScores:
    # Without groups that tie something together, folds are stratified exactly, and faster.
    tied = groups if len(np.unique(groups)) < len(groups) else None
    probe = probe_accuracy(features, targets, seed=seed, num_folds=num_folds, groups=tied)
    return FeatureScores(
        measure=ACCURACY,
        probe_score=probe.value,
        probe_low=probe.low,
        probe_high=probe.high,
        knn_score=knn_accuracy(features, targets, groups=groups),
        logme=logme(features, targets),
    )


def _once(row: Measure, answers: np.ndarray, targets: np.ndarray) -> float:
    return float(row.score(answers, targets, np.ones((1, len(answers))))[0])


def _fractions(targets: np.ndarray) -> np.ndarray:
    """Numbers between 0 and 1 from the least to the largest of each column: one unit, whatever was measured."""
    least, spread = targets.min(axis=0), np.ptp(targets, axis=0)
    fractions: np.ndarray = (targets - least) / np.where(spread > 0, spread, 1.0)
    return fractions
