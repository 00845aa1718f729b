"""Training, validation and test parts that share no image."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from headstart.data.apportion import apportion, covers, fill_empty
from headstart.data.dataset import SPLITS, Dataset
from headstart.data.separation import separable_groups
from headstart.errors import ClassTooSmallError, SplitError
from headstart.task_spec import TargetForm

_NUM_ATTEMPTS = 20
_NUM_SHOWN = 20
_MEASURED = "All classes are numbers; if they are measured, such as ages, use --task image-regression. Otherwise: "


def split_dataset(
    dataset: Dataset, *, fractions: tuple[float, float, float] = (0.7, 0.15, 0.15), seed: int = 0
) -> Dataset:
    """The data set with every example in training, validation or test.

    Examples that share a group or a duplicate group stay together. Of each class every part gets its fraction, to
    within one example where nothing ties examples together, and at least one. The result depends on the paths, targets,
    groups and the seed, not on the order of the rows. An image with several objects or areas has the classes of all of
    them, and background is like one more; a class that is too rare for all parts goes to training first, which only for
    classification is an error. Of numbers, every part gets its share of each range.

    Parts that are given stay as they are, and only the missing ones are taken from the given training part, in the same
    proportion to what stays there. Rows whose part is left open follow a copy or group mate of theirs that has one, or
    else join training. Defects stay in the test part, and only good images are divided.

    Args:
        dataset: usable examples, as the audit leaves them.
        fractions: of training, validation and test; each above 0, together 1.
        seed: another seed, another split.

    Raises:
        SplitError: impossible fractions, nothing to train on, or fewer separate examples than parts.
        ClassTooSmallError: a class has fewer separate examples than parts that need one.
    """
    _require_fractions(fractions)
    # Rows in another order must give the same parts: decide on rows sorted by path, then put the result back in place.
    order = np.argsort(dataset.frame["path"].to_numpy(object), kind="stable")
    ordered = replace(dataset, frame=dataset.frame.iloc[order].reset_index(drop=True))
    units = separable_groups(ordered.frame)
    splits = _follow_given(ordered.frame["split"].to_numpy(object), units)
    pool = np.isin(splits, ["", "train"])
    if dataset.form is TargetForm.DEFECTS:  # defects are in the test part already; the good images are divided
        pool &= ordered.is_good()
    measured = splits[ordered.is_good()] if dataset.form is TargetForm.DEFECTS else splits
    parts = ["train", *(part for part in SPLITS[1:] if not (measured == part).any())]
    if not pool.any():
        raise _nothing_to_train_on(splits)
    if dataset.form is TargetForm.LABELS:
        _require_large_classes(ordered, units=units, pool=pool, parts=parts)
    shares = np.array([fractions[SPLITS.index(part)] for part in parts])
    chosen = _choose(ordered, units=units[pool], rows=pool, shares=shares / shares.sum(), seed=seed)
    splits[pool] = np.array(parts, object)[chosen]
    unordered = np.empty(len(splits), object)
    unordered[order] = splits
    return replace(dataset, frame=dataset.frame.assign(split=unordered.astype(str)))


def _follow_given(splits: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Open rows take the part of a unit mate that measures; test goes before validation."""
    followed = splits.copy()
    for part in ("validation", "test"):
        tied = np.isin(units, units[splits == part])
        followed[tied & (splits == "")] = part
    return followed


