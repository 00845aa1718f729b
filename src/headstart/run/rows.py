"""Whether the table of a run's examples holds what later steps take for granted."""

import numpy as np

from headstart.data import Dataset, Outline, mask_paths, outlines_from_text
from headstart.files import UnusableFileError, refuse_outside, shown
from headstart.task_spec import TargetForm

_MAX_PIXELS = 2**28  # of an image; Pillow opens none of more than 178,956,970
_MAX_PLACE = 10**7  # pixels of a side of a box: dashes are drawn along it


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
        _check_sizes(dataset)
        _check_targets(dataset)
    except UnusableFileError:
        raise
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OverflowError) as error:
        raise UnusableFileError(f"targets for {dataset.task}", shown(str(error))) from error


def _check_sizes(dataset: Dataset) -> None:
    """Memory is taken for masks of these sizes, and boxes are drawn in them."""
    frame = dataset.frame
    for name in {"width", "height"} & set(frame.columns.tolist()):
        if frame[name].dtype.kind != "i" or not frame[name].between(1, _MAX_PIXELS).all():
            raise UnusableFileError(f"a {name} in pixels", "others")
    if {"width", "height"} <= set(frame.columns.tolist()) and (frame["width"] * frame["height"] > _MAX_PIXELS).any():
        raise UnusableFileError(f"images of at most {_MAX_PIXELS:,} pixels", "larger ones")


def _check_targets(dataset: Dataset) -> None:
    if dataset.form is TargetForm.BOXES:
        if not all((np.abs(boxes[:, :4]) <= _MAX_PLACE).all() for boxes in dataset.marked_boxes()):  # nor NaN
            raise UnusableFileError(f"boxes within {_MAX_PLACE:,} pixels", "others")
    elif dataset.form is TargetForm.DEFECTS:
        refuse_outside([path for path in dataset.frame["mask"].tolist() if path])
    elif dataset.form is TargetForm.NUMBERS:
        if not np.isfinite(dataset.numbers()).all():
            raise UnusableFileError("finite numbers", "others")
    else:
        _refuse("the run's classes", {name for names in dataset.labels() for name in names} - set(dataset.class_names))
    if dataset.form is TargetForm.MASKS:
        _check_masks(dataset)


def _check_masks(dataset: Dataset) -> None:
    for target in dataset.frame["target"].tolist():
        if paths := mask_paths(target):
            refuse_outside(paths)
            continue
        areas = outlines_from_text(target)
        _refuse("the run's classes", {str(area.name) for area in areas} - {*dataset.class_names, ""})
        for area in areas:
            np.array(area.corners if isinstance(area, Outline) else area.size, np.float64)  # are numbers


def _refuse(expected: str, unknown: set[str]) -> None:
    if unknown:
        raise UnusableFileError(expected, shown(min(unknown)))
