"""Whether an exported detector of anomalies gives the scores of the model."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from headstart.artifacts import Batches, Check, CheckJob, Difference, Measured, MetricParity, Runtime, worst_first
from headstart.metrics import roc_auc
from headstart.tasks.anomaly.conformal import GoodScores

# Of the median score: distances are differences of large numbers, so that their last digits depend on the library.
MAX_DIFFERENCE = 1e-2
MIN_CLOSE_PLACES = 0.999


@dataclass(frozen=True, eq=False)
class Scored:
    """What a model or a file says of images.

    Attributes:
        scores: `(n,)` float64.
        maps: `(n, rows, columns)` scores of places.
    """

    scores: np.ndarray
    maps: np.ndarray


def given_scores(runtime: Runtime, batches: Iterable[np.ndarray]) -> Scored:
    """What a file says of images."""
    scores, maps = zip(*(runtime.run(batch) for batch in batches), strict=True)
    return Scored(np.concatenate(scores).astype(np.float64), np.concatenate(maps))


def compare_scores(model: Scored, file: Scored, is_defect: np.ndarray, *, paths: Sequence[str]) -> MetricParity:
    """Compares the scores of a file with those of the model, in units of the model's median score.

    A file passes if no score of an image differs by more than 0.01 of the median, and 99.9 % of places do not.

    Args:
        model: of the model.
        file: of the file for the same images.
        is_defect: `(n,)`, 1 for an image with a defect.
        paths: of the images.
    """
    unit = max(float(np.median(model.scores)), 1e-12)
    gaps = _gaps(file.scores, model.scores, unit)
    close = float((_gaps(file.maps, model.maps, unit) <= MAX_DIFFERENCE).mean())
    value, model_value = (_auroc(each.scores, is_defect) for each in (file, model))
    differences = [
        Difference(paths[row], f"{model.scores[row]:.6g}", f"{file.scores[row]:.6g}", float(gaps[row]))
        for row in np.flatnonzero(gaps > MAX_DIFFERENCE).tolist()
    ]
    return MetricParity(
        num_pictures=len(paths),
        agreement=float((gaps <= MAX_DIFFERENCE).mean()),
        largest_difference=float(gaps.max()),
        metric="image_auroc",
        value=value,
        model_value=model_value,
        is_passed=not differences and close >= MIN_CLOSE_PLACES,
        differences=worst_first(differences),
    )


def _gaps(file: np.ndarray, model: np.ndarray, unit: float) -> np.ndarray:
    gaps = np.abs(file.astype(np.float64) - model) / unit
    return np.where(np.isfinite(gaps), gaps, np.inf)


def _auroc(scores: np.ndarray, is_defect: np.ndarray) -> float:
    """0.5 without good images or without defects: nothing is ranked."""
    value = roc_auc(np.nan_to_num(scores), is_defect.astype(bool), np.ones((1, len(scores))))[0]
    return 0.5 if np.isnan(value) else float(value)


def _compare(job: CheckJob, answers: Scored, _: bool) -> MetricParity:
    return compare_scores(job.test.answers, answers, job.test.targets[:, 0], paths=job.test.names)


def _measure(_: CheckJob, runtime: Runtime, validation: Callable[[], Batches]) -> Measured:
    """The scores of good images by the file itself: its p-values then do not depend on its rounding."""
    scores = given_scores(runtime, validation()).scores
    return {"promises": {"scores": GoodScores.from_scores(scores).scores.tolist()}}


CHECK = Check(given_scores, _compare, _measure)
