"""Scores masks: how well each class is covered, and how near its outline is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from headstart.errors import PredictionsError
from headstart.metrics import mean_of_defined, percentile_interval, resampled_scores, scored_metrics
from headstart.report import Report
from headstart.tasks.segmentation.boundaries import boundary_scores
from headstart.tasks.segmentation.spec import REPORT

IGNORED = 255  # a true pixel that belongs to no class and is not scored
NUM_MIXUPS = 8

SEGMENTATION_METRICS = ("mean_iou", "dice", "pixel_accuracy", "boundary_f")


@dataclass(frozen=True, eq=False)
class PictureCounts:
    """The counts of each image that the scores are computed from.

    Attributes:
        hits: `(n, k)` pixels of each class that are right.
        true: `(n, k)` pixels of each class.
        predicted: `(n, k)` pixels predicted as each class, of those that are scored.
        boundary_f: `(n, k)` F-score of the outline of each class; NaN where neither mask has one.
    """

    hits: np.ndarray
    true: np.ndarray
    predicted: np.ndarray
    boundary_f: np.ndarray


def evaluate_segmentation(
    predictions: Iterable[np.ndarray],
    targets: Iterable[np.ndarray],
    class_names: Sequence[str],
    *,
    baseline_counts: np.ndarray | None = None,
    seed: int = 0,
    num_resamples: int = 1000,
) -> Report:
    """Report of a model that gives every pixel a class.

    `mean_iou` and `dice` are means over the classes that occur in a true or predicted mask, from the pixels of all
    images together; `boundary_f` is the mean over images of the mean over their classes. Intervals are the
    bootstrap's 95 % percentile intervals over images.

    Args:
        predictions: `(h, w)` class indices an image, taken one by one.
        targets: the same of the truth; pixels of 255 are not scored.
        class_names: `k` names.
        baseline_counts: `(k,)` how much of each class the *training* masks show, in pixels. The baseline predicts every
            pixel with the commonest of them. None: the commonest of these masks.
        seed: of the resamples; the same seed gives the same intervals.
        num_resamples: 1000 make the ends of an interval steady to about a tenth of its width.

    Returns:
        Its `confusion` counts pixels. Its `per_class`: class, iou, iou_low, iou_high, dice, recall, precision,
        boundary_f, pixels (their share of all), support (images that show it). Its tables: `"mixups"` (true,
        predicted, pixels, share of the true class) and `"pictures"` (example, pixel_accuracy, score: mean IoU of the
        image).

    Raises:
        PredictionsError: not one prediction per image, other sizes, or a class that does not exist.

    References:
        Csurka et al. 2013, What is a good evaluation measure for semantic segmentation?, BMVC, for `boundary_f`.
    """
    counts, confusion = _counted(predictions, targets, num_classes=len(class_names))
    known = confusion.sum(axis=1) if baseline_counts is None else np.asarray(baseline_counts)
    once = np.ones((1, len(counts.hits)))
    metrics = scored_metrics(
        dict.fromkeys(SEGMENTATION_METRICS, True),
        lambda weights: _scores(counts, weights),
        baseline=_scores(_constant_answer(counts, int(known.argmax())), once)[:, 0].tolist(),
        num_examples=len(counts.hits),
        seed=seed,
        num_resamples=num_resamples,
    )
    return Report(
        kind=REPORT,
        metrics=metrics,
        per_class=_class_table(counts, class_names, seed=seed, num_resamples=num_resamples),
        confusion=confusion,
        class_names=tuple(class_names),
        num_examples=len(counts.hits),
        calibration=pd.DataFrame(),
        tables={"mixups": _mixup_table(confusion, class_names), "pictures": _picture_table(counts)},
    )


def _counted(
    predictions: Iterable[np.ndarray], targets: Iterable[np.ndarray], *, num_classes: int
) -> tuple[PictureCounts, np.ndarray]:
    """Every image once: no two masks are in memory beside those at hand."""
    total = np.zeros((num_classes, num_classes), np.int64)
    rows, outlines = [], []
    try:
        for index, (answer, truth) in enumerate(zip(predictions, targets, strict=True)):
            predicted, true = _checked(np.asarray(answer), np.asarray(truth), index=index, num_classes=num_classes)
            scored = true != IGNORED
            cells = true[scored].astype(np.int64) * num_classes + predicted[scored]
            confusion = np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)
            total += confusion
            rows.append((confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)))
            outlines.append(boundary_scores(predicted, true, num_classes=num_classes, ignored=IGNORED))
    except ValueError as error:
        raise _mismatch("another number of predictions than of targets") from error
    if not rows:
        raise _mismatch("no image")
    hits, true, predicted = np.array(rows, dtype=np.float64).transpose(1, 0, 2)
    return PictureCounts(hits, true, predicted, np.array(outlines)), total


def _scores(counts: PictureCounts, weights: np.ndarray) -> np.ndarray:
    """Every metric on weighted images, `(4, r)`."""
    hits, true, predicted = weights @ counts.hits, weights @ counts.true, weights @ counts.predicted
    pixels = true.sum(axis=1)
    outlines = mean_of_defined(counts.boundary_f)
    defined = ~np.isnan(outlines)
    counted = weights @ defined.astype(np.float64)
    return np.stack(
        [
            mean_of_defined(_share(hits, true + predicted - hits)),
            mean_of_defined(_share(2 * hits, true + predicted)),
            _share(hits.sum(axis=1), pixels),
            _share(weights @ np.where(defined, outlines, 0.0), counted),
        ]
    )


def _constant_answer(counts: PictureCounts, class_index: int) -> PictureCounts:
    """The counts of predicting one class for every pixel: it has no outline, so that no true outline is found."""
    answered = np.zeros_like(counts.true)
    answered[:, class_index] = counts.true.sum(axis=1)
    hits = np.zeros_like(counts.true)
    hits[:, class_index] = counts.true[:, class_index]
    return PictureCounts(hits, counts.true, answered, np.where(np.isnan(counts.boundary_f), np.nan, 0.0))


def _class_table(counts: PictureCounts, class_names: Sequence[str], *, seed: int, num_resamples: int) -> pd.DataFrame:
    def iou(weights: np.ndarray) -> np.ndarray:
        hits, true, predicted = weights @ counts.hits, weights @ counts.true, weights @ counts.predicted
        return _share(hits, true + predicted - hits).T

    resampled = resampled_scores(iou, num_examples=len(counts.hits), num_resamples=num_resamples, seed=seed)
    ends = np.array([percentile_interval(values) for values in resampled])
    hits, true, predicted = counts.hits.sum(axis=0), counts.true.sum(axis=0), counts.predicted.sum(axis=0)
    return pd.DataFrame(
        {
            "class": list(class_names),
            "iou": _share(hits, true + predicted - hits),
            "iou_low": ends[:, 0],
            "iou_high": ends[:, 1],
            "dice": _share(2 * hits, true + predicted),
            "recall": _share(hits, true),
            "precision": _share(hits, predicted),
            "boundary_f": mean_of_defined(counts.boundary_f.T),
            "pixels": _share(true, np.full_like(true, true.sum())),
            "support": (counts.true > 0).sum(axis=0),
        }
    )


def _mixup_table(confusion: np.ndarray, class_names: Sequence[str]) -> pd.DataFrame:
    errors = confusion.copy()
    np.fill_diagonal(errors, 0)
    order = np.argsort(-errors, axis=None, kind="stable")[:NUM_MIXUPS]
    cells = [divmod(int(cell), len(class_names)) for cell in order]
    rows = [
        {
            "true": class_names[true],
            "predicted": class_names[predicted],
            "pixels": int(errors[true, predicted]),
            "share": float(errors[true, predicted] / confusion[true].sum()),
        }
        for true, predicted in cells
        if errors[true, predicted]
    ]
    return pd.DataFrame(rows, columns=["true", "predicted", "pixels", "share"])


def _picture_table(counts: PictureCounts) -> pd.DataFrame:
    iou = _share(counts.hits, counts.true + counts.predicted - counts.hits)
    right = _share(counts.hits.sum(axis=1), counts.true.sum(axis=1))
    return pd.DataFrame({"example": np.arange(len(iou)), "pixel_accuracy": right, "score": mean_of_defined(iou)})


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return part / np.where(whole > 0, whole, np.nan)


def _checked(predicted: np.ndarray, true: np.ndarray, *, index: int, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    if predicted.ndim != 2 or predicted.shape != true.shape:
        raise PredictionsError(
            f"The predicted mask of image {index} does not fit the true one.",
            expected=f"the size of the true mask, {true.shape}",
            received=str(predicted.shape),
            hint="Bring both to one size first.",
        )
    scored = true != IGNORED
    for what, values in (("predicted", predicted[scored]), ("true", true[scored])):
        if values.size and (values.min() < 0 or values.max() >= num_classes):
            raise PredictionsError(
                f"The {what} mask of image {index} contains a class that does not exist.",
                expected=f"whole numbers from 0 to {num_classes - 1}, or {IGNORED} in a true mask",
                received=f"{values.min()} to {values.max()}",
                hint="Masks hold class indices in the order of the class names.",
            )
    return predicted, true


def _mismatch(received: str) -> PredictionsError:
    return PredictionsError(
        "Not every image has its prediction.",
        expected="as many predicted as true masks, at least one",
        received=received,
        hint="Give both in the same order.",
    )
