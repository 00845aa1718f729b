"""From a table of labels to a data set."""

import difflib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from headstart.data.annotations import CLASSIFICATION, LABEL_SEPARATOR, REGRESSION
from headstart.data.class_names import sort_class_names
from headstart.data.dataset import Dataset, frame_from_rows
from headstart.data.part_names import parts_named
from headstart.data.table_numbers import are_measured, number_targets
from headstart.data.walking import is_file, relative_path
from headstart.errors import SplitError, TableColumnsError, TablePathMissingError, TablePathOutsideError

_NUM_SHOWN = 5


@dataclass(frozen=True)
class TableColumns:
    """Which column means what; `None` for split and group takes the column of that name where there is one."""

    path: str = "path"
    label: str = "label"
    split: str | None = None
    group: str | None = None


def read_table(path: Path, columns: TableColumns, *, task: str | None = None) -> Dataset:
    """The data set that a table of labels or numbers describes.

    Labels lose surrounding blanks, which nobody types on purpose; every other cell stays as it is. A picture listed
    twice with the same cells counts once.

    Args:
        path: the table.
        columns: which column means what; for numbers `columns.label` may be several names joined by a comma.
        task: `CLASSIFICATION` or `REGRESSION`; None: `REGRESSION` where the labels are measured numbers, see
            `are_measured`.

    Raises:
        TableColumnsError, TablePathMissingError, TablePathOutsideError, SplitError: as `read_dataset` says.
    """
    table = _read_text_table(path)
    names = _label_columns(table, columns.label)
    cells = _select_columns(table, columns, names, path)
    root = Path(os.path.realpath(path)).parent
    paths = _relative_paths(cells["path"], root=root, table=path)
    labels = [cells[f"label {number}"].str.strip() for number in range(len(names))]
    if task is None and len(names) == 1:
        task = REGRESSION if are_measured(labels[0]) else CLASSIFICATION
    if task == CLASSIFICATION and len(names) > 1:
        raise _several_labels(path, names)
    if task == CLASSIFICATION:
        targets, class_names, multi_label = _class_targets(labels[0], path, columns.label)
    else:
        targets, class_names, multi_label = number_targets(labels, tuple(names), path), tuple(names), False
    rows = set(zip(paths, targets, cells["group"], _splits(cells["split"], path), strict=True))
    _require_one_row_each(rows, path, joined=task == CLASSIFICATION)
    return Dataset(
        frame=frame_from_rows(rows),
        class_names=class_names,
        root=root,
        multi_label=multi_label,
        task=CLASSIFICATION if task == CLASSIFICATION else REGRESSION,
    )


def _class_targets(labels: pd.Series, path: Path, column: str) -> tuple[list[str], tuple[str, ...], bool]:
    """Targets, names of the classes, and whether a picture may have several."""
    _require_labels(labels, path, column)
    multi_label = bool(labels.str.contains(LABEL_SEPARATOR, regex=False).any())
    names_of = [_split_label(label) if multi_label else [label] for label in labels]
    class_names = sort_class_names(name for names in names_of for name in names)
    rank = {name: position for position, name in enumerate(class_names)}
    targets = [LABEL_SEPARATOR.join(sorted(names, key=rank.__getitem__)) for names in names_of]
    return targets, class_names, multi_label


def _label_columns(table: pd.DataFrame, asked: str) -> list[str]:
    """Names of the label columns; a comma separates several unless one column has this very name."""
    if asked in table.columns:
        return [asked]
    return list(dict.fromkeys(name.strip() for name in asked.split(",") if name.strip())) or [asked]


def _read_delimited(path: Path, *, separator: str) -> pd.DataFrame:
    # utf-8-sig: spreadsheets put a byte order mark before the first column's name.
    return pd.read_csv(
        path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True
    )


def _read_parquet(path: Path) -> pd.DataFrame:
    # Nullable types keep whole numbers whole where some are missing: label 3 stays "3" and does not become "3.0".
    table = pd.read_parquet(path, dtype_backend="numpy_nullable")
    return table.astype(object).where(table.notna(), "").map(str)


TABLE_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": lambda path: _read_delimited(path, separator=","),
    ".tsv": lambda path: _read_delimited(path, separator="\t"),
    ".parquet": _read_parquet,
}


def _read_text_table(path: Path) -> pd.DataFrame:
    try:
        table = TABLE_READERS[path.suffix.lower()](path)
    except (ValueError, OSError) as error:  # pandas' and Arrow's parsing errors and UnicodeDecodeError are ValueErrors
        raise TableColumnsError(
            f"'{path}' cannot be read as a table.",
            expected=f"a {path.suffix.lower()} file, text in UTF-8",
            received=" ".join(str(error).split()).rstrip(".")[:200],
            hint="Save it again as CSV with commas and UTF-8.",
        ) from error
    table.columns = [str(name).strip() for name in table.columns]
    if table.empty:
        raise TableColumnsError(
            f"'{path}' has no rows.",
            expected="one row a picture",
            received="a table with the columns " + ", ".join(map(repr, table.columns)),
            hint="Check that the right file was saved.",
        )
    return table


