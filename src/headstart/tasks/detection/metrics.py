"""Scores boxes: how many are found, how good they are, and what goes wrong."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from headstart.metrics import WEIGHTS_PER_CHUNK, Metric, bootstrap_weights, mean_of_defined, percentile_interval
from headstart.report import Report
from headstart.tasks.detection.errors import (
    BoxErrors,
    error_table,
    find_errors,
    mixup_table,
    picture_table,
)
from headstart.tasks.detection.matching import BoxAnswers, BoxMatching, match_boxes
from headstart.tasks.detection.scores import RECALL_POINTS, class_scores, precision_curve
from headstart.tasks.detection.spec import REPORT

DEFAULT_SCORE_THRESHOLD = 0.5
DETECTION_METRICS = ("map50", "map", "average_recall")
IOU_50 = np.array([0.5])


def evaluate_detection(
    predictions: Sequence[BoxAnswers],
    targets: Sequence[np.ndarray],
    class_names: Sequence[str],
    *,
    ignored: Sequence[np.ndarray] | None = None,
    score_threshold: float = DEFAULT_SCORE_THRESHOLD,
    seed: int = 0,
    num_resamples: int = 1000,
) -> Report:
    """Report of a model that draws boxes, by COCO's rules: 101 points of recall, 100 predictions per image and class.

    `map50` counts a box as found from an IoU of 0.5, `map` is the mean over IoU from 0.5 to 0.95, `average_recall` the
    share of boxes found by any prediction, mean over the same. All are means over the classes that the images show.
    Intervals are the bootstrap's 95 % percentile intervals over images. The baseline, which predicts nothing, has 0.

    Args:
        predictions: one per image: boxes `(n, 4)` xyxy, scores `(n,)`, classes `(n,)`, whatever their score.
        targets: `(n, 5)` per image: xyxy in pixels of the same image, class index; `(0, 5)` if it shows no object.
        class_names: `k` names.
        ignored: `(m, 6)` per image: objects that count neither as missed nor as wrongly found, as in `match_boxes`.
        score_threshold: lowest score of a predicted box that counts in precision, recall and errors. Choose it with
            `best_score_threshold` on validation images: chosen on these images, it makes the scores too high.
        seed: of the resamples; the same seed gives the same intervals.
        num_resamples: 1000 make the ends of an interval steady to about a tenth of its width.

    Returns:
        Its `per_class`: class, ap50, ap50_low, ap50_high, ap, recall, precision, f1, support (boxes). Its tables:
        `"errors"` (kind, count, meaning), `"mixups"` (true, predicted, count), `"precision_recall"` (class, recall,
        precision at IoU 0.5), `"operating_point"` (score_threshold, precision, recall, f1, boxes, answers: one row)
        and `"pictures"` (example, found, missed, wrong, score: F1).

    Raises:
        PredictionsError: not one prediction per image, or what is no box of a known class.

    References:
        Lin et al. 2014, Microsoft COCO, arXiv 1405.0312, and its evaluation code, pycocotools.
    """
    matching = match_boxes(predictions, targets, num_classes=len(class_names), ignored=ignored)
    errors = find_errors(matching, score_threshold=score_threshold)
    plain = _scores(matching, np.ones((1, matching.num_pictures)), num_classes=len(class_names))[..., 0]
    chunks = _small_chunks(matching, num_resamples=num_resamples, seed=seed)
    resampled = np.concatenate([_scores(matching, w, num_classes=len(class_names)) for w in chunks], axis=-1)
    counts = _counts(matching, errors, num_classes=len(class_names))
    return Report(
        kind=REPORT,
        metrics=_metrics(plain, resampled, num_pictures=matching.num_pictures),
        per_class=_class_table(plain, resampled, counts, class_names),
        confusion=np.zeros((0, 0), np.int64),
        class_names=tuple(class_names),
        num_examples=matching.num_pictures,
        calibration=pd.DataFrame(),
        tables={
            "errors": error_table(errors),
            "mixups": mixup_table(matching, errors, class_names),
            "precision_recall": _curves(matching, class_names),
            "operating_point": _operating_point(counts, score_threshold),
            "pictures": picture_table(matching, errors),
        },
    )


def best_score_threshold(
    predictions: Sequence[BoxAnswers], targets: Sequence[np.ndarray], ignored: Sequence[np.ndarray] | None = None
) -> float:
    """The score from which predictions have the best F1 at an IoU of 0.5, all classes together.

    Args:
        predictions: of *validation* images, as for `evaluate_detection`.
        targets: of the same.
        ignored: of the same, as for `evaluate_detection`.

    Returns:
        Halfway between the last prediction to keep and the next; 0.5 where no prediction is right.
    """
    true = [*targets, *(ignored or ())]
    classes = [c for p in predictions for c in np.ravel(p.classes)] + [c for t in true for c in np.ravel(t[:, 4:5])]
    num_classes = int(max(classes, default=0)) + 1
    matching = match_boxes(predictions, targets, num_classes=num_classes, ignored=ignored, iou_thresholds=IOU_50)
    counts = ~matching.is_ignored[0]
    hits = np.cumsum(matching.found[0, counts] >= 0)
    if not hits.any():
        return DEFAULT_SCORE_THRESHOLD
    scores = matching.scores[counts]
    f1 = 2 * hits / (np.arange(1, len(scores) + 1) + len(matching.true_boxes))
    f1[:-1][scores[:-1] == scores[1:]] = -1  # equal scores are kept together
    last = int(f1.argmax())
    below = scores[last + 1] if last + 1 < len(scores) else scores[last]
    return float((scores[last] + below) / 2)


def _small_chunks(matching: BoxMatching, *, num_resamples: int, seed: int) -> Iterator[np.ndarray]:
    """The bootstrap's weights in parts whose weights of *predictions*, far more than images, fit in memory as well."""
    rows = max(1, WEIGHTS_PER_CHUNK // max(1, len(matching.scores)))
    for weights in bootstrap_weights(matching.num_pictures, num_resamples=num_resamples, seed=seed):
        yield from (weights[start : start + rows] for start in range(0, len(weights), rows))


def _scores(matching: BoxMatching, weights: np.ndarray, *, num_classes: int) -> np.ndarray:
    """AP50, AP and average recall of every class, `(3, k, r)`; NaN where no box of it counts."""
    scores = np.empty((3, num_classes, len(weights)))
    for index in range(num_classes):
        precision, recall = class_scores(matching, index, weights)
        scores[:, index] = precision[0], precision.mean(axis=0), recall.mean(axis=0)
    return scores


def _metrics(plain: np.ndarray, resampled: np.ndarray, *, num_pictures: int) -> dict[str, Metric]:
    metrics = {}
    values = mean_of_defined(plain)
    for name, value, others in zip(DETECTION_METRICS, values, resampled, strict=True):
        low, high = percentile_interval(mean_of_defined(others.T))
        baseline = float("nan") if np.isnan(value) else 0.0
        metrics[name] = Metric(name, float(value), low, high, baseline, num_pictures, higher_is_better=True)
    return metrics


def _counts(matching: BoxMatching, errors: BoxErrors, *, num_classes: int) -> np.ndarray:
    """True boxes found, true boxes, predictions: `(3, k)`."""
    num_answers = len(errors.kinds)
    answered = matching.classes[:num_answers][~matching.is_ignored[0, :num_answers]]
    classes = (matching.true_classes[errors.found], matching.true_classes, answered)
    return np.stack([np.bincount(indices, minlength=num_classes) for indices in classes])


def _precision_recall_f1(counts: np.ndarray) -> dict[str, np.ndarray]:
    found, boxes, answers = counts.astype(np.float64)
    return {
        "recall": found / np.where(boxes > 0, boxes, np.nan),
        "precision": found / np.where(answers > 0, answers, np.nan),
        "f1": 2 * found / np.where(boxes + answers > 0, boxes + answers, np.nan),
    }


def _class_table(
    plain: np.ndarray, resampled: np.ndarray, counts: np.ndarray, class_names: Sequence[str]
) -> pd.DataFrame:
    ends = np.array([percentile_interval(values) for values in resampled[0]])
    return pd.DataFrame(
        {
            "class": list(class_names),
            "ap50": plain[0],
            "ap50_low": ends[:, 0],
            "ap50_high": ends[:, 1],
            "ap": plain[1],
            **_precision_recall_f1(counts),
            "support": counts[1],
        }
    )


def _operating_point(counts: np.ndarray, score_threshold: float) -> pd.DataFrame:
    total = counts.sum(axis=1, keepdims=True)
    boxes = {"boxes": total[1], "answers": total[2]}
    return pd.DataFrame({"score_threshold": [float(score_threshold)], **_precision_recall_f1(total), **boxes})


def _curves(matching: BoxMatching, class_names: Sequence[str]) -> pd.DataFrame:
    curves = [
        pd.DataFrame({"class": name, "recall": RECALL_POINTS, "precision": precision_curve(matching, index).round(4)})
        for index, name in enumerate(class_names)
    ]
    return pd.concat(curves, ignore_index=True)
