"""From a path to a data set: the only entry to all readers."""

import difflib
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

from headstart.data.annotated import Asked
from headstart.data.box_tables import looks_like_box_table, read_box_tables
from headstart.data.coco import looks_like_coco, read_coco
from headstart.data.dataset import Dataset, Remark
from headstart.data.defects import looks_like_defects, read_defects
from headstart.data.folders import read_folders
from headstart.data.foreign_files import foreign_file, foreign_folder
from headstart.data.image_lists import files_with_lists, with_listed_parts
from headstart.data.inner_data import annotated_folders, inner_data, points_inside
from headstart.data.labelme import looks_like_labelme, read_labelme
from headstart.data.mask_files import known_mask_value
from headstart.data.mask_folders import (
    could_be_masks,
    looks_like_masks,
    read_masks,
    refuse_unclear_masks,
    takes_names_from_coco,
)
from headstart.data.rival_formats import difference, masks_and_objects, two_formats
from headstart.data.table_files import TABLE_READERS
from headstart.data.table_folders import TABLE_FORMS, looks_like_table, read_table_of
from headstart.data.unusable_input import neither, not_found
from headstart.data.via import looks_like_via, read_via_files
from headstart.data.via_pages import begins_as_via
from headstart.data.voc import has_own_masks, looks_like_voc, read_voc
from headstart.data.yolo import looks_like_yolo, read_yolo
from headstart.data.yolo_settings import YAML_SUFFIXES
from headstart.errors import (
    AnnotationsError,
    DataFormatError,
    DataNotFoundError,
    HeadstartError,
    NoClassFoldersError,
    RecipeError,
    SplitError,
)
from headstart.task_spec import TASK_KINDS, TargetForm, tasks_of


@dataclass(frozen=True)
class _Format:
    """One way to lay out images and what is known of them.

    Attributes:
        forms: of the targets that it can state, the usual one first.
        looks_so: whether a folder or file is laid out like this.
        read: the folder or file as a data set.
        could_be: whether a folder is read so if the task was given and nothing else fits.
    """

    forms: tuple[TargetForm, ...]
    looks_so: Callable[[Path], bool]
    read: Callable[[Path, Asked], Dataset]
    could_be: Callable[[Path], bool] = lambda _: False

    @property
    def tasks(self) -> tuple[str, ...]:
        """Tasks that learn from its targets, the usual one first."""
        return tasks_of(*self.forms)


# In the order in which a folder is tried. XML files are the surest sign; masks go before COCO because whoever drew them
# wants them used; class folders, which hold any image, come last.
_FOLDER_FORMATS: dict[str, _Format] = {
    "voc": _Format((TargetForm.BOXES,), looks_like_voc, read_voc),
    "defects": _Format((TargetForm.DEFECTS,), looks_like_defects, read_defects, lambda _: True),
    "masks": _Format((TargetForm.MASKS,), looks_like_masks, read_masks, could_be_masks),
    "coco": _Format((TargetForm.BOXES, TargetForm.MASKS), looks_like_coco, read_coco),
    "yolo": _Format((TargetForm.BOXES, TargetForm.MASKS), looks_like_yolo, read_yolo),
    "labelme": _Format((TargetForm.BOXES, TargetForm.MASKS), looks_like_labelme, read_labelme),
    "via": _Format((TargetForm.BOXES, TargetForm.MASKS), looks_like_via, read_via_files),
    "box-table": _Format((TargetForm.BOXES,), looks_like_box_table, read_box_tables),
    "table": _Format(TABLE_FORMS, looks_like_table, read_table_of),
    "folders": _Format((TargetForm.LABELS,), lambda _: True, read_folders),
}
# Their readers look for lists of images themselves; others are looked for where they state no part.
_WITH_OWN_LISTS = frozenset({"voc", "masks", "yolo", "defects"})
_TABLES = frozenset({"box-table", "table"})
_FORMAT_OF_SUFFIX = {".json": "coco"} | dict.fromkeys(YAML_SUFFIXES, "yolo")
FORMATS = tuple(_FOLDER_FORMATS)


class ReadingOptions(TypedDict, total=False):
    """Arguments of `read_dataset` that say how the data is to be read."""

    format: str | None
    ignore_value: int | str | None
    path_column: str
    label_column: str
    split_column: str | None
    group_column: str | None


