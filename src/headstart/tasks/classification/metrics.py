"""Scores predictions: every metric with its interval and beside what the commonest class would have scored."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from headstart.metrics import Metric, scored_metrics, wilson_interval
from headstart.report import Report
from headstart.tasks.classification import multi_label, single_label
from headstart.tasks.classification.predictions import (
    checked_class_indices,
    checked_label_matrix,
    checked_multi_label,
    checked_single_label,
)
from headstart.tasks.classification.spec import MULTI_LABEL, SINGLE_LABEL
from headstart.trust import calibration_table

MetricTable = Mapping[str, tuple[Callable[..., np.ndarray], bool]]


def evaluate_classification(
    probabilities: np.ndarray,
    targets: np.ndarray,
    class_names: Sequence[str],
    *,
    baseline_targets: np.ndarray,
    seed: int = 0,
    num_resamples: int = 1000,
) -> Report:
    """Report of a model that gives each example one class.

    Every interval is the bootstrap's 95 % percentile interval over examples: it says how much the number would move
    with another test set of this size, not with another training run. A class without test examples is left out of the
    averages over classes (a resample that happens to lack it, likewise); ROC-AUC of a test set with one class only is
    NaN. Resampling adds noise to every bin of the calibration error, so that its interval leans upwards.

    Args:
        probabilities: `(n, k)`, rows with the sum 1.
        targets: `(n,)` class indices.
        class_names: `k` names in the order of the columns.
        baseline_targets: `(m,)` class indices of the *training* examples. The baseline always predicts their class
            frequencies, hence their most common class (the first of equals), and is scored on the same examples.
        seed: of the resamples; the same seed gives the same intervals.
        num_resamples: 1000 make the ends of an interval steady to about a tenth of its width.

    Raises:
        PredictionsError: the probabilities are none, or do not fit the targets or the names.
    """
    num_classes = len(class_names)
    answers = checked_single_label(probabilities, targets, num_classes=num_classes)
    known = checked_class_indices(baseline_targets, num_classes=num_classes)
    baseline = single_label.majority_answers(answers.targets, known, num_classes)
    confusion = single_label.confusion_counts(answers)
    return Report(
        kind=SINGLE_LABEL,
        metrics=_scored(
            single_label.SINGLE_LABEL_METRICS, answers, baseline=baseline, seed=seed, num_resamples=num_resamples
        ),
        per_class=class_table(
            hits=confusion.diagonal(),
            support=confusion.sum(axis=1),
            num_predicted=confusion.sum(axis=0),
            class_names=class_names,
        ),
        confusion=confusion,
        class_names=tuple(class_names),
        num_examples=len(answers.targets),
        calibration=calibration_table(answers.top_answers),
    )


def evaluate_multi_label(
    probabilities: np.ndarray,
    targets: np.ndarray,
    class_names: Sequence[str],
    *,
    baseline_targets: np.ndarray,
    seed: int = 0,
    num_resamples: int = 1000,
) -> Report:
    """Report of a model that gives each example any number of labels; a label is given from probability 0.5.

    Intervals and averages as in `evaluate_classification`.

    Args:
        probabilities: `(n, k)`, each between 0 and 1 for itself.
        targets: `(n, k)` of 0 and 1.
        class_names: `k` names in the order of the columns.
        baseline_targets: `(m, k)` of 0 and 1, the *training* targets. The baseline always predicts each label's
            frequency.
        seed: of the resamples; the same seed gives the same intervals.
        num_resamples: as in `evaluate_classification`.

    Raises:
        PredictionsError: the probabilities are none, or do not fit the targets or the names.
    """
    num_classes = len(class_names)
    answers = checked_multi_label(probabilities, targets, num_classes=num_classes)
    known = checked_label_matrix(baseline_targets, num_classes=num_classes)
    baseline = multi_label.frequency_answers(answers.targets, known)
    confusion = multi_label.confusion_counts(answers)
    return Report(
        kind=MULTI_LABEL,
        metrics=_scored(
            multi_label.MULTI_LABEL_METRICS, answers, baseline=baseline, seed=seed, num_resamples=num_resamples
        ),
        per_class=class_table(
            hits=confusion[:, 1, 1],
            support=confusion[:, 1].sum(axis=1),
            num_predicted=confusion[:, :, 1].sum(axis=1),
            class_names=class_names,
        ),
        confusion=confusion,
        class_names=tuple(class_names),
        num_examples=len(answers.targets),
        calibration=calibration_table(answers.every_answer),
    )


def _scored(
    table: MetricTable,
    answers: single_label.SingleLabelAnswers | multi_label.MultiLabelAnswers,
    *,
    baseline: single_label.SingleLabelAnswers | multi_label.MultiLabelAnswers,
    seed: int,
    num_resamples: int,
) -> dict[str, Metric]:
    """Every metric of the table on the examples as they are, on their resamples and for the baseline."""
    num_examples = len(answers.targets)
    once = np.ones((1, num_examples))
    return scored_metrics(
        {name: higher_is_better for name, (_, higher_is_better) in table.items()},
        lambda weights: np.stack([score(answers, weights) for score, _ in table.values()]),
        # Rounded: of a constant prediction with the right frequency, the calibration error is 0 and not 2.8e-17.
        baseline=[round(float(score(baseline, once)[0]), 12) for score, _ in table.values()],
        num_examples=num_examples,
        seed=seed,
        num_resamples=num_resamples,
    )


def class_table(
    *, hits: np.ndarray, support: np.ndarray, num_predicted: np.ndarray, class_names: Sequence[str]
) -> pd.DataFrame:
    """Precision, recall with its Wilson interval, F1 and support of each class; NaN where undefined.

    Args:
        hits: `(k,)` examples of the class that were found.
        support: `(k,)` examples of the class.
        num_predicted: `(k,)` examples said to be of the class.
        class_names: `k` names.

    Returns:
        Columns class, precision, recall, recall_low, recall_high, f1, support.
    """
    recall_low, recall_high = wilson_interval(hits, support)
    return pd.DataFrame(
        {
            "class": list(class_names),
            "precision": _share(hits, num_predicted),
            "recall": _share(hits, support),
            "recall_low": recall_low,
            "recall_high": recall_high,
            "f1": _share(2 * hits, support + num_predicted),
            "support": support.astype(int),
        }
    )


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return part / np.where(whole > 0, whole, np.nan)
