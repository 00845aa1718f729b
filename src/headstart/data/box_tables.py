"""Tables of boxes: a row per object, as in TensorFlow's examples, Roboflow, RetinaNet and Open Images."""

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pandas as pd

from headstart.data.annotated import (
    Annotated,
    Asked,
    annotated_dataset,
    box_of,
    no_annotations,
    part_of,
    remark_unlisted,
    require_annotations,
)
from headstart.data.annotations import CROWD, Box, boxes_to_text
from headstart.data.box_table_units import in_pixels, require_no_percent
from headstart.data.class_names import sort_class_names
from headstart.data.dataset import Dataset
from headstart.data.inspection import could_be_picture
from headstart.data.part_names import part_like, part_named
from headstart.data.table_columns import (
    DEFAULT_LABEL,
    LABEL_NAMES,
    named_columns,
    no_column,
    optional_column,
    path_column_of,
)
from headstart.data.table_files import TABLE_READERS, TextTable, is_missing, read_text_table
from headstart.data.table_parts import parts_of_rows, plain_name, split_by_cells
from headstart.data.table_paths import resolve_paths
from headstart.data.walking import FolderWalk
from headstart.errors import TableColumnsError

# Plain names of the columns with two corners, or with a corner and a size; the first that are all there count.
_CORNERS = (
    ("xmin", "ymin", "xmax", "ymax"),
    ("bboxxmin", "bboxymin", "bboxxmax", "bboxymax"),
    ("minx", "miny", "maxx", "maxy"),
    ("x1", "y1", "x2", "y2"),
    ("bboxx1", "bboxy1", "bboxx2", "bboxy2"),
    ("left", "top", "right", "bottom"),
    ("xtl", "ytl", "xbr", "ybr"),
)
_CORNER_AND_SIZE = (
    ("bboxx", "bboxy", "bboxwidth", "bboxheight"),
    ("bboxleft", "bboxtop", "bboxwidth", "bboxheight"),
    ("xmin", "ymin", "width", "height"),
    ("left", "top", "width", "height"),
    ("x", "y", "width", "height"),
    ("x", "y", "w", "h"),
)
_IMAGE_SIZES = (("width", "height"), ("imagewidth", "imageheight"), ("imgwidth", "imgheight"))
_CROWD = "isgroupof"
_WITHOUT_HEADER = ["path", "x1", "y1", "x2", "y2", "class"]
_FOLDERS_OF_TABLES = frozenset({"annotations", "annotation", "labels", "data", "csv"})
_ONLY_CLASS = "object"
_NUM_LOOKED_AT = 50
_LOOKED_FOR = "a table with one row per object and columns for the image, the class, and xmin, ymin, xmax, ymax"


@dataclass(frozen=True)
class _Columns:
    """The columns of a table of boxes.

    Attributes:
        places: four columns.
        are_sizes: whether the last two places are width and height instead of the second corner.
        size: columns with the width and height of the image, none where the table does not say them.
    """

    path: str
    label: str | None
    places: tuple[str, ...]
    are_sizes: bool
    size: tuple[str, ...]
    split: str | None
    group: str | None
    crowd: str | None


class _Row(NamedTuple):
    """One row of a table: the image as it is written, one object or none."""

    image: str
    name: str
    places: tuple[str, ...]
    size: tuple[int, int]
    part: str
    group: str
    is_crowd: bool


def looks_like_box_table(path: Path) -> bool:
    """Whether a table has columns of boxes, or a folder, or one of a part in it, has such a table."""
    if os.path.isdir(path):  # noqa: PTH112  Path.is_dir raises where a folder above is locked
        return bool(_tables(FolderWalk(Path(os.path.realpath(path)), stays_inside=True)))
    return _has_boxes(path)


