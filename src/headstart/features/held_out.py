"""What linear models predict for examples that they did not learn from, whatever is predicted."""

from collections.abc import Callable

import numpy as np

from headstart.features.probe import fit_probe
from headstart.features.ridge import number_statistics, ridge_start

# From features and targets that learn, and those that choose the strength, to features → predictions.
Answer = Callable[[np.ndarray], np.ndarray]
Fit = Callable[[np.ndarray, np.ndarray, np.ndarray], Answer]


def class_logits(
    features: np.ndarray, targets: np.ndarray, *, groups: np.ndarray, num_folds: int, seed: int
) -> np.ndarray:
    """Logits of linear probes that take every class for equally frequent, `(n, classes)`.

    Args:
        features: `(n, d)`.
        targets: `(n, classes)` one-hot.
        groups: `(n,)`, the same for what must not stand on both sides of a split.
        num_folds: at least 3: one is predicted, the next chooses the strength, and the others learn.
        seed: of the folds.
    """
    folds = _folds(_rarest(targets, groups), groups, num_folds=num_folds, seed=seed)
    return _held_out(features, targets, folds, lambda *parts: _fit_probe(features, targets, *parts, multi_label=False))


def label_logits(
    features: np.ndarray, targets: np.ndarray, *, groups: np.ndarray, num_folds: int, seed: int
) -> np.ndarray:
    """Logits of linear probes for several labels per example, `(n, labels)`; see `class_logits`."""
    folds = _folds(_rarest(targets, groups), groups, num_folds=num_folds, seed=seed)
    return _held_out(features, targets, folds, lambda *parts: _fit_probe(features, targets, *parts, multi_label=True))


def numbers(features: np.ndarray, targets: np.ndarray, *, groups: np.ndarray, num_folds: int, seed: int) -> np.ndarray:
    """Numbers that ridge regressions give, `(n, numbers)`; see `class_logits`, but `targets` are any numbers."""
    means, deviations = number_statistics(targets)
    sizes = ((targets - means) / deviations).sum(axis=1)
    order = sizes[np.unique(groups, return_index=True)[1]]
    folds = _folds(order, groups, num_folds=num_folds, seed=seed)
    return _held_out(features, targets, folds, lambda *parts: _fit_ridge(features, targets, *parts))


def _held_out(features: np.ndarray, targets: np.ndarray, folds: np.ndarray, fit: Fit) -> np.ndarray:
    """Predictions for each fold by a model of the others; `fit` takes who learns, who chooses and both, `(n,)` bool."""
    answers = np.zeros(targets.shape)
    numbers_of_folds = np.unique(folds)
    for fold, chooser in zip(numbers_of_folds, np.roll(numbers_of_folds, -1), strict=True):
        answered, chooses = folds == fold, folds == chooser
        answers[answered] = fit(~(answered | chooses), chooses, ~answered)(features[answered])
    return answers


def _fit_probe(
    features: np.ndarray,
    targets: np.ndarray,
    learns: np.ndarray,
    chooses: np.ndarray,
    both: np.ndarray,
    *,
    multi_label: bool,
) -> Answer:
    def weights(rows: np.ndarray) -> np.ndarray | None:
        if multi_label:
            return None
        counts = targets[rows].sum(axis=0)
        row_weights: np.ndarray = len(targets[rows]) / np.count_nonzero(counts) / counts[targets[rows].argmax(axis=1)]
        return row_weights

    validation = {"validation_features": features[chooses], "validation_targets": targets[chooses]}
    chosen = fit_probe(
        features[learns], targets[learns], weights=weights(learns), multi_label=multi_label, patience=1, **validation
    )
    return fit_probe(
        features[both],
        targets[both],
        weights=weights(both),
        multi_label=multi_label,
        strengths=[chosen.strength],
        **validation,
    ).logits


def _fit_ridge(
    features: np.ndarray, targets: np.ndarray, learns: np.ndarray, chooses: np.ndarray, both: np.ndarray
) -> Answer:
    validation = features[chooses], targets[chooses]
    chosen = ridge_start(features[learns], targets[learns], *validation)
    ridge = ridge_start(features[both], targets[both], *validation, strengths=[chosen.strength])
    return lambda rows: rows @ ridge.kernel + ridge.bias


def _rarest(targets: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """For each group, its class that occurs in the fewest groups, `(groups,)`; the number of classes if it has none."""
    names, places = np.unique(groups, return_inverse=True)
    shown = np.zeros((len(names), targets.shape[1]), bool)
    np.logical_or.at(shown, places, targets > 0)
    counts = np.where(shown, shown.sum(axis=0), len(names) + 1)
    rarest: np.ndarray = np.where(shown.any(axis=1), counts.argmin(axis=1), targets.shape[1])
    return rarest


def _folds(order: np.ndarray, groups: np.ndarray, *, num_folds: int, seed: int) -> np.ndarray:
    """Fold of every example, `(n,)`: groups in this order are dealt like cards, each round in a new order of folds."""
    draws = np.random.default_rng(seed)
    places = np.unique(groups, return_inverse=True)[1]
    num_rounds = -(-len(order) // num_folds)
    cards = np.concatenate([draws.permutation(num_folds) for _ in range(num_rounds)])[: len(order)]
    folds = np.zeros(len(order), np.int64)
    folds[np.lexsort((draws.random(len(order)), order))] = cards
    return folds[places]
