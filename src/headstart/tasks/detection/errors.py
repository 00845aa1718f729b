"""Errors of predicted boxes, sorted into types."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pycocotools import mask as coco_mask

from headstart.tasks.detection.matching import BoxMatching

GOOD_BOX = 0.5  # IoU from which a box counts as found
BACKGROUND = 0.1  # IoU below which a prediction does not belong to a box
NUM_MIXUPS = 8

ERROR_MEANINGS = {
    "missed": "A true box that no prediction overlaps.",
    "wrong class": "The box is correct, but the class is wrong.",
    "poor box": "The class is correct, but the box overlaps too little (IoU 0.1 to 0.5).",
    "wrong class and poor box": "There is an object, but class and box are wrong.",
    "duplicate": "A second prediction for an object that is already found.",
    "background": "There is no annotated object.",
}


@dataclass(frozen=True, eq=False)
class BoxErrors:
    """Every error of the predictions with a score of at least the threshold.

    Attributes:
        kinds: `(a,)` text, what is wrong with each such prediction; "" where nothing is, also on an ignored object.
        mistaken: `(a,)` the true box that the prediction lies on, -1 where on none.
        missed: `(g,)` bool: true boxes that no prediction lies on.
        found: `(g,)` bool: true boxes that were found.
    """

    kinds: np.ndarray
    mistaken: np.ndarray
    missed: np.ndarray
    found: np.ndarray


def find_errors(matching: BoxMatching, *, score_threshold: float) -> BoxErrors:
    """Sorts every wrong prediction into one kind, in the order of TIDE's tests.

    References:
        Bolya et al. 2020, TIDE: A General Toolbox for Identifying Object Detection Errors, arXiv 2008.08115, section
        2.2. Predictions are counted here; TIDE weighs them by what they cost in mAP.
    """
    num_answers = int((matching.scores >= score_threshold).sum())  # scores fall
    found_boxes = matching.found[0, :num_answers]
    kinds, mistaken = np.full(num_answers, "", dtype=object), np.full(num_answers, -1)
    in_picture = _indices_of(matching.true_pictures, matching.num_pictures)
    for answer in np.flatnonzero((found_boxes < 0) & ~matching.is_ignored[0, :num_answers]):
        near = in_picture[matching.pictures[answer]]
        overlap = _iou(matching.boxes[answer], matching.true_boxes[near])
        same = matching.true_classes[near] == matching.classes[answer]
        kinds[answer], place = _kind(overlap, same)
        mistaken[answer] = near[place] if place >= 0 else -1
    found = np.zeros(len(matching.true_boxes), bool)
    found[found_boxes[found_boxes >= 0]] = True
    explained = found.copy()
    explained[mistaken[np.isin(kinds, ["poor box", "wrong class"])]] = True
    return BoxErrors(kinds, mistaken, missed=~explained, found=found)


def error_table(errors: BoxErrors) -> pd.DataFrame:
    """One row a kind, also those that did not occur: kind, count, meaning."""
    counts = Counter(errors.kinds.tolist()) | Counter({"missed": int(errors.missed.sum())})
    return pd.DataFrame(
        [{"kind": kind, "count": counts[kind], "meaning": meaning} for kind, meaning in ERROR_MEANINGS.items()]
    )


def mixup_table(matching: BoxMatching, errors: BoxErrors, class_names: Sequence[str]) -> pd.DataFrame:
    """The commonest wrong names: true, predicted, count."""
    wrong = np.flatnonzero(errors.kinds == "wrong class")
    pairs = Counter(
        zip(matching.true_classes[errors.mistaken[wrong]].tolist(), matching.classes[wrong].tolist(), strict=True)
    )
    rows = [
        {"true": class_names[true], "predicted": class_names[predicted], "count": count}
        for (true, predicted), count in pairs.most_common(NUM_MIXUPS)
    ]
    return pd.DataFrame(rows, columns=["true", "predicted", "count"])


def picture_table(matching: BoxMatching, errors: BoxErrors) -> pd.DataFrame:
    """One row per image: example, found, missed (true boxes), wrong (predicted boxes), score (F1)."""

    def counted(pictures: np.ndarray) -> np.ndarray:
        return np.bincount(pictures, minlength=matching.num_pictures)

    found = counted(matching.true_pictures[errors.found])
    missed = counted(matching.true_pictures[~errors.found])
    wrong = counted(matching.pictures[: len(errors.kinds)][errors.kinds != ""])
    total = 2 * found + missed + wrong
    score = np.where(total > 0, 2 * found / np.maximum(total, 1), 1.0)
    columns = {"found": found, "missed": missed, "wrong": wrong, "score": score}
    return pd.DataFrame({"example": np.arange(matching.num_pictures), **columns})


def _kind(overlap: np.ndarray, same: np.ndarray) -> tuple[str, int]:
    """The kind of error of one prediction and the place of the box it lies on, -1 where on none."""
    own, other = np.where(same, overlap, 0.0), np.where(same, 0.0, overlap)
    best_own, best_other = own.max(initial=0.0), other.max(initial=0.0)
    if BACKGROUND <= best_own < GOOD_BOX:
        return "poor box", int(own.argmax())
    if best_other >= GOOD_BOX:
        return "wrong class", int(other.argmax())
    if best_own >= GOOD_BOX:
        return "duplicate", int(own.argmax())
    if best_other >= BACKGROUND:
        return "wrong class and poor box", int(other.argmax())
    return "background", -1


def _iou(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """`(n,)` of one box with others, as the matching computes it."""
    if not len(others):
        return np.zeros(0)
    first, second = (np.column_stack([b[:, :2], b[:, 2:] - b[:, :2]]) for b in (box[None], others))
    overlaps: np.ndarray = np.asarray(coco_mask.iou(first, second, np.zeros(len(others), np.uint8)))[0]
    return overlaps


def _indices_of(pictures: np.ndarray, num_pictures: int) -> list[np.ndarray]:
    order = np.argsort(pictures, kind="stable")
    return np.split(order, np.searchsorted(pictures[order], np.arange(1, num_pictures)))
