"""Whether the table of a run's examples holds what later steps take for granted."""

import numpy as np

from headstart.data import DETECTION, REGRESSION, Dataset
from headstart.stored import UnusableFileError, refuse_outside, shown


def check_rows(dataset: Dataset) -> None:
    """Refuses a table that was changed after the run wrote it.

    Raises:
        UnusableFileError: a path leads out of the data folder, or a part, class or target is none of the run's.
    """
    frame = dataset.frame
    if missing := {"path", "target", "group", "split", "sha256"} - set(frame.columns.tolist()):
        raise UnusableFileError(f"a column '{min(missing)}'", "none of this name")
    refuse_outside(frame["path"].tolist())
    _refuse("the part train, validation or test", set(frame["split"].tolist()) - {"train", "validation", "test", ""})
    try:
        _check_targets(dataset)
    except UnusableFileError:
        raise
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise UnusableFileError(f"targets for {dataset.task}", shown(str(error))) from error


def _check_targets(dataset: Dataset) -> None:
    if dataset.task == DETECTION:
        dataset.boxes()
    elif dataset.task == REGRESSION:
        if not np.isfinite(dataset.numbers()).all():
            raise UnusableFileError("finite numbers", "others")
    else:
        _refuse("the run's classes", {name for names in dataset.labels() for name in names} - set(dataset.class_names))


def _refuse(expected: str, unknown: set[str]) -> None:
    if unknown:
        raise UnusableFileError(expected, shown(min(unknown)))
