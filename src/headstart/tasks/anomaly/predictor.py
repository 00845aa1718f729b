"""From images to scores, p-values and heat maps, with any exported file and in the same way with a run's own model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headstart.artifacts import Runtime
from headstart.task_spec import ANOMALY
from headstart.tasks.anomaly.conformal import GoodScores
from headstart.tasks.anomaly.heat import heat_in_picture, heat_level


@dataclass(frozen=True, eq=False)
class ImageScore:
    """How unusual an image and its places are.

    Attributes:
        score: from 0, the highest of its places.
        p_value: share of good images that are at least as unusual, above 0, at most 1.
        is_defect: whether the p-value is at most the promised rate of false alarms.
        places: `(rows, columns)` scores of places; None if images are compared as a whole.
        level: the highest score of a good validation image, for the colours of heat maps.
        size: `(height, width)` of the image.
        image_size: `(height, width)` of the model's input.
        resize_mode: how the image got the model's size.
    """

    score: float
    p_value: float
    is_defect: bool
    places: np.ndarray | None
    level: float
    size: tuple[int, int]
    image_size: tuple[int, int]
    resize_mode: str

    def heat(self) -> np.ndarray | None:
        """Scores of the pixels of the image, `(height, width)` float32; None if there are no places."""
        if self.places is None:
            return None
        return heat_in_picture(self.places, self.size, self.image_size, self.resize_mode)


@dataclass(frozen=True, eq=False)
class ScorePredictor:
    """Predictions of a detector of anomalies.

    Attributes:
        kind: of task.
        runtime: gives scores, `(n,)`, and scores of places, `(n, rows, columns)`.
        class_names: name of the score.
        image_size: `(height, width)` of the model's input.
        resize_mode: how images get that size, as in `headstart.data.resize_image`.
        good: scores of good images that nothing was learned from.
        false_alarms: promised rate of false alarms; None: the usual one, or the lowest one that can be promised.

    Raises:
        RecipeError: the rate cannot be promised.
    """

    kind: ClassVar[str] = ANOMALY

    runtime: Runtime
    class_names: tuple[str, ...]
    image_size: tuple[int, int]
    resize_mode: str
    good: GoodScores
    false_alarms: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "false_alarms", self.good.rate(self.false_alarms))

    @property
    def rate(self) -> float:
        """The promised rate of false alarms."""
        return self.good.rate(self.false_alarms)

    @property
    def measured(self) -> Sequence[np.ndarray]:
        """See `headstart.artifacts.TaskPredictor`."""
        return [self.good.scores]

    @property
    def missing_promise(self) -> str:
        """See `headstart.artifacts.TaskPredictor`; a rate that cannot be promised is refused."""
        return ""

    def answers(self, images: np.ndarray, sizes: Sequence[tuple[int, int]]) -> list[ImageScore]:
        """Scores of images; arguments as in `headstart.artifacts.TaskPredictor`."""
        return self.decode(self.runtime.run(np.asarray(images, np.uint8)), sizes)

    def decode(self, outputs: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> list[ImageScore]:
        """See `headstart.artifacts.TaskPredictor`."""
        scores, maps = outputs
        values = np.asarray(scores, np.float64)
        p_values, reported = self.good.p_values(values), self.good.is_defect(values, self.rate)
        level, has_places = heat_level(self.good.scores), maps[0].size > 1 if len(maps) else False
        return [
            ImageScore(
                score=float(value),
                p_value=float(p_value),
                is_defect=bool(is_defect),
                places=np.asarray(places, np.float32) if has_places else None,
                level=level,
                size=size,
                image_size=self.image_size,
                resize_mode=self.resize_mode,
            )
            for value, p_value, is_defect, places, size in zip(values, p_values, reported, maps, sizes, strict=True)
        ]
