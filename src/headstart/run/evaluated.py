"""What an evaluation gives: the numbers, and the prediction for every image as one row of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Required, TypedDict

import numpy as np
import pandas as pd

from headstart.errors import RunDamagedError
from headstart.files import UnusableFileError, read_table, shown
from headstart.report import AnnotatedPicture, Mistake, Report, worst_examples
from headstart.run.directory import Run


@dataclass(frozen=True, eq=False)
class Evaluated:
    """The results of an evaluation.

    Attributes:
        report: the numbers.
        predictions: one row per image, `path` and `target` first.
    """

    report: Report
    predictions: pd.DataFrame


class PageContent(TypedDict, total=False):
    """What the page of a report shows beside the numbers; see `ReportContent`."""

    mistakes: Required[Sequence[Mistake]]
    samples: Mapping[str, np.ndarray]
    examples: Sequence[AnnotatedPicture]


def prediction_rows(run: Run, names: Sequence[str]) -> dict[str, list[str]]:
    """Columns of predictions.csv as text, one row per image of the test part, in its order.

    Args:
        run: of which the test part was evaluated.
        names: of the columns.

    Raises:
        RunDamagedError: the file is missing or no table, lacks a column, or is about other images or targets.
    """
    test = run.dataset.part("test").frame
    try:
        columns = read_table(run.predictions_path)
        if missing := [name for name in ("path", "target", *names) if name not in columns]:
            raise UnusableFileError(f"a column '{missing[0]}'", shown(list(columns)))
        for name in ("path", "target"):
            if columns[name] != test[name].tolist():
                raise UnusableFileError(f"the {name} of each of the {len(test)} images of the test part", "others")
    except UnusableFileError as error:
        raise damaged_predictions(run, error) from error
    return {name: columns[name] for name in names}


def predicted_numbers(run: Run, names: Sequence[str]) -> np.ndarray:
    """Numbers of predictions.csv, `(examples, columns)` float64, all finite.

    Raises:
        RunDamagedError: as `prediction_rows`, or a cell is no number.
    """
    columns = prediction_rows(run, names)
    try:
        numbers = np.array([list(map(float, columns[name])) for name in names], np.float64).T
    except ValueError as error:
        raise damaged_predictions(run, UnusableFileError("numbers", shown(str(error)))) from error
    if not np.isfinite(numbers).all():
        raise damaged_predictions(run, UnusableFileError("finite numbers", "NaN or infinite ones"))
    return numbers


def worst_rows(run: Run) -> list[int]:
    """Rows of the test part to look at, the worst first, as `headstart.report.worst_examples`.

    Raises:
        RunDamagedError: report.json is about more images than the test part has.
    """
    rows, num_images = worst_examples(run.report), len(run.dataset.part("test"))
    if all(row < num_images for row in rows):
        return rows
    raise RunDamagedError(
        f"'{run.report_path}' belongs to another test part.",
        expected=f"rows of the {num_images} images of the test part",
        received=f"row {max(rows)}",
        hint=f"Write it again with `headstart evaluate {run.path}`.",
    )


def damaged_predictions(run: Run, error: UnusableFileError) -> RunDamagedError:
    """The error for a table of predictions that does not hold what an evaluation writes."""
    return RunDamagedError(
        f"'{run.predictions_path}' cannot be read.",
        expected=f"the table that an evaluation of the run writes: {error.expected}",
        received=error.received,
        hint=f"Write it again with `headstart evaluate {run.path}`.",
    )