def read_dataset(  # noqa: PLR0913  one argument a question that may be asked of data
    path: Path | str,
    *,
    task: str | None = None,
    format: str | None = None,  # noqa: A002  the word that everyone uses
    ignore_value: int | str | None = None,
    path_column: str = "path",
    label_column: str = "label",
    split_column: str | None = None,
    group_column: str | None = None,
    for_training: bool = True,
) -> Dataset:
    """The data set in a folder or a table.

    Images are not opened, except for the headers of those with YOLO labels and for masks whose values nothing names:
    `audit_dataset` does that. Nothing is written, and annotations lead to no file outside the folder.

    Args:
        path: a folder of class folders, directly or inside folders of parts; a folder of images with masks or
            annotations; a COCO file; the YAML file of a YOLO data set; or a table (.csv, .tsv, .parquet).
        task: what is to be learned, one of `TASK_KINDS`; None: what the data looks like.
        format: how it is laid out, one of `FORMATS`; None: found by looking, in that order.
        ignore_value: for segmentation, the value in masks that says nothing of its pixel, a colour as "#rrggbb", or
            "none" for masks in which 255 is a class; None: 255, and 0 where a COCO file names the other values.
        path_column: for tables, the column with the image's path, relative to the table's folder. Where the default is
            missing, a column with another usual name is used; so it is for `label_column`.
        label_column: for tables, the column with the class name, where one ";" anywhere makes the whole table
            multi-label; or columns with numbers or with 0 and 1, joined by commas.
        split_column: for tables, the column that says train, validation or test; "split", or another that holds nothing
            but parts, is used by itself, and so is "group" below.
        group_column: for tables, the column with the group of an image (a patient, a video), which stays in one part.
        for_training: False for images to be scored or looked at: lists of images do not matter then, and the part to
            train on may be missing.

    Raises:
        DataNotFoundError: nothing of this name exists.
        NoClassFoldersError: neither a table nor a folder that can be read.
        RecipeError: there is no such task or format, or no such value to ignore.
        DataFormatError: task, format and data do not go together, or there are labels in two formats.
        AnnotationsError: annotations are missing, broken, or mark nothing.
        TableColumnsError: columns or labels are missing, or the table is unreadable or empty.
        TablePathMissingError, TablePathOutsideError: the table names files that do not exist, or outside its folder.
        SplitError: a part is unknown, or there is nothing to train on.
    """
    path = Path(path).expanduser()
    _require_known("task", task, TASK_KINDS)
    _require_known("format", format, FORMATS)
    _require_readable(path)
    chosen = format or _found_format(path, task)
    _require_served(path, task, chosen)
    columns = (path_column, label_column, split_column, group_column)
    usual = _FOLDER_FORMATS[chosen].tasks[0]
    asked = Asked(task or usual, _ignored(ignore_value), format is not None, task, for_training, *columns)
    dataset = _with_listed_parts(_read_laid_out(path, chosen, asked), path, chosen, asked)
    if ignore_value is not None and dataset.form is not TargetForm.MASKS:
        raise _no_masks(path, dataset.task)
    if for_training:
        _require_train(dataset)
    return _with_remarks_on_rivals(dataset, path, chosen, asked)


def _with_listed_parts(dataset: Dataset, path: Path, chosen: str, asked: Asked) -> Dataset:
    if not asked.for_training:
        return dataset
    if chosen in _WITH_OWN_LISTS and dataset.frame["split"].any():
        return dataset
    files = files_with_lists(dataset, is_whole_folder=os.path.isdir(path))  # noqa: PTH112
    return with_listed_parts(dataset, files, tables=chosen not in _TABLES)


