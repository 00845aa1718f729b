"""One row per epoch."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import Field

from headstart.files import Name, Schema, UnusableFileError, check, frame_csv, read_table, write_text

# Of every task; a metric that the task shows stands behind each loss.
Row = Mapping[str, Any]  # text in `phase`, numbers elsewhere
COLUMNS = ["phase", "epoch", "learning_rate", "loss", "val_loss", "seconds"]


class EpochRow(Schema, extra="allow", allow_inf_nan=True):
    """One epoch; a loss that was not finite ends its phase, and stands here as it was."""

    __pydantic_extra__: dict[str, float]

    phase: Name
    epoch: Annotated[int, Field(ge=0, le=1_000_000)]
    learning_rate: float
    loss: float
    val_loss: float
    seconds: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]


@dataclass(frozen=True)
class History:
    """The table of training: one row per epoch.

    Attributes:
        rows: mappings with `COLUMNS` and the task's metrics, such as `accuracy` and `val_accuracy`; `epoch` counts
            from 1 in each phase, `learning_rate` is the head's at the epoch's end.
    """

    rows: tuple[Row, ...] = field(default=())

    def with_row(self, row: Row) -> "History":
        """This history and one more epoch."""
        return History((*self.rows, row))

    @property
    def best(self) -> Row | None:
        """The first row with the lowest validation loss, whose weights a run keeps; None without a finite one."""
        finite = [row for row in self.rows if math.isfinite(row["val_loss"])]
        return min(finite, key=lambda row: row["val_loss"], default=None)

    @property
    def frame(self) -> pd.DataFrame:
        """The history as a pandas table, one row per epoch."""
        return pd.DataFrame(list(self.rows), columns=list(self.rows[0]) if self.rows else COLUMNS)

    def seconds_of(self, phase: str) -> float:
        """Seconds spent in a phase."""
        return float(sum(row["seconds"] for row in self.rows if row["phase"] == phase))

    def write(self, path: Path) -> None:
        """Writes a CSV file; numbers keep every digit."""
        write_text(path, frame_csv(self.frame))

    @classmethod
    def read(cls, path: Path) -> "History":
        """The history that `write` wrote.

        Raises:
            UnusableFileError: the file is missing, or holds something else.
        """
        columns = read_table(path)
        try:
            rows = [
                {name: _value(name, cell) for name, cell in zip(columns, cells, strict=True)}
                for cells in zip(*columns.values(), strict=True)
            ]
        except ValueError as error:
            raise UnusableFileError(
                "a table of epochs", f"{type(error).__name__}: {error}".partition("\n")[0]
            ) from error
        return cls.from_rows(rows)

    @classmethod
    def from_rows(cls, rows: Sequence[Row]) -> "History":
        """The history of plain values that were read from a file.

        Raises:
            UnusableFileError: a row lacks one of `COLUMNS`, or one of its values is not what it should be.
        """
        for row in rows:
            check(row, EpochRow)
        names = set(rows[0]) if rows else set()
        if any(set(row) != names for row in rows):
            raise UnusableFileError("the same columns in every epoch", "other columns")
        return cls(tuple(rows))


def _value(column: str, cell: str) -> str | int | float:
    """A cell of history.csv; a loss that was NaN is an empty cell."""
    if column == "phase":
        return cell
    if column == "epoch":
        return int(cell)
    return float(cell) if cell else math.nan
