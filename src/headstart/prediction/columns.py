"""What stands in the columns of tables of predictions."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from headstart.prediction.stream import Prediction

TEXT, NUMBER, COUNT, FLAG, NAMES, BOXES = "text", "number", "count", "flag", "names", "boxes"

MAX_PIXELS = 10**9  # of a side of an image

Record = dict[str, Any]  # plain values, as JSON holds them


class Tallied(Protocol):
    """Counts of the files that were processed so far.

    Attributes:
        num_files: all of them.
        num_unreadable: no images, or damaged ones.
    """

    num_files: int
    num_unreadable: int

    def counted(self, record: Record) -> Record:
        """The tally with one more record."""
        ...

    @property
    def sentence(self) -> str:
        """The counts in words."""
        ...


class Form(Protocol):
    """How the predictions of a task become plain values.

    Attributes:
        class_names: names of the classes or numbers.
        columns: name of each column of a table → what stands in it.
    """

    class_names: tuple[str, ...]
    columns: Mapping[str, str]

    def record(self, prediction: Prediction) -> Record:
        """A prediction as values that JSON can hold; what there is no value for is None."""
        ...

    def row(self, record: Record) -> Record:
        """A record as one row of a table."""
        ...

    def checked(self, record: object) -> Record:
        """The record, read back from a file and checked.

        Raises:
            UnusableFileError: it is none that `record` gives.
        """
        ...

    def tally(self) -> Tallied:
        """A tally with all counts at zero."""
        ...


def plain_number(value: float) -> float:
    """A number with the digits of a 32-bit float; further digits would be noise and differ between formats."""
    return float(str(np.float32(value)))