def _read_laid_out(path: Path, chosen: str, asked: Asked) -> Dataset:
    """The data set in a folder or file; an error names the place inside it where there is one."""
    layout = _FOLDER_FORMATS[chosen]
    try:
        dataset = layout.read(path, asked)
    except (AnnotationsError, DataFormatError, NoClassFoldersError, SplitError) as error:
        if path.is_dir() and (chosen == "folders" or not layout.looks_so(path)):
            _require_no_inner_data(path, asked, error.received)
        foreign = foreign_folder(path) if isinstance(error, NoClassFoldersError) else None
        if foreign is not None:
            raise foreign from error
        raise
    if chosen == "folders" and not asked.is_format_given:
        if dataset.num_classes == 1:
            _require_no_inner_data(path, asked, f"one class, '{dataset.class_names[0]}'")
            if (foreign := foreign_folder(path)) is not None:
                raise foreign
        data_sets = [path / folder for folder in annotated_folders(dataset) if _looks_annotated(path / folder, asked)]
        if data_sets:
            raise points_inside(path, data_sets, received=f"annotations in {len(data_sets)} of its folders")
    return dataset


def _with_remarks_on_rivals(dataset: Dataset, path: Path, chosen: str, asked: Asked) -> Dataset:
    """The data set with a remark on every other format that its folder has labels in.

    Raises:
        DataFormatError: they differ, so that only the user can decide.
    """
    # Tables and class folders are the last ones to be tried.
    # The folders of a set of defects leave no doubt.
    if asked.is_format_given or chosen in {"table", "folders", "defects"} or not os.path.isdir(path):  # noqa: PTH112
        return dataset
    serving = [name for name, layout in _FOLDER_FORMATS.items() if asked.given_task in {None, *layout.tasks}]
    rivals = [it for it in serving if it not in {chosen, "folders"} and _FOLDER_FORMATS[it].looks_so(path)]
    if "box-table" in {chosen, *rivals}:  # such a table holds classes, too
        rivals = [it for it in rivals if it != "table"]
    if chosen == "masks" and "coco" in rivals and takes_names_from_coco(path, dataset.class_names):
        rivals = [it for it in rivals if it != "coco"]
    found = {Remark("other_format", "", _on_rival(dataset, path, (chosen, it), asked)) for it in rivals}
    return replace(dataset, remarks=tuple(sorted({*dataset.remarks, *found})))


def _on_rival(dataset: Dataset, path: Path, names: tuple[str, str], asked: Asked) -> str:
    """The remark about labels in a second format beside those that were read."""
    chosen, rival = names
    instead = f"--format {rival} reads {rival} instead of {chosen}"
    if rival == "table" or names == ("masks", "coco") or (names == ("voc", "masks") and has_own_masks(path)):
        return instead
    other = chosen if rival == "masks" else rival
    if "masks" in names and asked.given_task is None:
        raise masks_and_objects(path, other)
    try:
        read = _FOLDER_FORMATS[rival].read(path, replace(asked, task=dataset.task))
        second = _with_listed_parts(read, path, rival, asked)
    except HeadstartError as error:
        return f"files look like {rival} and cannot be read beside {chosen}: {str(error).splitlines()[0]}"
    if "masks" in names:
        raise masks_and_objects(path, other)
    differing = difference(dataset, second, names)
    if differing:
        raise two_formats(path, names, differing)
    return f"{rival} has the same objects as {chosen}, which is read; {instead}"


def _looks_annotated(folder: Path, asked: Asked) -> bool:
    annotated = [layout for name, layout in _FOLDER_FORMATS.items() if name != "folders"]
    serving = [layout for layout in annotated if asked.task in layout.tasks or asked.form is TargetForm.LABELS]
    return any(layout.looks_so(folder) for layout in serving)


def _require_no_inner_data(path: Path, asked: Asked, received: str) -> None:
    """Refuses a folder around a data set, naming the data set as it has to be typed."""
    suffixes = tuple(TABLE_READERS) if asked.form in TABLE_FORMS else ()
    places = inner_data(path, lambda folder: _looks_annotated(folder, asked), table_suffixes=suffixes)
    if places:
        raise points_inside(path, places, received=received)


def _require_readable(path: Path) -> None:
    # Path.exists and Path.is_dir raise where a folder above is locked or the name too long.
    if not os.path.exists(path):  # noqa: PTH110
        raise not_found(path)
    if not os.path.isdir(path) and not os.path.isfile(path):  # noqa: PTH112, PTH113
        raise DataNotFoundError(
            f"'{path}' is neither a file nor a folder.",
            expected="a folder, or a file of labels or annotations",
            received="a pipe, a device or a socket, which may never end",
            hint="Save its content to a file, and give the path of the file.",
        )
    if not os.path.isdir(path) and path.suffix.lower() not in {*TABLE_READERS, *_FORMAT_OF_SUFFIX}:  # noqa: PTH112
        raise foreign_file(path) or neither(path, TABLE_READERS)


