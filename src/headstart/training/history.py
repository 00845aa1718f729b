"""One row an epoch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from headstart.writing import frame_csv, write_text

# Of every task; a metric that the task shows stands behind each loss.
COLUMNS = ["phase", "epoch", "learning_rate", "loss", "val_loss", "seconds"]


@dataclass(frozen=True)
class History:
    """What happened in each epoch of each phase.

    Attributes:
        rows: mappings with `COLUMNS` and the task's metrics, such as `accuracy` and `val_accuracy`; `epoch` counts
            from 1 in each phase, `learning_rate` is the head's at the epoch's end.
    """

    rows: tuple[Mapping[str, Any], ...] = field(default=())

    def with_row(self, row: Mapping[str, Any]) -> "History":
        """This history and one more epoch."""
        return History((*self.rows, row))

    @property
    def frame(self) -> pd.DataFrame:
        """The same as a pandas table."""
        return pd.DataFrame(list(self.rows), columns=list(self.rows[0]) if self.rows else COLUMNS)

    def seconds_of(self, phase: str) -> float:
        """Seconds spent in a phase."""
        return float(sum(row["seconds"] for row in self.rows if row["phase"] == phase))

    def write(self, path: Path) -> None:
        """Writes a CSV file; numbers keep every digit."""
        write_text(path, frame_csv(self.frame))

    @classmethod
    def read(cls, path: Path) -> "History":
        """The history that `write` wrote."""
        frame = pd.read_csv(path)
        return cls(tuple({str(name): value for name, value in row.items()} for row in frame.to_dict("records")))
