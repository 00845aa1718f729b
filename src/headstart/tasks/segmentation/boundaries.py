"""How near the outline of each class is to the true one."""

import math

import numpy as np

TOLERANCE = 0.0075  # of the image's diagonal, as Csurka et al. chose for PASCAL VOC


def boundary_scores(predicted: np.ndarray, true: np.ndarray, *, num_classes: int, ignored: int) -> np.ndarray:
    """F-score of each class's outline: pixels of one outline count as right within a tolerance of the other.

    The image's edge and what borders on ignored pixels are no outlines.

    Args:
        predicted: `(h, w)` class indices.
        true: `(h, w)` class indices or `ignored`.
        num_classes: how many there are.
        ignored: value of true pixels that are not scored.

    Returns:
        `(num_classes,)` between 0 and 1; NaN where neither mask has an outline of the class.

    References:
        Csurka et al. 2013, What is a good evaluation measure for semantic segmentation?, BMVC, section 3.
    """
    reach = max(1.0, TOLERANCE * math.hypot(*true.shape))
    skipped = true == ignored
    scores = np.full(num_classes, np.nan)
    for index in np.union1d(np.unique(predicted[~skipped]), np.unique(true[~skipped])).tolist():
        answer, truth = (_outline((mask == index) & ~skipped, skipped) for mask in (predicted, true))
        if answer.any() or truth.any():
            right, found = (answer & _near(truth, reach)).sum(), (truth & _near(answer, reach)).sum()
            precision, recall = right / max(answer.sum(), 1), found / max(truth.sum(), 1)
            scores[index] = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return scores


def _outline(mask: np.ndarray, skipped: np.ndarray) -> np.ndarray:
    """Pixels of the mask beside a pixel that is neither in it nor skipped nor outside the image."""
    inside = np.pad(mask | skipped, 1, constant_values=True)
    surrounded = inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    outline: np.ndarray = mask & ~surrounded
    return outline


def _near(outline: np.ndarray, reach: float) -> np.ndarray:
    """Pixels within `reach` of the outline: outlines are thin, so that stamping a disc on each pixel is cheap."""
    margin = math.floor(reach)
    near = np.pad(np.zeros_like(outline), margin)
    rows, columns = np.nonzero(outline)
    for down, right in np.ndindex(2 * margin + 1, 2 * margin + 1):
        if math.hypot(down - margin, right - margin) <= reach:
            near[rows + down, columns + right] = True
    return near[margin : margin + outline.shape[0], margin : margin + outline.shape[1]]