def _select_columns(table: pd.DataFrame, columns: TableColumns, label_columns: list[str], path: Path) -> pd.DataFrame:
    """Our columns `path`, `split`, `group`, `label 0`, ...; split and group are empty where no column is named so."""
    asked = {"path": columns.path, "split": columns.split, "group": columns.group}
    asked |= {f"label {number}": name for number, name in enumerate(label_columns)}
    selected = {}
    for ours, theirs in asked.items():
        role = ours.split()[0]
        name = theirs or ours
        optional = theirs is None and name not in table.columns
        if not optional:
            _require_column(table, name, path, role=role)
        selected[ours] = pd.Series("", index=table.index, dtype=str) if optional else table[name].astype(str)
    return pd.DataFrame(selected)


def _require_column(table: pd.DataFrame, name: str, path: Path, *, role: str) -> None:
    present = list(table.columns)
    if present.count(name) == 1:
        return
    # Without close spelling the columns themselves are the best help: "filename" is not spelt like "path".
    nearest = difflib.get_close_matches(name, present, n=3, cutoff=0.5) or present[:10]
    separated = len(present) == 1 and LABEL_SEPARATOR in present[0]
    raise TableColumnsError(
        f"'{path}' has {'two columns' if name in present else 'no column'} '{name}'.",
        expected=f"one column '{name}'",
        received="semicolons between the columns" if separated else "nearest columns: " + ", ".join(map(repr, nearest)),
        hint="Save the table with commas between the columns."
        if separated
        else f"Name the column to use: --{role}-column NAME, or {role}_column=NAME in Python.",
    )


def _relative_paths(typed: Iterable[str], *, root: Path, table: Path) -> list[str]:
    path_of = {text: relative_path(text, root) for text in typed}
    outside = [text for text, path in path_of.items() if path is None]
    if outside:
        raise TablePathOutsideError(
            f"'{table}' names {_counted(outside)} outside its own folder: {_shown(outside)}.",
            expected=f"paths that stay inside '{root}'",
            received="paths or symbolic links that lead out of it",
            hint="Move the table to a folder above all its pictures, and write the paths relative to that folder.",
        )
    missing = [text for text, path in path_of.items() if not is_file(root, path or "")]
    if missing:
        raise TablePathMissingError(
            f"'{table}' names {_counted(missing)} that cannot be found: {_shown(missing)}.",
            expected=f"paths relative to '{root}'",
            received=f"{len(missing)} of {len(path_of)} paths without a file",
            hint="Correct the paths, or move the table to the folder they start from.",
        )
    return [path_of[text] or "" for text in typed]


def _split_label(label: str) -> list[str]:
    return list({name.strip(): None for name in label.split(LABEL_SEPARATOR) if name.strip()})


def _require_labels(labels: pd.Series, path: Path, column: str) -> None:
    # A lone ";" names no class either.
    empty = labels.index[labels.str.replace(LABEL_SEPARATOR, "", regex=False).str.strip() == ""]
    if len(empty):
        raise TableColumnsError(
            f"'{path}' has empty labels.",
            expected=f"a class name in column '{column}' of every row",
            received=f"{len(empty)} rows without one, the first is row {empty[0] + 1}",
            hint="Fill them in, or delete these rows.",
        )


def _several_labels(path: Path, names: list[str]) -> TableColumnsError:
    return TableColumnsError(
        f"Classes cannot come from {len(names)} columns of '{path}'.",
        expected="one column with class names, or several with numbers",
        received=", ".join(map(repr, names)),
        hint=f"Join several labels of a picture in one column with '{LABEL_SEPARATOR}', or ask for image-regression.",
    )


def _splits(values: pd.Series, path: Path) -> list[str]:
    names = values.str.strip()
    known = names.map({"": "", **parts_named(names.unique())})
    unknown = sorted(set(values[known.isna()]))
    if unknown:
        raise SplitError(
            f"'{path}' has unknown parts: {_shown(unknown)}.",
            expected="train, validation or test (or nothing, to leave the choice to the program)",
            received=f"{int(known.isna().sum())} rows with something else",
            hint="Correct the column, or rename it to have the parts made for you.",
        )
    if not known.isin(["train", ""]).any():
        raise SplitError(
            f"'{path}' has nothing to train on.",
            expected="rows whose part is train",
            received=", ".join(sorted(set(known))),
            hint="Mark the rows to learn from with 'train', or rename the column to have the parts made for you.",
        )
    return list(known)


def _require_one_row_each(rows: set[tuple[str, str, str, str]], table: Path, *, joined: bool) -> None:
    targets_of = defaultdict(list)
    for path, target, _, _ in sorted(rows):
        targets_of[path].append(target)
    repeated = {path: targets for path, targets in targets_of.items() if len(targets) > 1}
    if repeated:
        path, targets = next(iter(repeated.items()))
        raise TableColumnsError(
            f"'{table}' lists {_counted(repeated)} more than once with different cells.",
            expected="one row a picture",
            received=f"'{path}' with {', '.join(map(repr, targets))}",
            hint=f"Keep one row; several labels of one picture are joined: '{LABEL_SEPARATOR.join(targets)}'."
            if joined
            else "Keep one row.",
        )


def _counted(things: Iterable[str]) -> str:
    number = len(list(things))
    return f"{number} picture" if number == 1 else f"{number} pictures"


def _shown(names: list[str]) -> str:
    rest = len(names) - _NUM_SHOWN
    return ", ".join(map(repr, names[:_NUM_SHOWN])) + (f" and {rest} more" if rest > 0 else "")