def read_box_tables(path: Path, asked: Asked) -> Dataset:
    """Boxes from a table, or from all tables of boxes in a folder and its folders of parts.

    Corners are pixels, or shares of the image's sides where none is beyond 1. A row without corners lists an image
    without objects. Parts are those of a column, else of the folders, else of the tables' names.

    Raises:
        AnnotationsError: there is no such table, or none that marks anything in an image that is there.
        TableColumnsError: a column is missing, or several could be meant.
        TablePathMissingError, TablePathOutsideError: web addresses, names that fit several files, or files outside.
        SplitError: unknown parts, or nothing to train on.
    """
    place = Path(os.path.realpath(path))
    root, only = (place, None) if place.is_dir() else (place.parent, place)
    if only is not None and root.name.lower() in _FOLDERS_OF_TABLES and not _has_images(root):
        root = root.parent
    walk = FolderWalk(root, stays_inside=True)
    tables = _tables(walk) if only is None else [only.relative_to(root).as_posix()]
    if not tables:
        raise no_annotations(root, looked_for=_LOOKED_FOR, received="no such table")
    examples: dict[str, list[_Located]] = defaultdict(list)
    for table in tables:
        part = _part_of_table(table) if len(tables) > 1 else ""
        for row in _located(walk, table, asked):
            examples[row.path].append(row if row.part else row._replace(part=part_of(row.path) or part))
    names = sort_class_names(row.box.name for rows in examples.values() for row in rows if row.box)
    require_annotations(walk, names, looked_for=_LOOKED_FOR)
    remark_unlisted(walk, examples, "stands in no table")
    annotated = [
        Annotated(image, _target(rows), part, *rows[0].size)
        for image, rows in examples.items()
        for part in dict.fromkeys(row.part for row in rows)
    ]
    dataset = annotated_dataset(root, annotated, names, task=asked.task, remarks=walk.remarks)
    groups = {image: rows[0].group for image, rows in examples.items()}
    dataset.frame["group"] = dataset.frame["path"].map(groups).astype(str)
    return dataset


class _Located(NamedTuple):
    """One row whose image is there; `box` is None where nothing is marked."""

    path: str
    box: Box | None
    size: tuple[int, int]
    part: str
    group: str


def _target(rows: Iterable[_Located]) -> str:
    return boxes_to_text(row.box for row in rows if row.box)


def _tables(walk: FolderWalk) -> list[str]:
    """Tables of boxes in the folder, in folders of parts and in folders of tables."""
    folders, files = walk.children("")
    for folder in folders:
        if part_named(folder) or folder.lower() in _FOLDERS_OF_TABLES:
            files += walk.children(folder)[1]
    tables = [file for file in files if PurePosixPath(file).suffix.lower() in TABLE_READERS]
    return [table for table in tables if _has_boxes(walk.root / table)]


def _has_boxes(path: Path) -> bool:
    try:
        return _places(_named(read_text_table(path, max_rows=_NUM_LOOKED_AT)).frame) is not None
    except TableColumnsError:
        return False


def _has_images(folder: Path) -> bool:
    return any(could_be_picture(path.name) and path.suffix for path in folder.iterdir())


def _named(table: TextTable) -> TextTable:
    """The table with names for its columns: RetinaNet's has no header."""
    frame = table.frame
    if table.has_header or len(frame.columns) != len(_WITHOUT_HEADER):
        return table
    rows = frame.iloc[:, 1:5].itertuples(index=False)
    are_boxes = all(not any(row) or box_of("", row) is not None for row in rows)
    return TextTable(frame.set_axis(_WITHOUT_HEADER, axis=1), True) if are_boxes else table


def _places(frame: pd.DataFrame) -> tuple[tuple[str, ...], bool] | None:
    """The four columns of a box, and whether the last two are a size; None where there are none."""
    column_of = {plain_name(name): name for name in frame.columns}
    for known, are_sizes in ((_CORNERS, False), (_CORNER_AND_SIZE, True)):
        for names in known:
            if column_of.keys() >= set(names):
                return tuple(column_of[name] for name in names), are_sizes
    return _written_in_one(frame, column_of)


def _written_in_one(frame: pd.DataFrame, column_of: Mapping[str, str]) -> tuple[tuple[str, ...], bool] | None:
    """A column `bbox` with left, top, width and height in brackets."""
    name = column_of.get("bbox")
    if name is None or not any(_numbers_in_brackets(cell) for cell in frame[name].head(_NUM_LOOKED_AT)):
        return None
    return (name,), True


def _numbers_in_brackets(cell: str) -> tuple[str, ...]:
    try:
        numbers = json.loads(cell.strip().replace("(", "[").replace(")", "]") or "[]")
    except ValueError:
        return ()
    return tuple(map(str, numbers)) if isinstance(numbers, list) and len(numbers) == 4 else ()


