"""What batches are filled from: images, or what a frozen network made of them."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from headstart.errors import HeadstartError


class SideBySide:
    """Several sources of the same examples, such as the stages of a bank; a batch is a tuple with the part of each.

    Args:
        parts: equally long, with equally many views.
    """

    def __init__(self, parts: Sequence["ExampleSource"]) -> None:
        self.parts = tuple(parts)
        self.num_views = self.parts[0].num_views

    @property
    def failure(self) -> HeadstartError | None:
        """The last error that a part raised; None where all could be read."""
        return next((part.failure for part in self.parts if part.failure is not None), None)

    def __len__(self) -> int:
        return len(self.parts[0])

    def load_batch(self, examples: np.ndarray, views: np.ndarray) -> tuple[np.ndarray, ...]:
        """See `ExampleSource.load_batch`: one array per part."""
        return tuple(part.load_batch(examples, views) for part in self.parts)


class ExampleSource(Protocol):
    """Examples by their place in a list, each in one or several views.

    Attributes:
        num_views: variations of each example that are at hand; view 0 is the plain one.
        failure: the last error that reading raised, so that it can be reported after TensorFlow has swallowed it.
    """

    num_views: int
    failure: HeadstartError | None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example: `(height, width, channels)`."""
        ...

    @property
    def dtype(self) -> np.dtype:
        """The type of the numbers."""
        ...

    def __len__(self) -> int: ...

    def load_batch(self, examples: np.ndarray, views: np.ndarray) -> np.ndarray:
        """Examples `(n,)`, each in the view of the same place in `views`: `(n, *shape)`; safe in several threads."""
        ...