def _possible_formats(path: Path) -> tuple[str, ...]:
    if os.path.isdir(path):  # noqa: PTH112
        return tuple(_FOLDER_FORMATS)
    if path.suffix.lower() in {".json", ".csv"} and begins_as_via(path):
        return ("via",)
    known = _FORMAT_OF_SUFFIX.get(path.suffix.lower())
    return (known,) if known else ("box-table", "table")


def _found_format(path: Path, task: str | None) -> str:
    """Name of the first format that the data looks like, among those that serve the task."""
    possible = _possible_formats(path)
    if len(possible) == 1:
        return possible[0]
    serving = [name for name in possible if task is None or task in _FOLDER_FORMATS[name].tasks]
    found = next((name for name in serving if _FOLDER_FORMATS[name].looks_so(path)), None)
    if found is None and os.path.isdir(path):  # noqa: PTH112
        found = next((name for name in serving if _FOLDER_FORMATS[name].could_be(path)), None)
    if found == "folders" and task is None:
        refuse_unclear_masks(path)
    if found is not None:
        return found
    if task is not None and os.path.isdir(path):  # noqa: PTH112
        _require_no_inner_data(path, Asked(task), f"a folder without data for {task}")
    raise DataFormatError(
        f"'{path}' has nothing for {task}.",
        expected=f"data laid out as one of {', '.join(serving) or ', '.join(_formats_for(task))}",
        received=f"data that looks like {_found_format(path, None)}",
        hint=f"Check the names of its folders, or use --format {serving[0]} to see what is missing."
        if serving
        else "Give the folder with the annotations instead of a table.",
    )


def _formats_for(task: str | None) -> list[str]:
    return [name for name, layout in _FOLDER_FORMATS.items() if task in layout.tasks]


def _ignored(value: int | str | None) -> int | str | None:
    try:
        return None if value is None else known_mask_value(value)
    except ValueError as error:
        raise RecipeError(
            f"ignore_value {error}.",
            expected="such a value",
            received=f"ignore_value={value!r}",
            hint="Leave it out to ignore 255 only.",
        ) from error


def _require_known(setting: str, value: str | None, known: Collection[str]) -> None:
    if value is None or value in known:
        return
    nearest = difflib.get_close_matches(value, list(known), n=1, cutoff=0.4)
    raise RecipeError(
        f"There is no {setting} '{value}'.",
        expected=", ".join(known),
        received=f"{setting}={value!r}",
        hint=f"Did you mean '{nearest[0]}'?" if nearest else "Leave it out for automatic detection.",
    )


def _require_served(path: Path, task: str | None, chosen: str) -> None:
    possible = _possible_formats(path)
    if chosen not in possible:
        raise DataFormatError(
            f"'{path}' cannot be read as {chosen}.",
            expected=" or ".join(possible) + (" for such a file" if len(possible) == 1 else " for a folder"),
            received=f"format={chosen!r}",
            hint="Leave out the format for automatic detection, or give the folder or file that has this format.",
        )
    tasks = _FOLDER_FORMATS[chosen].tasks
    if task is not None and task not in tasks:
        raise DataFormatError(
            f"'{path}' is read as {chosen}, which cannot be used for {task}.",
            expected=" or ".join(tasks),
            received=f"task={task!r}",
            hint="Leave out the task, or use data with other annotations.",
        )


def _require_train(dataset: Dataset) -> None:
    parts = set(dataset.frame["split"])
    if parts and not parts & {"", "train"}:
        raise SplitError(
            f"'{dataset.root.name}' has nothing to train on.",
            expected="a train part beside " + " and ".join(sorted(parts)),
            received=", ".join(sorted(parts)),
            hint="Rename the folder or list with the training images to 'train', or write 'train' into their rows.",
        )


def _no_masks(path: Path, task: str) -> DataFormatError:
    return DataFormatError(
        f"'{path}' has no masks in which a value could be ignored.",
        expected="ignore_value for semantic-segmentation only",
        received=f"data for {task}",
        hint="Leave out ignore_value.",
    )