def _columns(walk: FolderWalk, table: TextTable, asked: Asked, path: Path) -> _Columns:
    found = _places(table.frame)
    if found is None:
        raise no_annotations(path, looked_for=_LOOKED_FOR, received=", ".join(map(repr, table.frame.columns)))
    places, are_sizes = found
    image = path_column_of(table, asked.path_column, path)
    plain = {plain_name(name): name for name in table.frame.columns if name not in {*places, image}}
    is_asked = asked.label_column in plain.values()
    if not is_asked and asked.label_column != DEFAULT_LABEL:
        raise no_column(table.frame, asked.label_column, path, role="label")
    labels = (
        [asked.label_column]
        if is_asked
        else named_columns(table.frame, (*LABEL_NAMES, frozenset({"name", "object"})), {*places, image})
    )
    if not labels:
        walk.remark("one_class", [path.relative_to(walk.root).as_posix()], f"every box is of class '{_ONLY_CLASS}'")
    split = optional_column(table.frame, asked.split_column, "split", path)
    split = split or split_by_cells(table.frame, {*places, image, *labels})
    size = next((pair for pair in _IMAGE_SIZES if plain.keys() >= set(pair)), ())
    return _Columns(
        image,
        labels[0] if labels else None,
        places,
        are_sizes,
        tuple(plain[name] for name in size),
        split,
        optional_column(table.frame, asked.group_column, "group", path),
        plain.get(_CROWD),
    )


def _rows(frame: pd.DataFrame, columns: _Columns, path: Path) -> Iterator[_Row]:
    parts = parts_of_rows(frame[columns.split], plain_name(columns.split), path) if columns.split else [""] * len(frame)
    for row, part in zip(frame.to_dict("records"), parts, strict=True):
        cells = tuple("" if is_missing(row[name]) else row[name].strip() for name in columns.places)
        yield _Row(
            row[columns.path],
            row[columns.label].strip() if columns.label else _ONLY_CLASS,
            _numbers_in_brackets(cells[0]) or ("", "", "", "") if len(cells) == 1 else cells,
            (_whole(row[columns.size[0]]), _whole(row[columns.size[1]])) if columns.size else (0, 0),
            part,
            row[columns.group] if columns.group else "",
            bool(columns.crowd) and row[columns.crowd].strip() in {"1", "1.0", "True", "true"},
        )


def _located(walk: FolderWalk, table: str, asked: Asked) -> list[_Located]:
    """The rows of a table whose image is there; remarks about the others.

    Raises:
        AnnotationsError: places are percent.
    """
    path = walk.root / table
    text = _named(read_text_table(path))
    columns = _columns(walk, text, asked, path)
    rows = list(_rows(text.frame, columns, path))
    folder = PurePosixPath(table).parent.as_posix()
    resolved = resolve_paths(
        (row.image for row in rows), root=walk.root, table=path, folder="" if folder == "." else folder
    )
    walk.remarks.update(resolved.remarks)
    for text_of_image in resolved.missing:
        walk.remark("annotation_without_picture", [table], f"lists '{text_of_image}'")
    are_shares = _are_shares(rows)
    located = []
    for row in rows:
        image = resolved.path_of.get(row.image)
        if image is None:
            continue
        box = _box(walk, row, image) if any(row.places) else None
        if box is not None and columns.are_sizes:
            box = box._replace(x_max=round(box.x_min + box.x_max, 6), y_max=round(box.y_min + box.y_max, 6))
        if box is not None and are_shares:
            box = in_pixels(box, walk.root / image)
        located.append(_Located(image, box, row.size, row.part, row.group))
    if not are_shares:
        require_no_percent(walk, table, [(it.path, it.box, it.size) for it in located if it.box])
    return located


def _box(walk: FolderWalk, row: _Row, image: str) -> Box | None:
    """The numbers of a row as they stand there; a remark where they are none."""
    box = box_of(row.name, row.places)
    if box is None or not row.name:
        walk.remark("broken_box", [image], f"{row.name!r} at {', '.join(row.places)}")
        return None
    return box._replace(ignored=CROWD) if row.is_crowd else box


def _are_shares(rows: Iterable[_Row]) -> bool:
    """Whether places are shares of the image's sides: none is beyond 1, and some are no whole numbers."""
    boxes = [box for row in rows if any(row.places) and (box := box_of(row.name, row.places)) is not None]
    places = [place for box in boxes for place in (box.x_min, box.y_min, box.x_max, box.y_max)]
    return bool(places) and max(map(abs, places)) <= 1 and any(isinstance(place, float) for place in places)


def _part_of_table(table: str) -> str:
    path = PurePosixPath(table)
    return part_of(table) or part_like(path.stem)


def _whole(text: str) -> int:
    try:
        number = float(text)
    except ValueError:
        return 0
    return int(number) if 0 < number < 2**31 else 0
