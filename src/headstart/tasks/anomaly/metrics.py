"""Scores anomaly detection: how well scores tell defects from good images and pixels, and the rate of false alarms."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from headstart.data import GOOD
from headstart.errors import PredictionsError
from headstart.metrics import Metric, average_precision, roc_auc, scored_metrics, wilson_interval
from headstart.report import Report
from headstart.tasks.anomaly.conformal import GoodScores
from headstart.tasks.anomaly.places import MAX_FALSE_POSITIVES, PlaceScores
from headstart.tasks.anomaly.spec import REPORT

ANOMALY_METRICS = {  # name → whether up is good
    "image_auroc": True,
    "image_average_precision": True,
    "pixel_auroc": True,
    "pro": True,
}
_TIE = 1e-9
MAX_BINS_AT_A_TIME = 200  # resamples whose counts of pixels are in memory


def evaluate_anomalies(
    scores: np.ndarray,
    sorts: Sequence[str],
    *,
    calibration: GoodScores,
    rate: float,
    places: PlaceScores | None = None,
    seed: int = 0,
    num_resamples: int = 1000,
) -> Report:
    """Report of a detector of anomalies.

    Metrics of pixels are there only if a mask of a defect is known. Intervals are percentile intervals of a bootstrap
    over images.

    Args:
        scores: `(n,)`, higher for more unusual images.
        sorts: `n` names: `GOOD`, or the name of the defect.
        calibration: scores of good images that nothing was learned from.
        rate: promised rate of false alarms.
        places: scores of the pixels of the images; None if images are compared as a whole.
        seed: of the resamples; the same seed gives the same intervals.
        num_resamples: of the bootstrap.

    Returns:
        Its tables: `"pictures"` (example, score: how wrong a verdict is, the lowest first), `"scores"` (class, score,
        p_value of every image) and `"promise"` (one row: rate, num_calibration, threshold, false_alarms, low, high).

    Raises:
        PredictionsError: scores are not finite, or not one for each image.
    """
    values = np.asarray(scores, np.float64)
    if values.shape != (len(sorts),) or not np.isfinite(values).all() or not len(values):
        raise PredictionsError(
            "The scores cannot be evaluated.",
            expected=f"{len(sorts)} finite scores",
            received=f"shape {values.shape}, {int((~np.isfinite(values)).sum())} not finite",
            hint="Train the model again.",
        )
    is_defect = np.array([sort != GOOD for sort in sorts], bool)
    names = (GOOD, *sorted(set(sorts) - {GOOD}))
    p_values, reported = calibration.p_values(values), calibration.is_defect(values, rate)
    if places is not None and not len(places.areas):
        places = None
    return Report(
        kind=REPORT,
        metrics=_metrics(values, is_defect, places, seed=seed, num_resamples=num_resamples),
        per_class=_per_sort(values, np.array(sorts, object), names, reported),
        confusion=np.zeros((0, 0), np.int64),
        class_names=names,
        num_examples=len(values),
        calibration=pd.DataFrame(),
        tables={
            "pictures": pd.DataFrame(
                {"example": np.arange(len(values)), "score": _fit_of_verdicts(values, p_values, is_defect)}
            ),
            "scores": pd.DataFrame({"class": list(sorts), "score": values, "p_value": p_values}),
            "promise": _promise(reported[~is_defect], calibration, rate),
        },
    )


def _fit_of_verdicts(scores: np.ndarray, p_values: np.ndarray, is_defect: np.ndarray) -> np.ndarray:
    """`(n,)`, the lowest for misses and false alarms: defects with high p-values and good images with low ones.

    Among equal p-values, the scores decide.
    """
    ranks = np.argsort(np.argsort(scores, kind="stable"), kind="stable") / len(scores)
    return -np.where(is_defect, p_values - _TIE * ranks, 1 - p_values + _TIE * ranks)


def _metrics(
    scores: np.ndarray, is_defect: np.ndarray, places: PlaceScores | None, *, seed: int, num_resamples: int
) -> dict[str, Metric]:
    score_of: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "image_auroc": lambda weights: roc_auc(scores, is_defect, weights),
        "image_average_precision": lambda weights: average_precision(scores, is_defect, weights),
    }
    # Of a random order: half of the pairs, the share of defects, and the area under a diagonal.
    baseline = {"image_auroc": 0.5, "image_average_precision": float(is_defect.mean())}
    if places is not None:
        score_of |= {"pixel_auroc": places.pixel_auroc, "pro": places.pro}
        baseline |= {"pixel_auroc": 0.5, "pro": MAX_FALSE_POSITIVES / 2}

    def all_scores(weights: np.ndarray) -> np.ndarray:
        parts = np.array_split(weights, max(1, -(-len(weights) // MAX_BINS_AT_A_TIME)))
        return np.stack([np.concatenate([score(part) for part in parts]) for score in score_of.values()])

    return scored_metrics(
        {name: ANOMALY_METRICS[name] for name in score_of},
        all_scores,
        baseline=list(baseline.values()),
        num_examples=len(scores),
        seed=seed,
        num_resamples=num_resamples,
    )


def _per_sort(scores: np.ndarray, sorts: np.ndarray, names: Sequence[str], reported: np.ndarray) -> pd.DataFrame:
    """One row for good images and one for each defect."""
    rows = []
    is_good = sorts == names[0]
    for name in names:
        own = sorts == name
        low, high = wilson_interval(reported[own].sum(), own.sum())
        compared = own | is_good
        auroc = roc_auc(scores[compared], own[compared], np.ones((1, int(compared.sum()))))[0]
        rows.append(
            {
                "class": name,
                "support": int(own.sum()),
                "reported": float(reported[own].mean()) if own.any() else np.nan,
                "reported_low": float(low),
                "reported_high": float(high),
                "auroc": float(auroc) if name != names[0] else np.nan,
                "median_score": float(np.median(scores[own])) if own.any() else np.nan,
            }
        )
    return pd.DataFrame(rows)


def _promise(reported: np.ndarray, calibration: GoodScores, rate: float) -> pd.DataFrame:
    """What was promised, and how many good test images are reported."""
    low, high = wilson_interval(reported.sum(), len(reported))
    threshold = calibration.threshold(rate)
    return pd.DataFrame(
        [
            {
                "rate": float(rate),
                "num_calibration": len(calibration.scores),
                "threshold": threshold if np.isfinite(threshold) else np.nan,
                "false_alarms": float(reported.mean()) if len(reported) else np.nan,
                "low": float(low),
                "high": float(high),
            }
        ]
    )
