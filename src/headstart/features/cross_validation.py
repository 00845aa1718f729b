"""How accurate a linear probe on features is, from a single set of examples."""

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from headstart.features.examples import check_examples, check_one_for_each, class_indices
from headstart.features.probe import LinearProbe, fit_probe

NUM_INNER_FOLDS = 5  # a fifth of the training examples chooses the strength


@dataclass(frozen=True, eq=False)
class ProbeAccuracy:
    """Cross-validated accuracy of a linear probe.

    Attributes:
        value: share of examples that a probe which never saw them predicted correctly.
        low: lower end of the 95 % Wilson interval of `value`.
        high: upper end. The interval takes examples for independent: copies in one group make it too narrow.
        num_examples: how many were scored, each once.
        fold_accuracies: of each fold.
        strengths: chosen in each fold.
    """

    value: float
    low: float
    high: float
    num_examples: int
    fold_accuracies: tuple[float, ...]
    strengths: tuple[float, ...]


def probe_accuracy(
    features: np.ndarray, targets: np.ndarray, *, seed: int, num_folds: int = 5, groups: np.ndarray | None = None
) -> ProbeAccuracy:
    """Accuracy of linear probes on folds that they did not learn from.

    The strength of each is chosen on a part of its own training examples; it is then fitted again on all of them.

    Args:
        features: `(n, d)`.
        targets: `(n, classes)` one-hot.
        seed: of the folds.
        num_folds: at least 2. Some class needs that many examples, and there must be that many groups.
        groups: `(n,)`, the same for copies of one image: they never stand on both sides of a split.

    Raises:
        ValueError: Shapes do not fit each other, a number is outside its range, or there are too few examples.
    """
    check_examples(features, targets)
    classes = class_indices(targets)
    if groups is not None:
        check_one_for_each("groups", groups, num_examples=len(features))
    _check_enough(classes, groups, num_folds=num_folds)
    correct, fold_accuracies, strengths = 0, [], []
    for train, test in _folds(classes, groups, num_folds=num_folds, seed=seed):
        probe = _fit_and_choose(
            features[train], targets[train], groups=None if groups is None else groups[train], seed=seed
        )
        hits = probe.logits(features[test]).argmax(axis=1) == classes[test]
        correct += int(hits.sum())
        fold_accuracies.append(float(hits.mean()))
        strengths.append(probe.strength)
    interval = binomtest(correct, len(classes)).proportion_ci(confidence_level=0.95, method="wilson")
    return ProbeAccuracy(
        value=correct / len(classes),
        low=float(interval.low),
        high=float(interval.high),
        num_examples=len(classes),
        fold_accuracies=tuple(fold_accuracies),
        strengths=tuple(strengths),
    )


def _fit_and_choose(features: np.ndarray, targets: np.ndarray, *, groups: np.ndarray | None, seed: int) -> LinearProbe:
    classes = targets.argmax(axis=1)
    num_folds = min(NUM_INNER_FOLDS, _most_folds(classes, groups))
    if num_folds < 2:
        raise ValueError(f"expected a class with two groups in every training part. Received: {len(classes)} examples")
    learn, choose = next(iter(_folds(classes, groups, num_folds=num_folds, seed=seed)))
    validation = {"validation_features": features[choose], "validation_targets": targets[choose]}
    strength = fit_probe(features[learn], targets[learn], **validation, patience=2).strength
    return fit_probe(features, targets, **validation, strengths=[strength])


def _folds(
    classes: np.ndarray, groups: np.ndarray | None, *, num_folds: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Positions of training and test examples, each class spread over all folds as evenly as its groups allow."""
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    splitter = kind(num_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")  # some folds go without it
        folds = list(splitter.split(np.zeros(len(classes)), classes, groups))
    return [(train, test) for train, test in folds if len(test)]


def _most_folds(classes: np.ndarray, groups: np.ndarray | None) -> int:
    """The largest number of folds over which the images of some class can be spread."""
    largest = int(np.bincount(classes).max())
    return largest if groups is None else min(largest, len(np.unique(groups)))


def _check_enough(classes: np.ndarray, groups: np.ndarray | None, *, num_folds: int) -> None:
    most = _most_folds(classes, groups)
    if not 2 <= num_folds <= most:
        raise ValueError(
            f"expected num_folds between 2 and {most}, the most that examples and groups allow. Received: {num_folds=}"
        )
