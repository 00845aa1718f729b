"""Scores numbers: how far off they are, and whether the intervals around them hold what they promise."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from headstart.errors import PredictionsError
from headstart.metrics import (
    Metric,
    mean_of_defined,
    percentile_interval,
    resampled_scores,
    scored_metrics,
    wilson_interval,
)
from headstart.report import Report
from headstart.tasks.regression.spec import REPORT

MOST_POINTS = 500  # images in the table of predictions: enough for a scatter plot, few enough for the report's file

REGRESSION_METRICS = {  # name → whether up is good
    "mean_absolute_error": False,
    "root_mean_squared_error": False,
    "r2": True,
    "median_absolute_error": False,
}


def evaluate_regression(  # noqa: PLR0913  half-widths and what they promise come as a pair
    predictions: np.ndarray,
    targets: np.ndarray,
    names: Sequence[str],
    *,
    baseline_targets: np.ndarray,
    interval_half_width: np.ndarray | None = None,
    coverage: float | None = None,
    seed: int = 0,
    num_resamples: int = 1000,
) -> Report:
    """Report of a model that predicts one or several numbers.

    A metric of several numbers is the mean of what it is for each, as in scikit-learn; `per_class` has each. R2 of
    equal targets is NaN. Intervals are the bootstrap's 95 % percentile intervals over images.

    Args:
        predictions: `(n, m)` in the unit of the targets.
        targets: `(n, m)`.
        names: `m` names of the numbers.
        baseline_targets: `(k, m)`, the *training* targets. The baseline always predicts their mean.
        interval_half_width: `(m,)`: the truth is promised to lie this near to a prediction, infinity where nothing less
            can be promised; None promises nothing.
        coverage: the promised share, 0 to 1; belongs to `interval_half_width`.
        seed: of the resamples; the same seed gives the same intervals.
        num_resamples: 1000 make the ends of an interval steady to about a tenth of its width.

    Returns:
        Its tables: `"answers"` (output, true, predicted of at most 500 images), `"pictures"` (example, score: minus
        the error in units of the baseline's) and, where half-widths are given, `"intervals"` (output, half_width: NaN
        for infinity, promised, covered, covered_low, covered_high).

    Raises:
        PredictionsError: the predictions hold what is no number, or do not fit the targets or the names.
    """
    true = _checked(targets, num_outputs=len(names), what="targets")
    predicted = _checked(predictions, num_outputs=len(names), what="predictions", num_examples=len(true))
    mean = _checked(baseline_targets, num_outputs=len(names), what="baseline targets").mean(axis=0)
    baseline = regression_scores(mean - true, true, np.ones((1, len(true))))[..., 0]
    errors = predicted - true
    tables = {"answers": _answers(predicted, true, names, seed=seed), "pictures": _pictures(errors, baseline[0])}
    if interval_half_width is not None:
        tables["intervals"] = _interval_table(errors, interval_half_width, names, coverage=coverage)
    per_class = _output_table(errors, true, names, baseline=baseline[0], seed=seed, num_resamples=num_resamples)
    return Report(
        kind=REPORT,
        metrics=_metrics(errors, true, baseline, seed=seed, num_resamples=num_resamples),
        per_class=per_class,
        confusion=np.zeros((0, 0), np.int64),
        class_names=tuple(names),
        num_examples=len(true),
        calibration=pd.DataFrame(),
        tables=tables,
    )


def _metrics(
    errors: np.ndarray, targets: np.ndarray, baseline: np.ndarray, *, seed: int, num_resamples: int
) -> dict[str, Metric]:
    """Means over the numbers; `baseline` is `(4, m)`."""
    return scored_metrics(
        REGRESSION_METRICS,
        lambda weights: np.stack([mean_of_defined(score.T) for score in regression_scores(errors, targets, weights)]),
        baseline=mean_of_defined(baseline).tolist(),
        num_examples=len(targets),
        seed=seed,
        num_resamples=num_resamples,
    )


def regression_scores(errors: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Every metric of every number on weighted examples.

    Args:
        errors: `(n, m)` predicted minus true.
        targets: `(n, m)`.
        weights: `(r, n)` how often each example counts.

    Returns:
        `(4, m, r)`, in the order of `REGRESSION_METRICS`.
    """
    total = weights.sum(axis=1)[:, None]
    squares = weights @ errors**2
    # Centred first: the variance of numbers far from 0 would be the small difference of two large ones.
    centred = targets - targets.mean(axis=0)
    spread = weights @ centred**2 - (weights @ centred) ** 2 / total
    defined = spread > 1e-12 * np.maximum(weights @ centred**2, 1e-300)
    r2 = 1 - np.divide(squares, spread, out=np.full_like(squares, np.nan), where=defined)
    scores = [weights @ abs(errors) / total, np.sqrt(squares / total), r2, _weighted_median(abs(errors), weights)]
    return np.stack([score.T for score in scores])


