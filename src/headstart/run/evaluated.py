"""What an evaluation gives: the numbers, and the answer for every picture as one row of a table."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from headstart.errors import RunDamagedError
from headstart.evaluation import Report
from headstart.run.directory import Run

BATCH_SIZE = 32


@dataclass(frozen=True, eq=False)
class Evaluated:
    """How well pictures were answered.

    Attributes:
        report: the numbers.
        predictions: one row a picture, `path` and `target` first.
    """

    report: Report
    predictions: pd.DataFrame


def prediction_rows(run: Run) -> pd.DataFrame:
    """The rows of predictions.csv.

    Raises:
        RunDamagedError: the file is missing, or no table.
    """
    try:
        return pd.read_csv(run.predictions_path, dtype={"path": str, "target": str}, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise _no_table(run, error) from None


def read_predictions(run: Run) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows of predictions.csv and their probabilities, `(examples, num_classes)`.

    Raises:
        RunDamagedError: the file is missing, or holds something else.
    """
    frame = prediction_rows(run)
    try:
        return frame, frame[[f"p({name})" for name in run.task.class_names]].to_numpy("float64")
    except (ValueError, KeyError) as error:
        raise _no_table(run, error) from None


def _no_table(run: Run, error: Exception) -> RunDamagedError:
    return RunDamagedError(
        f"'{run.predictions_path}' cannot be read.",
        expected="the table that an evaluation of the run writes",
        received=str(error),
        hint=f"Write it again with `headstart evaluate {run.path}`.",
    )
