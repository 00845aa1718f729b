"""From a table of labels to a data set."""

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from headstart.data.annotations import LABEL_SEPARATOR
from headstart.data.class_names import sort_class_names
from headstart.data.dataset import Dataset, Remark, frame_from_rows
from headstart.data.table_columns import (
    FoundColumns,
    TableColumns,
    binary_values,
    find_columns,
    is_binary,
)
from headstart.data.table_files import is_missing, read_text_table
from headstart.data.table_numbers import are_measured, number_remarks, number_targets
from headstart.data.table_parts import parts_of_folders, parts_of_rows, plain_name
from headstart.data.table_paths import no_such_files, resolve_paths
from headstart.errors import TableColumnsError
from headstart.task_spec import TargetForm, find_task, tasks_of

_PERHAPS_MISSING = frozenset({"na", "n/a", "none", "?", "-", "missing", "unknown"})

_OTHER_SEPARATORS = ("|", ",", "+")


@dataclass(frozen=True)
class _Labels:
    """The labels of the rows that have one.

    Attributes:
        targets: one per row, as `Dataset` says.
        names: of the classes, or of the numbers.
    """

    form: TargetForm
    targets: list[str]
    names: tuple[str, ...]
    multi_label: bool = False
    remarks: tuple[Remark, ...] = ()


def read_table(path: Path, columns: TableColumns, *, task: str | None = None) -> Dataset:
    """The data set that a table of labels or numbers describes.

    Labels lose surrounding blanks, which nobody types on purpose; every other cell stays as it is. An image listed
    twice with the same cells counts once. Rows without a label are left out, which a remark for each states.

    Args:
        path: the table.
        columns: which column means what; `columns.label` may be several names joined by a comma, of numbers or of
            classes marked with 0 and 1.
        task: a task that learns from labels or numbers; None: numbers where the labels are measured, see
            `are_measured`.

    Raises:
        TableColumnsError, TablePathMissingError, TablePathOutsideError, SplitError: as `read_dataset` says.
    """
    table = read_text_table(path)
    found = find_columns(table, columns, path)
    frame = table.frame
    root = Path(os.path.realpath(path)).parent
    resolved = resolve_paths(frame[found.path], root=root, table=path)
    if resolved.missing:
        raise no_such_files(resolved.missing, len(set(frame[found.path])), root=root, table=path)
    paths = frame[found.path].map(resolved.path_of)
    cells = [frame[name].str.strip().str.replace(r"\s*[\r\n]+\s*", " ", regex=True) for name in found.labels]
    missing = pd.concat([column.map(_is_missing) for column in cells], axis=1).any(axis=1)
    remarks = [*found.remarks, *resolved.remarks, *_missing_remarks(paths, cells, found, missing)]
    if missing.all():
        raise _no_label_at_all(path, found)
    form = None if task is None else find_task(task).form
    labels = _read_labels([column[~missing] for column in cells], found, path, form)
    splits = pd.Series(_splits(frame, found, list(paths), path), index=frame.index)
    groups = frame[found.group] if found.group else pd.Series("", index=frame.index, dtype=str)
    rows = set(zip(paths[~missing], labels.targets, groups[~missing], splits[~missing], strict=True))
    _require_one_row_each(rows, path, joined=labels.form is TargetForm.LABELS)
    return Dataset(
        frame=frame_from_rows(rows),
        class_names=labels.names,
        root=root,
        multi_label=labels.multi_label,
        task=task or tasks_of(labels.form)[0],
        remarks=tuple(sorted({*remarks, *labels.remarks})),
    )


def _read_labels(cells: list[pd.Series], found: FoundColumns, path: Path, form: TargetForm | None) -> _Labels:
    marked = len(cells) > 1 and all(map(is_binary, cells))
    if form is None:
        measured = are_measured(cells[0]) if len(cells) == 1 else not marked
        form = TargetForm.NUMBERS if measured else TargetForm.LABELS
    if form is TargetForm.NUMBERS:
        return _Labels(form, number_targets(cells, found.labels, path), found.labels)
    if marked:
        return _marked_classes(cells, found, path)
    if len(cells) > 1:
        raise _several_labels(path, found.labels)
    return _named_classes(cells[0], path, found.labels[0])


def _named_classes(labels: pd.Series, path: Path, column: str) -> _Labels:
    """Classes whose names stand in one column."""
    multi_label = bool(labels.str.contains(LABEL_SEPARATOR, regex=False).any())
    names_of = [_split_label(label) if multi_label else [label] for label in labels]
    class_names = sort_class_names(name for names in names_of for name in names)
    rank = {name: position for position, name in enumerate(class_names)}
    targets = [LABEL_SEPARATOR.join(sorted(names, key=rank.__getitem__)) for names in names_of]
    remarks = [
        Remark("perhaps_missing", path.name, f"'{name}' in {targets.count(name)} rows of column '{column}'")
        for name in class_names
        if name.lower() in _PERHAPS_MISSING
    ]
    remarks += number_remarks(labels, column, path)
    remarks += [] if multi_label else _several_remarks(class_names, column, path)
    return _Labels(TargetForm.LABELS, targets, class_names, multi_label, tuple(remarks))