def _weighted_median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """`(r, m)` median of the columns `(n, m)`, each example counted `weights (r, n)` times."""
    medians = np.empty((len(weights), values.shape[1]))
    half = weights.sum(axis=1, keepdims=True) / 2
    for column, numbers in enumerate(values.T):
        order = np.argsort(numbers, kind="stable")
        counted = np.cumsum(weights[:, order], axis=1)
        lower, upper = (counted < half).sum(axis=1), (counted <= half).sum(axis=1)
        medians[:, column] = (numbers[order][lower] + numbers[order][upper]) / 2
    return medians


def _output_table(
    errors: np.ndarray,
    targets: np.ndarray,
    names: Sequence[str],
    *,
    baseline: np.ndarray,
    seed: int,
    num_resamples: int,
) -> pd.DataFrame:
    resampled = resampled_scores(
        lambda weights: (weights @ abs(errors) / weights.sum(axis=1)[:, None]).T,
        num_examples=len(errors),
        num_resamples=num_resamples,
        seed=seed,
    )
    ends = np.array([percentile_interval(values) for values in resampled])
    scores = regression_scores(errors, targets, np.ones((1, len(errors))))[..., 0]
    columns = dict(zip(REGRESSION_METRICS, scores, strict=True))
    absolute = columns.pop("mean_absolute_error")
    return pd.DataFrame(
        {
            "output": list(names),
            "mean_absolute_error": absolute,
            "error_low": ends[:, 0],
            "error_high": ends[:, 1],
            "baseline": baseline,
            **columns,
            "mean_error": errors.mean(axis=0),
            "support": len(errors),
        }
    )


def _interval_table(
    errors: np.ndarray, interval_half_width: np.ndarray, names: Sequence[str], *, coverage: float | None
) -> pd.DataFrame:
    half_widths = np.broadcast_to(np.asarray(interval_half_width, np.float64), (len(names),))
    held = (abs(errors) <= half_widths).sum(axis=0)
    low, high = wilson_interval(held, np.full(len(names), len(errors)))
    return pd.DataFrame(
        {
            "output": list(names),
            "half_width": np.where(np.isfinite(half_widths), half_widths, np.nan),
            "promised": np.nan if coverage is None else float(coverage),
            "covered": held / len(errors),
            "covered_low": low,
            "covered_high": high,
        }
    )


def _answers(predicted: np.ndarray, targets: np.ndarray, names: Sequence[str], *, seed: int) -> pd.DataFrame:
    count = len(targets)
    chosen = np.random.default_rng(seed).permutation(count)[:MOST_POINTS] if count > MOST_POINTS else np.arange(count)
    return pd.DataFrame(
        {
            "output": np.repeat(np.array(names, dtype=object), len(chosen)),
            "true": targets[chosen].T.ravel(),
            "predicted": predicted[chosen].T.ravel(),
        }
    )


def _pictures(errors: np.ndarray, baseline: np.ndarray) -> pd.DataFrame:
    """Numbers of different units add up in units of the baseline's error."""
    relative = abs(errors) / np.where(baseline > 0, baseline, 1.0)
    return pd.DataFrame({"example": np.arange(len(errors)), "score": -relative.mean(axis=1)})


def _checked(values: np.ndarray, *, num_outputs: int, what: str, num_examples: int | None = None) -> np.ndarray:
    numbers = np.asarray(values, dtype=np.float64)
    rows = numbers.shape[0] if numbers.ndim else 0
    if numbers.ndim != 2 or numbers.shape[1] != num_outputs or not rows or rows != (num_examples or rows):
        raise PredictionsError(
            f"The {what} have the wrong shape.",
            expected=f"({num_examples or 'examples'}, {num_outputs})",
            received=str(numbers.shape),
            hint="Use one row per image and one column per number.",
        )
    if not np.isfinite(numbers).all():
        raise PredictionsError(
            f"The {what} hold values that are no numbers.",
            expected="finite numbers",
            received=f"{int((~np.isfinite(numbers)).sum())} of {numbers.size} are NaN or infinite",
            hint="A loss that became NaN leaves such a model: train again with a lower learning rate.",
        )
    return numbers