def _choose(dataset: Dataset, *, units: np.ndarray, rows: np.ndarray, shares: np.ndarray, seed: int) -> np.ndarray:
    """Number of the part of every row in the pool, `(rows,)`."""
    numbers, unit_of_row = np.unique(units, return_inverse=True)
    # One class of the good images that are divided; the names of defects are no columns.
    matrix = dataset.is_good()[:, None] if dataset.form is TargetForm.DEFECTS else dataset.class_matrix()
    contents = np.zeros((len(numbers), matrix.shape[1]), np.int64)
    np.add.at(contents, unit_of_row, matrix[rows])
    is_empty = contents.sum(axis=1) == 0
    if is_empty.any():  # images of background are dealt out like another class
        contents = np.column_stack([contents, is_empty])
    # Where units hold several classes, luck decides whether every class reaches every part: a few deals are tried.
    deals = []
    for attempt in range(_NUM_ATTEMPTS):
        parts = apportion(contents, shares, np.random.default_rng([seed, attempt]))
        covered = covers(parts, contents, len(shares))
        if covered.all():
            return parts[unit_of_row]
        deals.append((int(covered.sum()), parts, covered))
    _, parts, covered = max(deals, key=lambda deal: deal[0])
    if dataset.form is TargetForm.LABELS:
        raise _tied_together([name for name, fine in zip(dataset.class_names, covered, strict=True) if not fine])
    parts = fill_empty(parts, contents, len(shares))
    if len(np.unique(parts)) < len(shares):
        raise _too_few(len(numbers), len(shares))
    return parts[unit_of_row]


def _require_fractions(fractions: Sequence[float]) -> None:
    if len(fractions) == len(SPLITS) and min(fractions) > 0 and abs(sum(fractions) - 1) < 1e-6:
        return
    raise SplitError(
        "The fractions of the parts are not valid.",
        expected="fractions above 0 for training, validation and test that add up to 1, such as 0.7, 0.15, 0.15",
        received=", ".join(f"{fraction:g}" for fraction in fractions),
        hint="Correct `fractions` in the recipe.",
    )


def _require_large_classes(dataset: Dataset, *, units: np.ndarray, pool: np.ndarray, parts: list[str]) -> None:
    matrix = dataset.class_matrix()[pool] == 1
    num_units = [len(np.unique(units[pool][matrix[:, column]])) for column in range(dataset.num_classes)]
    small = [column for column, number in enumerate(num_units) if number < len(parts)]
    if not small:
        return
    descriptions = [
        _description(dataset.class_names[column], num_units[column], int(matrix[:, column].sum())) for column in small
    ]
    rest = len(small) - _NUM_SHOWN
    shown = ", ".join(descriptions[:_NUM_SHOWN]) + (f" and {rest} more classes" if rest > 0 else "")
    raise ClassTooSmallError(
        f"Too few images: {shown}.",
        expected=f"at least {len(parts)} of each class, without copies, for {', '.join(parts)}",
        received=f"fewer in {len(small)} of {dataset.num_classes} classes",
        hint=(_MEASURED if all(map(_is_number, dataset.class_names)) else "")
        + f"Add images of these classes, or leave the classes out with --min-per-class {len(parts)}.",
    )


def _is_number(name: str) -> bool:
    return name.replace(".", "", 1).replace(",", "", 1).lstrip("-").isdecimal()


def _description(name: str, num_units: int, num_files: int) -> str:
    files = f"class '{name}' has {num_files}"
    return (
        files
        if num_units == num_files
        else f"{files}, of which only {num_units} can be told apart (copies and groups count once)"
    )


def _nothing_to_train_on(splits: np.ndarray) -> SplitError:
    return SplitError(
        "No image is left for training.",
        expected="images in the training part, or in no part",
        received=", ".join(f"{(splits == part).sum()} for {part}" for part in SPLITS[1:]),
        hint="Put images into the train folder, or mark rows with 'train'.",
    )


def _too_few(num_units: int, num_parts: int) -> SplitError:
    return SplitError(
        "There are too few images.",
        expected=f"at least {num_parts} images that are not copies of each other and not in the same group",
        received=f"{num_units}",
        hint="Add images.",
    )


def _tied_together(names: list[str]) -> ClassTooSmallError:
    return ClassTooSmallError(
        f"Copies and groups keep the images of {', '.join(repr(name) for name in names[:5])} together in one part.",
        expected="images of every class that can be divided into training, validation and test",
        received=f"{len(names)} classes that are not in every part",
        hint="Add images of these classes from other groups, or use smaller groups.",
    )