def _several_remarks(class_names: tuple[str, ...], column: str, path: Path) -> list[Remark]:
    """A remark where names look like several joined in another way: their pieces are fewer than they are."""
    for sign in _OTHER_SEPARATORS:
        pieces = {piece.strip() for name in class_names for piece in name.split(sign)}
        joined = [name for name in class_names if sign in name]
        if joined and len(pieces) < len(class_names):
            detail = (
                f"{joined[0]!r} in column '{column}' of '{path.name}'; join several labels with '{LABEL_SEPARATOR}'"
            )
            return [Remark("perhaps_several", "", detail)]
    return []


def _marked_classes(cells: list[pd.Series], found: FoundColumns, path: Path) -> _Labels:
    """Classes that each have a column of 0 and 1: one of each image where every row has exactly one 1."""
    wrong = [name for name in found.labels if LABEL_SEPARATOR in name]
    if wrong:
        raise TableColumnsError(
            f"'{path}' has the column '{wrong[0]}', which cannot be the name of a class.",
            expected=f"names without '{LABEL_SEPARATOR}'",
            received=repr(wrong[0]),
            hint="Rename the column.",
        )
    marks = dict(zip(found.labels, map(binary_values, cells), strict=True))
    names = sort_class_names(found.labels)
    rows = list(zip(*(marks[name] for name in names), strict=True))
    targets = [LABEL_SEPARATOR.join(name for name, is_set in zip(names, row, strict=True) if is_set) for row in rows]
    multi_label = any(sum(row) != 1 for row in rows)
    said = "several or none for an image" if multi_label else "exactly one for each image"
    remarks = [Remark("marked_classes", path.name, f"{', '.join(map(repr, names))}: {said}")]
    if "" in targets:
        remarks.append(Remark("no_class", path.name, f"{targets.count('')} rows without a 1"))
    return _Labels(TargetForm.LABELS, targets, names, multi_label, tuple(remarks))


def _split_label(label: str) -> list[str]:
    return list({name.strip(): None for name in label.split(LABEL_SEPARATOR) if name.strip()})


def _is_missing(cell: str) -> bool:
    # A lone ";" names no class either.
    return is_missing(cell.replace(LABEL_SEPARATOR, ""))


def _missing_remarks(paths: pd.Series, cells: list[pd.Series], found: FoundColumns, missing: pd.Series) -> list[Remark]:
    """One remark per row without a label, with its number and what stands there."""
    return [
        Remark("missing_label", paths.loc[row], f"row {row + 1} has {column.loc[row]!r} in column '{name}'")
        for row in missing.index[missing]
        for name, column in list(zip(found.labels, cells, strict=True))
        if _is_missing(column.loc[row])
    ]


def _splits(frame: pd.DataFrame, found: FoundColumns, paths: list[str], path: Path) -> list[str]:
    if found.split is None:
        return parts_of_folders(paths)
    return parts_of_rows(frame[found.split], plain_name(found.split), path)


def _no_label_at_all(path: Path, found: FoundColumns) -> TableColumnsError:
    return TableColumnsError(
        f"'{path}' has no labels.",
        expected="a class name or a number in the label column",
        received=f"nothing in column {', '.join(map(repr, found.labels))} of any row",
        hint="Fill in the column, or give another one: --label-column NAME.",
    )


def _several_labels(path: Path, names: tuple[str, ...]) -> TableColumnsError:
    return TableColumnsError(
        f"Classes cannot come from {len(names)} columns of '{path}'.",
        expected="one column with class names, several with 0 and 1, or several with numbers",
        received=", ".join(map(repr, names)),
        hint=f"Join several labels of an image in one column with '{LABEL_SEPARATOR}', or use --task image-regression.",
    )


def _require_one_row_each(rows: set[tuple[str, str, str, str]], table: Path, *, joined: bool) -> None:
    targets_of = defaultdict(list)
    for path, target, _, _ in sorted(rows):
        targets_of[path].append(target)
    repeated = {path: targets for path, targets in targets_of.items() if len(targets) > 1}
    if repeated:
        path, targets = next(iter(repeated.items()))
        raise TableColumnsError(
            f"'{table}' lists {len(repeated)} image{'s' if len(repeated) > 1 else ''} more than once with different"
            " cells.",
            expected="one row per image",
            received=f"'{path}' with {', '.join(map(repr, targets))}",
            hint=f"Keep one row per image. Join several labels of one image: '{LABEL_SEPARATOR.join(targets)}'."
            if joined
            else "Keep one row per image.",
        )
