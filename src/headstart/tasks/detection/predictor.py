"""From images to boxes, with any exported file and in the same way with a run's own model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headstart.artifacts import Runtime
from headstart.task_spec import DETECTION
from headstart.tasks.detection.detections import MAX_OVERLAP, Detections, boxes_in_picture

_LEAST_SCORE = float(np.finfo("float32").tiny)  # what is no peak has score 0


@dataclass(frozen=True, eq=False)
class FoundBoxes:
    """The objects in an image.

    Attributes:
        found: boxes in pixels of the image, most certain first.
        size: `(height, width)` of the image.
    """

    found: Detections
    size: tuple[int, int]


@dataclass(frozen=True, eq=False)
class BoxPredictor:
    """Predictions of a detector.

    Attributes:
        kind: of task.
        runtime: gives boxes `(n, k, 4)` in pixels of the model's input, scores `(n, k)` and classes `(n, k)`.
        class_names: what the classes stand for.
        image_size: `(height, width)` of the model's input.
        resize_mode: how images get that size, as in `headstart.data.resize_image`.
        min_score: from which on a box is a prediction, 0 to 1.
    """

    kind: ClassVar[str] = DETECTION

    runtime: Runtime
    class_names: tuple[str, ...]
    image_size: tuple[int, int]
    resize_mode: str
    min_score: float

    @property
    def measured(self) -> Sequence[np.ndarray]:
        """See `headstart.artifacts.TaskPredictor`; nothing was measured."""
        return ()

    @property
    def missing_promise(self) -> str:
        """See `headstart.artifacts.TaskPredictor`; no coverage is promised."""
        return ""

    def answers(self, images: np.ndarray, sizes: Sequence[tuple[int, int]]) -> list[FoundBoxes]:
        """Boxes in images as they are stored.

        Args:
            images: `(n, height, width, 3)` uint8 of the size `image_size`.
            sizes: `(height, width)` of each image before it got that size.
        """
        return self.decode(self.runtime.run(np.asarray(images, np.uint8)), sizes)

    def decode(self, outputs: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> list[FoundBoxes]:
        """See `headstart.artifacts.TaskPredictor`."""
        found = self.detections(*outputs)
        return [
            FoundBoxes(boxes_in_picture(one.above(self.min_score), size, self.image_size, self.resize_mode), size)
            for one, size in zip(found, sizes, strict=True)
        ]

    def detections(self, boxes: np.ndarray, scores: np.ndarray, classes: np.ndarray) -> list[Detections]:
        """The detections in the outputs of a runtime after non-maximum suppression, in pixels of the model's input."""
        pictures = zip(boxes, scores, classes, strict=True)
        found = (Detections(*(np.asarray(part) for part in picture)) for picture in pictures)
        return [one.above(_LEAST_SCORE).without_repeats(MAX_OVERLAP) for one in found]
