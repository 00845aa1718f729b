"""Whether an exported detector finds the model's own boxes."""

from collections.abc import Iterable, Sequence

import numpy as np

from headstart.artifacts import (
    MAX_INT8_LOSS,
    Check,
    CheckJob,
    Difference,
    MetricParity,
    Runtime,
    unchanged_promises,
    worst_first,
)
from headstart.data import Targets, iou
from headstart.tasks.detection.detections import MAX_OVERLAP, Detections
from headstart.tasks.detection.metrics import evaluate_detection

MIN_IOU = 0.99
MAX_SCORE_DIFFERENCE = 1e-3
_LEAST_SCORE = float(np.finfo("float32").tiny)


def found_boxes(runtime: Runtime, batches: Iterable[np.ndarray]) -> list[Detections]:
    """The detections of a file after non-maximum suppression, in pixels of the model's input."""
    answers = (zip(*runtime.run(batch), strict=True) for batch in batches)
    return [
        Detections(*picture).above(_LEAST_SCORE).without_repeats(MAX_OVERLAP)
        for pictures in answers
        for picture in pictures
    ]


def compare_boxes(
    model: Sequence[Detections],
    file: Sequence[Detections],
    targets: Targets,
    *,
    paths: Sequence[str],
    class_names: tuple[str, ...],
    is_int8: bool,
    score_threshold: float,
) -> MetricParity:
    """Compares what a file finds with what the model finds.

    A float file passes when it has every box that the model gives from the threshold on, and no other: of the same
    class, with an intersection over union of at least 0.99 and a score at most 0.001 off. An int8 file passes when at
    most one point of mAP50 is lost.

    Args:
        model: what the model finds.
        file: what the file finds in the same images.
        targets: true boxes in pixels of the model's input.
        paths: of the images.
        class_names: in the order of the classes.
        is_int8: which of the two rules holds.
        score_threshold: from which on a box is a prediction.
    """
    differences, num_boxes, num_lost, gaps = [], 0, 0, [0.0]
    for path, ours, theirs in zip(paths, model, file, strict=True):
        lost, nearest = _unmatched(ours, theirs, score_threshold)
        added, nearest_back = _unmatched(theirs, ours, score_threshold)
        num_boxes += int((ours.scores >= score_threshold).sum() + (theirs.scores >= score_threshold).sum())
        num_lost += lost + added
        gaps += [*nearest, *nearest_back]
        if lost or added or not np.isfinite(theirs.boxes).all():
            said = [f"{int((each.scores >= score_threshold).sum())} boxes" for each in (ours, theirs)]
            differences.append(Difference(path, f"{said[0]}, {lost} of them lost", said[1], float(lost + added)))
    value, model_value = (_map50(found, targets, class_names, score_threshold) for found in (file, model))
    return MetricParity(
        num_pictures=len(paths),
        agreement=1 - num_lost / num_boxes if num_boxes else 1.0,
        largest_difference=float(max(gaps)),
        metric="map50",
        value=value,
        model_value=model_value,
        is_passed=bool(model_value - value <= MAX_INT8_LOSS) if is_int8 else not differences,
        differences=worst_first(differences),
    )


def _unmatched(boxes: Detections, others: Detections, threshold: float) -> tuple[int, list[float]]:
    """How many boxes have no counterpart among the others, and how far the scores of counterparts are apart."""
    chosen = boxes.above(threshold)
    same_place = (iou(chosen.boxes, others.boxes) >= MIN_IOU) & (chosen.classes[:, None] == others.classes[None])
    gaps = np.where(same_place, np.abs(chosen.scores[:, None] - others.scores[None]), np.inf).min(
        axis=1, initial=np.inf
    )
    return int((gaps > MAX_SCORE_DIFFERENCE).sum()), gaps[np.isfinite(gaps)].tolist()


def _map50(found: Sequence[Detections], targets: Targets, class_names: tuple[str, ...], threshold: float) -> float:
    padded = targets.load_batch(np.arange(len(found)), np.tile(np.eye(3), (len(found), 1, 1)))
    true = [boxes[boxes[:, 4] >= 0] for boxes in padded]
    if not any(map(len, true)):
        return 0.0
    report = evaluate_detection(found, true, class_names, score_threshold=threshold, num_resamples=2)
    return float(report.metrics["map50"].value)


def _compare_boxes(job: CheckJob, answers: Sequence[Detections], is_int8: bool) -> MetricParity:
    return compare_boxes(
        job.test.answers,
        answers,
        job.test.targets,
        paths=job.test.names,
        class_names=job.manifest.class_names,
        is_int8=is_int8,
        score_threshold=job.promises["score_threshold"],
    )


CHECK = Check(found_boxes, _compare_boxes, unchanged_promises)
