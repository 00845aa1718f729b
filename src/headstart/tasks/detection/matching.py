"""Which predicted box found which true box: pycocotools' matching, kept as plain arrays."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from headstart.data import CROWD, IGNORED_CODES
from headstart.errors import PredictionsError

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
MOST_ANSWERS = 100  # an image and class, as in COCO


class BoxAnswers(Protocol):
    """The predicted boxes of one image.

    Attributes:
        boxes: `(n, 4)` xyxy, in pixels of the same image as the true boxes.
        scores: `(n,)` between 0 and 1.
        classes: `(n,)` class indices.
    """

    @property
    def boxes(self) -> np.ndarray: ...  # noqa: D102
    @property
    def scores(self) -> np.ndarray: ...  # noqa: D102
    @property
    def classes(self) -> np.ndarray: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class BoxMatching:
    """Predictions of all images, the best score first, and the true boxes.

    Attributes:
        pictures: `(d,)` image of each prediction.
        classes: `(d,)` its class.
        scores: `(d,)` its score, falling.
        boxes: `(d, 4)` xyxy.
        found: `(t, d)` which true box it found at each threshold of IoU, -1 for none.
        is_ignored: `(t, d)` bool: whether it found none but lies on an ignored object, so that it is no error.
        true_pictures: `(g,)` image of each true box.
        true_classes: `(g,)` its class.
        true_boxes: `(g, 4)` xyxy.
        num_pictures: with and without boxes.
    """

    pictures: np.ndarray
    classes: np.ndarray
    scores: np.ndarray
    boxes: np.ndarray
    found: np.ndarray
    is_ignored: np.ndarray
    true_pictures: np.ndarray
    true_classes: np.ndarray
    true_boxes: np.ndarray
    num_pictures: int


def match_boxes(
    predictions: Sequence[BoxAnswers],
    targets: Sequence[np.ndarray],
    *,
    num_classes: int,
    ignored: Sequence[np.ndarray] | None = None,
    iou_thresholds: np.ndarray = IOU_THRESHOLDS,
) -> BoxMatching:
    """Matches as COCO does: the best score chooses first, among the boxes of its class, each box once.

    What finds no box may lie on an ignored object of its class, several on the same one. The overlap with a crowd is
    the share of the *prediction* that lies in it, as in COCO; with a difficult object it is the IoU, as in Pascal VOC.

    Args:
        predictions: one per image.
        targets: `(n, 5)` an image: xyxy and class index.
        num_classes: how many the model knows.
        ignored: `(m, 6)` an image: xyxy, class index, and 1 for a crowd or 2 for a difficult object; None for none.
        iou_thresholds: `(t,)` ascending.

    Raises:
        PredictionsError: not one prediction per image, or what is no box of a known class.
    """
    if len(predictions) != len(targets) or not len(targets):
        raise PredictionsError(
            "Not every image has its prediction.",
            expected="as many predictions as targets, at least one",
            received=f"{len(predictions)} and {len(targets)}",
            hint="Use a target of shape (0, 5) for an image without boxes.",
        )
    answered = [np.column_stack([p.boxes, p.classes, p.scores]).reshape(-1, 6) for p in predictions]
    answers = _flat(answered, num_classes=num_classes, what="prediction")
    truth = _flat([np.asarray(t, np.float64).reshape(-1, 5) for t in targets], num_classes=num_classes, what="target")
    passed_over = [np.zeros((0, 6))] * len(targets) if ignored is None else ignored
    regions = _flat(
        [np.asarray(t, np.float64).reshape(-1, 6) for t in passed_over], num_classes=num_classes, what="target"
    )
    every = np.concatenate([np.column_stack([truth, np.zeros(len(truth))]), regions])
    kept, found = _coco_matches(answers, every, len(targets), num_classes, iou_thresholds)
    # Stable, as COCO's: of equal scores the earlier image's stands first.
    order = np.argsort(-answers[:, 6], kind="stable")
    order = order[kept[order]]
    return BoxMatching(
        pictures=answers[order, 0].astype(int),
        classes=answers[order, 5].astype(int),
        scores=answers[order, 6],
        boxes=answers[order, 1:5],
        found=np.where(found < len(truth), found, -1)[:, order],
        is_ignored=(found >= len(truth))[:, order],
        true_pictures=truth[:, 0].astype(int),
        true_classes=truth[:, 5].astype(int),
        true_boxes=truth[:, 1:5],
        num_pictures=len(targets),
    )


def _flat(rows: Sequence[np.ndarray], *, num_classes: int, what: str) -> np.ndarray:
    """All rows below each other, the image's number before each."""
    pictures = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    flat = np.column_stack([pictures, np.concatenate(rows)]).astype(np.float64)
    classes = flat[:, 5]
    known = (classes >= 0) & (classes < num_classes) & (classes == np.floor(classes))
    wrong = ~(np.isfinite(flat).all(axis=1) & known & (flat[:, 3:5] >= flat[:, 1:3]).all(axis=1))
    if wrong.any():
        first = flat[wrong.argmax()]
        raise PredictionsError(
            f"A {what} is no box of a known class.",
            expected=f"x_min <= x_max, y_min <= y_max and a class from 0 to {num_classes - 1}, all finite",
            received=f"{first[1:].tolist()} in image {int(first[0])}",
            hint="Boxes are xyxy in pixels: left, top, right, bottom.",
        )
    return flat


