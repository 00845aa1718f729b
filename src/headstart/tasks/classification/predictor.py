"""From images to classes, with any exported file and in the same way with a run's own model."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headstart.artifacts import Runtime
from headstart.task_spec import CLASSIFICATION
from headstart.tasks.classification.decoding import chosen_names, decide, joined_names
from headstart.trust import DEFAULT_COVERAGE, Thresholds

NOT_SURE = "not sure"  # what is said in place of a prediction that is not, where that is asked for


@dataclass(frozen=True)
class Answer:
    """The prediction for one image, with its conformal set and out-of-distribution score.

    Attributes:
        prediction: name of the class; with several labels, names joined by `;`, possibly none.
        probability: of the prediction, 0 to 1, calibrated; with several labels that of the least certain yes or no.
        probabilities: `(num_classes,)`.
        prediction_set: names of all classes that are likely enough to hold the truth with the coverage asked for.
        foreign_score: 0 to 1; higher is less similar to training images.
        is_foreign: whether its out-of-distribution score is above that of 95 % of the validation images.
        is_sure: the set holds the prediction alone, and the image is not out-of-distribution.
    """

    prediction: str
    probability: float
    probabilities: np.ndarray
    prediction_set: tuple[str, ...]
    foreign_score: float
    is_foreign: bool
    is_sure: bool

    def told(self, *, abstain: bool) -> tuple[str, float | None]:
        """Prediction and probability as a user or a program is told them.

        Args:
            abstain: whether "not sure", which has no probability, stands in place of a prediction that is not sure.
        """
        if abstain and not self.is_sure:
            return NOT_SURE, None
        return self.prediction, self.probability


@dataclass(frozen=True, eq=False)
class ClassPredictor:
    """Predictions for images of the model's size.

    Attributes:
        runtime: gives probabilities and out-of-distribution scores.
        class_names: in the order of the probabilities.
        image_size: `(height, width)`.
        resize_mode: how images are resized, as in `headstart.data.resize_image`.
        multi_label: whether an image may show several classes, or none.
        thresholds: thresholds of conformal sets and of the out-of-distribution score.
        coverage: how often prediction sets hold the truth, above 0 and below 1.
    """

    kind: ClassVar[str] = CLASSIFICATION

    runtime: Runtime
    class_names: tuple[str, ...]
    image_size: tuple[int, int]
    resize_mode: str
    multi_label: bool
    thresholds: Thresholds
    coverage: float = DEFAULT_COVERAGE

    @property
    def measured(self) -> Sequence[np.ndarray]:
        """See `headstart.artifacts.TaskPredictor`."""
        return self.thresholds.nonconformity, self.thresholds.foreign_scores

    @property
    def missing_promise(self) -> str:
        """See `headstart.artifacts.TaskPredictor`."""
        if not math.isinf(self.thresholds.lowest_probability(self.coverage)):
            return ""
        return (
            f"{len(self.thresholds.nonconformity)} validation images are too few to promise a coverage of "
            f"{self.coverage:g}; every set contains all classes, and no prediction counts as sure"
        )

    def answers(self, images: np.ndarray, sizes: Sequence[tuple[int, int]]) -> list[Answer]:  # noqa: ARG002
        """See `headstart.artifacts.TaskPredictor`; `sizes` change nothing."""
        return self.predict(images)

    def predict(self, images: np.ndarray | Sequence[np.ndarray]) -> list[Answer]:
        """One prediction for each of the images, `(n, height, width, 3)` uint8 of the size `image_size`."""
        if not len(images):
            return []
        return self.decode(self.runtime.run(np.asarray(images, np.uint8)), ())

    def decode(self, outputs: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> list[Answer]:  # noqa: ARG002
        """See `headstart.artifacts.TaskPredictor`.

        `outputs` are probabilities `(n, k)` and out-of-distribution scores `(n,)`; `sizes` change nothing.
        """
        probabilities, foreign_scores = outputs
        chosen, certainty = decide(probabilities, multi_label=self.multi_label)
        in_sets = probabilities >= self.thresholds.lowest_probability(self.coverage)
        are_foreign = foreign_scores > self.thresholds.highest_familiar_score()
        return [
            Answer(
                prediction=joined_names(self.class_names, chosen[row]),
                probability=float(certainty[row]),
                probabilities=probabilities[row],
                prediction_set=chosen_names(self.class_names, in_sets[row]),
                foreign_score=float(foreign_scores[row]),
                is_foreign=bool(are_foreign[row]),
                is_sure=bool((in_sets[row] == chosen[row]).all() and not are_foreign[row]),
            )
            for row in range(len(probabilities))
        ]
