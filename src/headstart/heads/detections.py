"""Boxes found in a picture."""

from dataclasses import dataclass

import numpy as np

from headstart.data import iou

# Of two boxes of one class that overlap by more, the less certain one is a repeat.
MAX_OVERLAP = 0.5


@dataclass(frozen=True, eq=False)
class Detections:
    """What was found in one picture, most certain first.

    Attributes:
        boxes: `(n, 4)`, `xyxy` in pixels.
        scores: `(n,)`, 0 to 1.
        classes: `(n,)` int, places in the class names.
    """

    boxes: np.ndarray
    scores: np.ndarray
    classes: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def above(self, score: float) -> "Detections":
        """Those with at least this score."""
        return self._chosen(self.scores >= score)

    def without_repeats(self, max_overlap: float) -> "Detections":
        """Without boxes that lie on a more certain one of the same class (non-maximum suppression).

        Args:
            max_overlap: intersection over union up to which both stay, 0 to 1.
        """
        order = np.argsort(-self.scores, kind="stable")
        # As in other implementations: classes moved apart so far that boxes of two never meet.
        apart = self.boxes[order] + (self.classes[order] * _span(self.boxes))[:, np.newaxis]
        overlaps = iou(apart, apart) > max_overlap
        kept: list[int] = []
        is_free = np.ones(len(order), bool)
        for place in range(len(order)):
            if is_free[place]:
                kept.append(place)
                is_free &= ~overlaps[place]
        return self._chosen(order[kept])

    def _chosen(self, rows: np.ndarray) -> "Detections":
        return Detections(self.boxes[rows], self.scores[rows], self.classes[rows])


def _span(boxes: np.ndarray) -> float:
    return float(boxes.max() - boxes.min() + 1) if boxes.size else 0.0
