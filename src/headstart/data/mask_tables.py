"""Files beside masks that name their values or colours: lists, tables of colours, JSON files."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from headstart.data.annotated import broken_file
from headstart.data.mask_files import COLOUR
from headstart.data.walking import FolderWalk
from headstart.errors import AnnotationsError

# Stems of files in which data sets and tools name classes, likeliest first.
_STEMS = (
    *("labelmap", "label_map", "class_dict", "class_dict_seg", "_classes", "classes", "class_names", "classnames"),
    *("labels", "label_names", "label_colors", "label_colours", "codes", "categories", "id2label", "label2id"),
    *("colors", "colours", "palette", "dataset", "meta", "ontology", "objectinfo150", "names"),
)
_SUFFIXES = (".txt", ".csv", ".tsv", ".json", ".names")
_MAX_BYTES = 1 << 22
_IMAGE_ENDING = re.compile(r"\.(?:png|jpe?g|tiff?|bmp)\b", re.IGNORECASE)

_RGB = r"(?P<r>\d{1,3})[\s,;]+(?P<g>\d{1,3})[\s,;]+(?P<b>\d{1,3})"
# Each must fit every line. CVAT's labelmap.txt; CamVid's label_colors.txt; a name and its colour; a number and a name.
_LINES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<name>[^:]+):{_RGB}(?::.*)?",
        rf"{_RGB}[\s,;]+(?P<name>\D.*)",
        rf"(?P<name>.*\D)[\s,;:]+{_RGB}",
        r"(?P<value>\d{1,5})\s*[:=,;\t ]\s*(?P<name>[^\d\s].*)",
        r"(?P<name>.+)",
    )
)
_NAME_KEYS = ("name", "class name", "class", "label", "label name", "title", "category", "classes", "labels")
_VALUE_KEYS = ("pixel value", "value", "pixel", "id", "class id", "label id", "idx", "index")
_COLOUR_KEYS = ("color", "colour", "rgb", "hex", "color hex code", "rgb value")
_INNER_KEYS = ("id2label", "labels", "classes", "categories", "names", "label2id", "colors", "palette")


@dataclass(frozen=True)
class Names:
    """The class names and values that one file states.

    Attributes:
        file: POSIX, relative to the root.
        by_value: value → name.
        by_colour: packed colour → name.
        in_order: names in the order of the file, where it states no values.
    """

    file: str
    by_value: dict[int, str] = field(default_factory=dict)
    by_colour: dict[int, str] = field(default_factory=dict)
    in_order: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.by_value or self.by_colour or self.in_order)


def find_names(walk: FolderWalk, files: Iterable[str]) -> list[Names]:
    """Every file of names among the files of a data folder, the likeliest first.

    Raises:
        AnnotationsError: a list of names cannot be read, or two of the same name differ.
    """
    found: list[Names] = []
    for file in sorted(filter(_is_named_so, files), key=lambda file: (_rank(file), file.count("/"), file)):
        names = _read(walk, file)
        same = next((it for it in found if PurePosixPath(it.file).name == PurePosixPath(file).name), None)
        if names and same and _facts(same) != _facts(names):
            raise AnnotationsError(
                f"'{same.file}' and '{file}' have different class names.",
                expected="the same names for all parts",
                received="two files that differ",
                hint="Export all parts of the data set together.",
            )
        if names and not same:
            found.append(names)
    return found


def packed(red: int, green: int, blue: int) -> int:
    """A colour as `pixel_values` gives it."""
    return COLOUR + (red << 16) + (green << 8) + blue


def _facts(names: Names) -> tuple[object, ...]:
    return names.by_value, names.by_colour, names.in_order


def _is_named_so(file: str) -> bool:
    path = PurePosixPath(file)
    return path.suffix.lower() in _SUFFIXES and path.stem.lower() in _STEMS


def _rank(file: str) -> int:
    return _STEMS.index(PurePosixPath(file).stem.lower())


def _read(walk: FolderWalk, file: str) -> Names | None:
    path = walk.root / file
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise broken_file(path, error, expected="names of classes, one a line") from error
    try:
        names = _READERS[path.suffix.lower()](file, text)
    except (ValueError, TypeError, KeyError, RecursionError, csv.Error):
        names = None
    if not names and text.strip() and _rank(file) <= _STEMS.index("class_names"):
        walk.remark("names_not_read", [file], "contains no class names in a known form")
    return names


def _from_lines(file: str, text: str) -> Names | None:
    if _IMAGE_ENDING.search(text):
        return None  # a list of images with their labels
    table = _from_table(file, text) if "\t" in text.partition("\n")[0] else None
    if table:
        return table
    lines = [line.strip() for line in text.splitlines() if not re.match(r"\s*#\s", line)]
    filled = list(filter(None, lines))
    pattern = next((it for it in _LINES if all(map(it.fullmatch, filled))), None)
    matches = [pattern.fullmatch(line) if line else None for line in lines] if pattern else []
    rows = [match.groupdict() if match else None for match in matches]
    if not any(rows):
        return None
    if any(row and "value" in row for row in rows):
        return Names(file, by_value={int(row["value"]): row["name"].strip() for row in rows if row})
    if any(row and "r" in row for row in rows):
        return _coloured(file, [(row["name"], (row["r"], row["g"], row["b"])) for row in rows if row])
    return Names(file, in_order=tuple(row["name"] if row else "" for row in rows))


def _from_table(file: str, text: str) -> Names | None:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(row)]
    header = [_key(cell) for cell in rows[0]]
    if not set(header) & {*_NAME_KEYS, "r", "red"}:
        lines = "\n".join(" ".join(row) for row in rows)
        return _from_lines(file, lines)
    return _from_records(file, [dict(zip(header, row, strict=False)) for row in rows[1:]])


def _from_records(file: str, records: list[dict[str, object]]) -> Names | None:
    named = [(name, it) for it in records if (name := _first(it, _NAME_KEYS))]
    if not named or len(named) < len(records):
        return None
    values = [_whole(_first(it, _VALUE_KEYS)) for _, it in named]
    colours = [_colour(_first(it, _COLOUR_KEYS)) or _channels(it) for _, it in named]
    names = [str(name).strip() for name, _ in named]
    # The numbers of tools such as Supervisely (500123) are no values of masks.
    by_value = {value: name for name, value in zip(names, values, strict=True) if value is not None and value < 65536}
    return Names(
        file,
        by_value=by_value if len(by_value) == len(names) else {},
        by_colour={colour: name for name, colour in zip(names, colours, strict=True) if colour is not None},
        in_order=() if len(by_value) == len(names) else tuple(names),
    )


def _from_json(file: str, text: str) -> Names | None:
    return _from_value(file, json.loads(text))


def _from_value(file: str, content: object) -> Names | None:
    if isinstance(content, list) and content:
        return _from_list(file, content)
    if not isinstance(content, dict) or not content or {"images", "annotations"} <= content.keys():
        return None  # nothing, or a COCO file
    inner = (_from_value(file, content[key]) for key in _INNER_KEYS if key in content)
    return _from_mapping(file, content) or _from_two_lists(file, content) or next(filter(None, inner), None)


def _from_list(file: str, content: list[object]) -> Names | None:
    names = [item for item in content if isinstance(item, str)]
    if len(names) == len(content):
        return Names(file, in_order=tuple(names))
    records = [item for item in content if isinstance(item, dict)]
    if len(records) == len(content):
        return _from_records(file, [{_key(key): value for key, value in it.items()} for it in records])
    return None


def _from_two_lists(file: str, content: Mapping[str, object]) -> Names | None:
    """{"classes": ["cat"], "colors": [[255, 0, 0]]}."""
    names = next((content[key] for key in ("classes", "names", "labels") if key in content), None)
    colours = content.get("colors")
    if not (isinstance(names, list) and isinstance(colours, list) and len(names) == len(colours)):
        return None
    return _coloured(file, list(zip(names, colours, strict=True))) if all(isinstance(it, str) for it in names) else None


def _from_mapping(file: str, content: Mapping[str, object]) -> Names | None:
    """{"cat": 1}, {"1": "cat"}, {"cat": [255, 0, 0]} or {"cat": "#ff0000"}."""
    whole = {name: _whole(value) for name, value in content.items()}
    if all(value is not None and not isinstance(content[name], str) for name, value in whole.items()):
        return Names(file, by_value={value: name for name, value in whole.items() if value is not None})
    if all(name.isdecimal() and isinstance(value, str) for name, value in content.items()):
        return Names(file, by_value={int(name): str(value) for name, value in content.items()})
    if all(_colour(value) is not None for value in content.values()):
        return _coloured(file, list(content.items()))
    return None


def _coloured(file: str, pairs: list[tuple[str, object]]) -> Names:
    colours = {colour: name.strip() for name, value in pairs if (colour := _colour(value)) is not None}
    return Names(file, by_colour=colours, in_order=tuple(name.strip() for name, _ in pairs))


def _key(text: object) -> str:
    return re.sub(r"[\W_]+", " ", str(text)).strip().lower()


def _first(record: Mapping[str, object], keys: Iterable[str]) -> object:
    return next((record[key] for key in keys if record.get(key) not in (None, "")), None)


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return int(value) if re.fullmatch(r"\d{1,9}", str(value).strip()) else None


def _channels(record: Mapping[str, object]) -> int | None:
    channels = [_first(record, keys) for keys in (("r", "red"), ("g", "green"), ("b", "blue"))]
    return _colour(channels)


def _colour(value: object) -> int | None:
    """Packed colour of "#ff0000", "255,0,0", "(255, 0, 0)" or `[255, 0, 0]`; None for anything else."""
    if isinstance(value, str):
        if match := re.fullmatch(r"#?([0-9a-fA-F]{6})(?:[0-9a-fA-F]{2})?", value.strip()):
            return COLOUR + int(match[1], 16)
        value = re.findall(r"\d+", value) if re.fullmatch(r"[\d\s,;()\[\]]+", value) else ()
    if not isinstance(value, list | tuple) or len(value) not in {3, 4}:
        return None
    channels = [_whole(channel) for channel in value]
    if any(channel is None or channel > 255 for channel in channels):
        return None
    return packed(*[channel for channel in channels[:3] if channel is not None])


_READERS: dict[str, Callable[[str, str], Names | None]] = {
    ".txt": _from_lines,
    ".names": _from_lines,
    ".csv": _from_table,
    ".tsv": _from_table,
    ".json": _from_json,
}
