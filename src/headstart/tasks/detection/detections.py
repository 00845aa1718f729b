"""Boxes found in an image."""

from dataclasses import dataclass

import numpy as np

from headstart.data import clipped_boxes, iou, moved_boxes, resize_matrix

# Of two boxes of one class that overlap by more, the less certain one is a repeat.
MAX_OVERLAP = 0.5


@dataclass(frozen=True, eq=False)
class Detections:
    """The detected boxes of one image, highest score first.

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
        """The detections with at least this score."""
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


def boxes_in_picture(
    found: Detections, size: tuple[int, int], image_size: tuple[int, int], resize_mode: str
) -> Detections:
    """The detections in pixels of an image, clipped at its edges; those outside are removed.

    Args:
        found: in pixels of the model's input.
        size: `(height, width)` of the image.
        image_size: `(height, width)` of the model's input.
        resize_mode: how the image got that size, as in `resize_image`.
    """
    back = np.linalg.inv(resize_matrix(size, image_size, resize_mode))
    rows = np.column_stack([moved_boxes(found.boxes, back), found.scores, found.classes])
    inside = clipped_boxes(rows, size)
    return Detections(inside[:, :4], inside[:, 4], inside[:, 5].astype(int))
