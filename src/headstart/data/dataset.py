"""The data set: one table with one row per example, and the facts that belong to it."""

import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from headstart.data.annotations import (
    LABEL_SEPARATOR,
    bins_of_numbers,
    box_array,
    boxes_from_text,
    numbers_from_text,
    outlines_from_text,
)
from headstart.data.dataset_facts import MAX_FACTS_BYTES, DatasetFacts
from headstart.data.remarks import Remark as Remark  # noqa: PLC0414  for those who have it from here
from headstart.errors import DataNotFoundError, RunDamagedError, SplitError
from headstart.files import UnusableFileError, read_json, read_table, shown, write_csv, write_json
from headstart.task_spec import DEFAULT_TASK, TargetForm, find_task

SPLITS = ("train", "validation", "test")
FORMAT_VERSION = 1
# What is known of a row before its image is looked at.
COLUMNS = ("path", "target", "group", "split")
# Target of images without a defect.
GOOD = "good"

# How a column is kept in the CSV file. Text is the default: "001", "NA" and "" stay what they are.
_CELL_READERS: dict[str, Callable[[str], object]] = {
    "text": str,
    "integer": int,
    "number": float,
    "boolean": "True".__eq__,
}
_CELL_KINDS = {"i": "integer", "u": "integer", "f": "number", "b": "boolean"}
_RESTORE = "Restore the file, or train again."
_DTYPES = {"text": "str", "integer": "int64", "number": "float64", "boolean": "bool"}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples with their targets: a table, the names of its classes and the folder its paths start from.

    Args:
        frame: one row per example, sorted by path, `RangeIndex`. `path` is POSIX and relative to `root`; `target` is
            text that depends on `task`; `group` names what must stay together ("" for nothing); `split` is "train",
            "validation", "test" or "" (not decided). The audit adds `sha256`, `near_hash`, `width`, `height` (pixels,
            upright) and `duplicate_group`, for defects and segmentation `mask_sha256` ("" without a mask file) and
            for segmentation `mask_classes`, the names of the classes in the mask as JSON.
        class_names: every class once, in the order of the model's outputs; for regression the names of the numbers;
            for defects the name of the score.
        root: folder the paths are relative to.
        multi_label: whether an example may have several classes; for classification only.
        remarks: what was noticed while reading, for the audit.
        task: what is to be learned, one of `TASK_KINDS`. It determines `form`; the target is
            for `LABELS` a class name, or where `multi_label` any number joined by ";", perhaps none;
            for `BOXES` JSON of `[name, x_min, y_min, x_max, y_max]` for every object, in pixels of the upright
            image, `[]` where there is none; a sixth value, "crowd" or "difficult", marks one that is ignored;
            for `MASKS` JSON, `{"mask": path}`, with `"others": [path, ...]` where several files are united, or
            `{"polygons": [[name, [x, y, x, y, ...]], ...]}`, where runs of pixels, `{"size": [height, width], "counts":
            text}`, may stand for the corners, and "" for a name that is not known;
            for `NUMBERS` numbers joined by ";";
            for `DEFECTS` `GOOD` or the name of the defect. Column `mask` has the path of the mask, "" without one.
        mask_values: for segmentation, which value in a mask file means which class; "" for a value that is ignored on
            purpose. `OTHER_VALUES` stands for every value that is not listed; without it they are ignored, and the
            audit names them. For outlines, 0 is what none of them covers.
    """

    frame: pd.DataFrame
    class_names: tuple[str, ...]
    root: Path
    multi_label: bool = False
    remarks: tuple[Remark, ...] = ()
    task: str = DEFAULT_TASK
    mask_values: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def num_classes(self) -> int:
        """Number of classes, those without an example in this part included."""
        return len(self.class_names)

    def part(self, split: str) -> "Dataset":
        """The examples of one split, with the same class names.

        Raises:
            SplitError: there is no split of this name.
        """
        if split not in SPLITS:
            raise SplitError(
                f"There is no part '{split}'.",
                expected=", ".join(SPLITS),
                received=repr(split),
                hint=_nearest_hint(split, SPLITS),
            )
        return replace(self, frame=self.frame[self.frame["split"] == split].reset_index(drop=True))

    @property
    def form(self) -> TargetForm:
        """The form of the targets."""
        return find_task(self.task).form

    def paths(self) -> list[Path]:
        """Absolute path of every example, in the order of the rows."""
        return [self.root / path for path in self.frame["path"]]

    def labels(self) -> list[tuple[str, ...]]:
        """Class names of every example, in the order of the rows.

        Exactly one each for classification unless `multi_label`, then any number; for detection and segmentation every
        class that the image shows, in the order of `class_names`, perhaps none. What a mask file shows is known after
        the audit. For regression the ranges that the numbers lie in, see `bins_of_numbers`. For defects `GOOD` or the
        name of the defect.
        """
        if self.form is TargetForm.DEFECTS or (self.form is TargetForm.LABELS and not self.multi_label):
            return [(target,) for target in self.frame["target"]]
        if self.form is TargetForm.LABELS:
            return [tuple(filter(None, target.split(LABEL_SEPARATOR))) for target in self.frame["target"]]
        if self.form is TargetForm.NUMBERS:
            names, matrix = bins_of_numbers(self.numbers(), self.class_names)
            return [tuple(name for name, cell in zip(names, row, strict=True) if cell) for row in matrix]
        return [tuple(name for name in self.class_names if name in shown) for shown in self._shown_classes()]

    def label_names(self) -> tuple[str, ...]:
        """Every name that `labels` may give, which are the columns of `class_matrix`.

        Ranges for regression; for defects `GOOD` and the names of the defects of these examples.
        """
        if self.form is TargetForm.DEFECTS:
            return (GOOD, *sorted(set(self.frame["target"]) - {GOOD}))
        if self.form is TargetForm.NUMBERS:
            return bins_of_numbers(self.numbers(), self.class_names)[0]
        return self.class_names

    def is_good(self) -> np.ndarray:
        """Whether each example shows no defect: `(examples,)` bool."""
        return np.asarray(self.frame["target"] == GOOD, bool)

    def defect_masks(self) -> list[Path | None]:
        """Absolute path of the mask of every example, None without one, for defects."""
        return [self.root / path if path else None for path in self.frame["mask"]]

    def boxes(self) -> list[np.ndarray]:
        """Objects of every example: `(objects, 5)` float64, x_min, y_min, x_max, y_max in pixels, number of the class.

        Boxes are in pixels of the upright image as it is stored, before any resizing. Ignored objects are left out.
        """
        return [marked[marked[:, 5] == 0, :5] for marked in self.marked_boxes()]

    def marked_boxes(self) -> list[np.ndarray]:
        """Boxes with ignored objects: `(objects, 6)` float64, the last column a code of `IGNORED_CODES`."""
        number_of = {name: number for number, name in enumerate(self.class_names)}
        return [box_array(target, number_of) for target in self.frame["target"]]

    def ignored_boxes(self) -> list[np.ndarray]:
        """The ignored objects of every example alone: `(objects, 6)` as in `marked_boxes`."""
        return [marked[marked[:, 5] > 0] for marked in self.marked_boxes()]

    def numbers(self) -> np.ndarray:
        """Numbers of every example: `(examples, numbers)` float64, columns in the order of `class_names`."""
        rows = [numbers_from_text(target) for target in self.frame["target"]]
        return np.array(rows, np.float64).reshape(len(self), self.num_classes)

    def _shown_classes(self) -> list[set[str]]:
        if self.form is TargetForm.BOXES:
            return [{box.name for box in boxes_from_text(target) if not box.ignored} for target in self.frame["target"]]
        if "mask_classes" in self.frame:
            return [set(json.loads(names)) for names in self.frame["mask_classes"]]
        return [{outline.name for outline in outlines_from_text(target)} for target in self.frame["target"]]

    def class_matrix(self) -> np.ndarray:
        """Which example has which class: `(examples, classes)` of 0 and 1, int64.

        For regression the columns are ranges of the numbers, `label_names`, and depend on the examples of this part.
        """
        label_names = self.label_names()
        column_of = {name: column for column, name in enumerate(label_names)}
        cells = [(row, column_of[name]) for row, names in enumerate(self.labels()) for name in names]
        matrix = np.zeros((len(self), len(label_names)), np.int64)
        if cells:
            matrix[tuple(np.array(cells).T)] = 1
        return matrix

    def class_counts(self) -> pd.DataFrame:
        """Examples of each class (rows) in train, validation, test and, where some are undecided, "" (columns)."""
        splits = [*SPLITS, *([""] if (self.frame["split"] == "").any() else [])]
        matrix = self.class_matrix()
        counts = {split: matrix[(self.frame["split"] == split).to_numpy()].sum(axis=0) for split in splits}
        return pd.DataFrame(counts, index=pd.Index(self.label_names(), name="class"))

    def write(self, path: Path | str) -> None:
        """Write the table to a CSV file and the rest to a JSON file of the same name beside it."""
        path = Path(path)
        write_csv(path, self.frame.columns, self.frame.itertuples(index=False, name=None))
        facts = {
            "format_version": FORMAT_VERSION,
            "num_examples": len(self),
            "class_names": self.class_names,
            "root": str(self.root),
            "multi_label": self.multi_label,
            "columns": {name: _CELL_KINDS.get(self.frame[name].dtype.kind, "text") for name in self.frame.columns},
            "remarks": self.remarks,
            "task": self.task,
            "mask_values": {str(value): name for value, name in self.mask_values.items()},
        }
        write_json(_facts_path(path), facts)

    @classmethod
    def read(cls, path: Path | str, root: Path | str | None = None) -> "Dataset":
        """The data set that `write` wrote.

        Args:
            path: the CSV file.
            root: folder with the images, where they have moved since.

        Raises:
            DataNotFoundError: one of the two files is missing.
            RunDamagedError: they do not hold what `write` wrote.
        """
        path = Path(path)
        facts = _read_facts(path)
        try:
            frame = _frame_from_cells(read_table(path), facts.columns)
            if len(frame) != facts.num_examples:
                raise ValueError(f"{len(frame)} rows instead of {facts.num_examples}")
            return cls(
                frame=frame,
                class_names=tuple(facts.class_names),
                root=Path(facts.root if root is None else root).absolute(),
                multi_label=facts.multi_label,
                remarks=tuple(Remark(*remark) for remark in facts.remarks),
                task=facts.task,
                mask_values={int(value): name for value, name in facts.mask_values.items()},
            )
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise _damaged(path, str(error)[:200]) from error


def frame_from_rows(rows: Iterable[tuple[str, str, str, str]]) -> pd.DataFrame:
    """The table of a `Dataset` from `(path, target, group, split)` rows: sorted by path, columns of text."""
    return pd.DataFrame(sorted(rows), columns=list(COLUMNS)).astype(str)


def _facts_path(path: Path) -> Path:
    return path.with_suffix(".json")


def _read_facts(path: Path) -> DatasetFacts:
    for file in (path, _facts_path(path)):
        if not file.is_file():
            raise DataNotFoundError(
                f"'{file}' does not exist.",
                expected=f"a table of examples with its facts beside it ('{path.name}' and '{_facts_path(path).name}')",
                received="no such file",
                hint="Give the path of the folder that `headstart train` wrote.",
            )
    try:
        return read_json(_facts_path(path), DatasetFacts, max_bytes=MAX_FACTS_BYTES)
    except UnusableFileError as error:
        raise _damaged(_facts_path(path), error.received, error.hint(_RESTORE)) from error


def _frame_from_cells(cells: Mapping[str, list[str]], kinds: Mapping[str, str]) -> pd.DataFrame:
    if list(cells) != list(kinds):
        raise ValueError(f"columns {shown(list(cells))} instead of {shown(list(kinds))}")
    columns = {name: [_CELL_READERS[kind](cell) for cell in cells[name]] for name, kind in kinds.items()}
    return pd.DataFrame(columns).astype({name: _DTYPES[kind] for name, kind in kinds.items()})


def _damaged(path: Path, received: str, hint: str = _RESTORE) -> RunDamagedError:
    return RunDamagedError(
        f"'{path}' is damaged.",
        expected="the unchanged table of examples of a run",
        received=received,
        hint=hint,
    )


def _nearest_hint(name: str, known: Iterable[str]) -> str:
    nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
    return f"Did you mean '{nearest[0]}'?" if nearest else "Use one of these."
