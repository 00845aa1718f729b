"""Whether an exported regressor gives the model's numbers."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from headstart.artifacts import (
    MAX_INT8_LOSS,
    Batches,
    Check,
    CheckJob,
    Difference,
    Measured,
    MetricParity,
    Runtime,
    worst_first,
)
from headstart.tasks.regression.intervals import RegressionIntervals

MAX_DIFFERENCE = 1e-4  # in units of the spread


def given_numbers(runtime: Runtime, batches: Iterable[np.ndarray]) -> np.ndarray:
    """What a file says of images, `(n, numbers)`."""
    return np.concatenate([runtime.run(batch)[0] for batch in batches]).astype("float64")


def compare_numbers(
    model: np.ndarray, file: np.ndarray, targets: np.ndarray, *, paths: Sequence[str], is_int8: bool
) -> MetricParity:
    """Compares a file's numbers with the model's, each in units of how far the true ones are spread.

    A float file passes when no number is further off than 0.0001. An int8 file passes when the mean absolute error
    grows by at most 0.01.

    Args:
        model: `(n, numbers)` of the model.
        file: `(n, numbers)` of the file for the same images.
        targets: `(n, numbers)`, the true ones.
        paths: of the images.
        is_int8: which of the two rules holds.
    """
    spread = targets.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    gaps = np.abs(file - model) / spread
    gaps = np.where(np.isfinite(gaps), gaps, np.inf)
    value, model_value = (float((np.abs(each - targets) / spread).mean()) for each in (file, model))
    furthest = gaps.max(axis=1)
    differences = [
        Difference(paths[row], _said(model[row]), _said(file[row]), float(furthest[row]))
        for row in np.flatnonzero(furthest > MAX_DIFFERENCE).tolist()
    ]
    return MetricParity(
        num_pictures=len(paths),
        agreement=float((gaps <= MAX_DIFFERENCE).mean()),
        largest_difference=float(gaps.max()),
        metric="standardised_absolute_error",
        value=value,
        model_value=model_value,
        is_passed=bool(value - model_value <= MAX_INT8_LOSS) if is_int8 else not differences,
        differences=worst_first(differences),
    )


def _said(numbers: np.ndarray) -> str:
    return ";".join(f"{number:.6g}" for number in numbers)


def _compare_numbers(job: CheckJob, answers: np.ndarray, is_int8: bool) -> MetricParity:
    return compare_numbers(job.test.answers, answers, job.test.targets, paths=job.test.names, is_int8=is_int8)


def _residuals(job: CheckJob, runtime: Runtime, validation: Callable[[], Batches]) -> Measured:
    measured = RegressionIntervals.from_predictions(given_numbers(runtime, validation()), job.validation.targets)
    return {"promises": {"residuals": measured.residuals.tolist()}}


CHECK = Check(given_numbers, _compare_numbers, _residuals)
