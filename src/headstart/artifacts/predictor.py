"""What predicts: with any exported file, and in the same way with the model of a run."""

from collections.abc import Sequence
from typing import ClassVar, Protocol, TypedDict

import numpy as np


class Runtime(Protocol):
    """The runtime of one exported file; safe to call from several threads, and computes one call at a time."""

    def run(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        """Images `(n, height, width, 3)` uint8 of the model's size to the outputs of its task, in their order.

        Of a classifier: probabilities `(n, k)`, out-of-distribution scores `(n,)`.
        """
        ...


class TaskPredictor(Protocol):
    """The predictor of a model for any task.

    Attributes:
        kind: of task.
        runtime: gives the outputs of the task.
        class_names: names of the classes or numbers.
        image_size: `(height, width)` of the images it takes.
        resize_mode: how images get that size, as in `headstart.data.resize_image`.
    """

    kind: ClassVar[str]

    @property
    def runtime(self) -> Runtime:
        """See the class."""
        ...

    @property
    def class_names(self) -> tuple[str, ...]:
        """See the class."""
        ...

    @property
    def image_size(self) -> tuple[int, int]:
        """See the class."""
        ...

    @property
    def resize_mode(self) -> str:
        """See the class."""
        ...

    @property
    def measured(self) -> Sequence[np.ndarray]:
        """The values measured on validation images that predictions depend on, for example a score threshold."""
        ...

    @property
    def missing_promise(self) -> str:
        """A sentence about a coverage that too few validation images cannot promise; empty if there is none."""
        ...

    def answers(self, images: np.ndarray, sizes: Sequence[tuple[int, int]]) -> Sequence[object]:
        """One prediction for each of the images, of a class of the task's own.

        Args:
            images: `(n, height, width, 3)` uint8 of the size `image_size`.
            sizes: `(height, width)` of each image before it got that size.
        """
        ...

    def decode(self, outputs: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> Sequence[object]:
        """One prediction for each row of what the runtime gave; `sizes` as in `answers`."""
        ...


class PredictorFacts(TypedDict):
    """The facts that every predictor has; see `TaskPredictor`."""

    runtime: Runtime
    class_names: tuple[str, ...]
    image_size: tuple[int, int]
    resize_mode: str
