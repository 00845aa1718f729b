"""Average precision and recall of weighted images: COCO's numbers for a thousand resamples at once."""

import numpy as np

from headstart.tasks.detection.matching import BoxMatching

RECALL_POINTS = np.linspace(0.0, 1.0, 101)


def class_scores(matching: BoxMatching, class_index: int, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Average precision and the highest recall of one class at every threshold of IoU.

    A resample that holds an image twice counts its boxes and predictions twice: the same as matching it twice, since an
    image's matches do not depend on the others. (Of equal scores within such an image COCO would count the first,
    the second, and both again; here the first counts twice before the second.)

    Args:
        matching: of all images.
        class_index: which class.
        weights: `(r, num_pictures)` how often each image counts.

    Returns:
        Average precision and recall, `(t, r)` each; NaN where no box of the class counts.
    """
    own = matching.classes == class_index
    found = matching.found[:, own] >= 0
    drawn = weights[:, matching.pictures[own]]
    ignored = matching.is_ignored[:, own]
    answered = np.cumsum(drawn, axis=1)
    boxes = weights @ _boxes_in_pictures(matching, class_index)
    precision, recall = np.empty((2, len(found), len(weights)))
    for index, hits in enumerate(found):
        counted = np.cumsum(drawn * ~ignored[index], axis=1) if ignored[index].any() else answered
        curve, hit_counts = _precision_curve(drawn[:, hits], counted[:, hits], boxes)
        precision[index] = curve.mean(axis=1)
        recall[index] = hit_counts / np.maximum(boxes, 1)
    undefined = np.where(boxes > 0, 0.0, np.nan)
    return precision + undefined, recall + undefined


def precision_curve(matching: BoxMatching, class_index: int, *, threshold_index: int = 0) -> np.ndarray:
    """`(101,)` the best precision at each recall from 0 to 1 or beyond; NaN where no image shows the class."""
    own = matching.classes == class_index
    hits = matching.found[threshold_index, own] >= 0
    boxes = np.array([float((matching.true_classes == class_index).sum())])
    if not boxes[0]:
        return np.full(len(RECALL_POINTS), np.nan)
    counts = 1.0 - matching.is_ignored[threshold_index, own][None]
    curve: np.ndarray = _precision_curve(counts[:, hits], np.cumsum(counts, axis=1)[:, hits], boxes)[0][0]
    return curve


def _precision_curve(drawn: np.ndarray, answered: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Precision at each point of recall, `(r, 101)`, and the number of hits in all, `(r,)`.

    Args:
        drawn: `(r, h)` how often each hit counts, the best score first.
        answered: `(r, h)` number of predictions up to and including each hit. Between two hits precision only falls, so
            that only the places of hits matter.
        boxes: `(r,)` true boxes.
    """
    hits = np.cumsum(drawn, axis=1)
    precision = hits / (answered + np.spacing(1))
    best_from_here = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    padded = np.column_stack([best_from_here, np.zeros(len(boxes))])
    return np.take_along_axis(padded, _first_reaching(hits, boxes), axis=1), (hits[:, -1:].sum(axis=1))


def _first_reaching(hits: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """`(r, 101)` the first place where the hits `(r, h)` reach each point of recall, `h` where none does."""
    rows, width = hits.shape
    total = np.maximum(boxes, 1)[:, None]
    needed = np.ceil(RECALL_POINTS * total)
    # COCO compares rounded quotients: 0.07 * 100 is more than 7, while 7 / 100 reaches 0.07.
    needed = np.where((needed - 1) / total >= RECALL_POINTS, needed - 1, needed)
    needed = np.where(needed / total < RECALL_POINTS, needed + 1, needed)
    # One search over all rows: each row's counts, whole numbers, stand above those of the row before it.
    step = max(float(total.max()), float(hits.max(initial=0.0))) + 2
    offsets = np.arange(rows)[:, None] * step
    places = np.searchsorted((hits + offsets).ravel(), (needed + offsets).ravel(), side="left")
    first: np.ndarray = np.clip(places.reshape(rows, -1) - np.arange(rows)[:, None] * width, 0, width)
    return first


def _boxes_in_pictures(matching: BoxMatching, class_index: int) -> np.ndarray:
    own = matching.true_pictures[matching.true_classes == class_index]
    return np.bincount(own, minlength=matching.num_pictures).astype(np.float64)