def _coco_matches(
    answers: np.ndarray, truth: np.ndarray, num_pictures: int, num_classes: int, iou_thresholds: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which predictions COCO scores at all, `(d,)`, and the row of `truth` each found, `(t, d)`, -1 for none."""
    with contextlib.redirect_stdout(io.StringIO()):  # it tells its steps to whoever looks
        true, said = (
            _coco([make(row, number) for number, row in enumerate(rows.tolist(), start=1)], num_pictures, num_classes)
            for rows, make in ((truth, _true_annotation), (answers, _answer_annotation))
        )
        evaluation = _Evaluation(true, said, "bbox")
        evaluation.params.iouThrs = iou_thresholds
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0.0, np.inf]], ["all"]
        evaluation.params.maxDets = [MOST_ANSWERS]
        evaluation.evaluate()
    kept, found = np.zeros(len(answers), bool), np.full((len(iou_thresholds), len(answers)), -1)
    for matched in evaluation.evalImgs:
        if matched is not None:
            places = np.array(matched["dtIds"], int) - 1
            kept[places] = True
            found[:, places] = matched["dtMatches"].astype(int) - 1
    return kept, found


class _Evaluation(COCOeval):  # type: ignore[misc]  # pycocotools has no types
    """COCO's evaluation, where an ignored object that is no crowd overlaps by IoU."""

    def computeIoU(self, image: int, category: int) -> np.ndarray | list[float]:  # noqa: N802 (its name there)
        """Overlap of every prediction of an image and class, the best score first, with every true box."""
        true = self._gts[image, category]
        said = sorted(self._dts[image, category], key=lambda one: -one["score"])[: self.params.maxDets[-1]]
        if not (true or said):
            return []
        overlaps: np.ndarray = coco_mask.iou(
            [d["bbox"] for d in said], [g["bbox"] for g in true], [int(g["is_region"]) for g in true]
        )
        return overlaps


def _coco(annotations: list[dict[str, object]], num_pictures: int, num_classes: int) -> COCO:
    coco = COCO()
    coco.dataset = {
        "images": [{"id": picture} for picture in range(num_pictures)],
        "categories": [{"id": index} for index in range(num_classes)],
        "annotations": annotations,
    }
    coco.createIndex()
    return coco


def _true_annotation(row: list[float], number: int) -> dict[str, object]:
    return _annotation(row, number) | {"iscrowd": int(row[6] > 0), "is_region": row[6] == IGNORED_CODES[CROWD]}


def _answer_annotation(row: list[float], number: int) -> dict[str, object]:
    return _annotation(row, number) | {"iscrowd": 0, "score": row[6]}


def _annotation(row: list[float], number: int) -> dict[str, object]:
    """Numbers count from 1: COCO takes a match with box 0 for none."""
    picture, left, top, right, bottom, class_index = row[:6]
    width, height = right - left, bottom - top
    return {
        "id": number,
        "image_id": int(picture),
        "category_id": int(class_index),
        "bbox": [left, top, width, height],
        "area": width * height,
    }
