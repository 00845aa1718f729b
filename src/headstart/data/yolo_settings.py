"""What stands beside YOLO labels: names of classes, and where the images of each part are."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from headstart.data.annotated import broken_file
from headstart.data.part_names import part_named
from headstart.data.walking import FolderWalk
from headstart.data.yaml_text import Value, read_yaml
from headstart.data.yolo_lines import are_labels, text_lines
from headstart.errors import AnnotationsError

YAML_SUFFIXES = (".yaml", ".yml")
_USUAL_YAMLS = frozenset({"data.yaml", "data.yml", "dataset.yaml", "dataset.yml"})
_NAME_FILES = ("classes.txt", "obj.names", "_darknet.labels", "names.txt", "class_names.txt", "labels.txt")
_ENTRY = re.compile(r"^(?:names|train|val|valid|validation|test)\s*:", re.MULTILINE)
_MAX_DEPTH = 3


@dataclass(frozen=True)
class Settings:
    """The settings that one file states.

    Attributes:
        file: POSIX, relative to the root.
        names: number → name of the class.
        places: `(part, folder or file)` for every entry, as written.
        path: what the places start from, as written; "" where nothing is said.
        num_classes: as stated; None where nothing is said.
        num_keypoint_values: numbers for the keypoints of an object; 0 for none.
        names_file: file with the names, as written; "" for none.
    """

    file: str
    names: dict[int, str] = field(default_factory=dict)
    places: tuple[tuple[str, str], ...] = ()
    path: str = ""
    num_classes: int | None = None
    num_keypoint_values: int = 0
    names_file: str = ""

    def stated_places(self) -> tuple[object, ...]:
        """Everything that decides where the parts are."""
        return self.places, self.path, PurePosixPath(self.file).parent


def find_settings(walk: FolderWalk, files: Iterable[str], chosen: str | None = None) -> Settings | None:
    """The settings of the YAML file or the .data file of a data set; None if there is none.

    Args:
        walk: of the data folder; what is odd is remarked.
        files: all files of the data set.
        chosen: the file to use; None: the only one, or the first where all of them agree.

    Raises:
        AnnotationsError: a file cannot be read, or two files contradict each other.
    """
    if chosen is not None:
        return _read(walk, chosen, is_certain=True)
    near = sorted((file for file in files if file.count("/") < _MAX_DEPTH), key=lambda file: (file.count("/"), file))
    yamls = [file for file in near if file.lower().endswith(YAML_SUFFIXES)]
    read = [_read(walk, file, is_certain=PurePosixPath(file).name.lower() in _USUAL_YAMLS) for file in yamls]
    if not any(read):
        read = [_data_file(walk, file) for file in near if file.lower().endswith(".data")]
    found = [settings for settings in read if settings is not None]
    if len(found) > 1:
        _require_agreement(walk, found)
    return found[0] if found else None


def class_names(walk: FolderWalk, settings: Settings | None, texts: Iterable[str]) -> dict[int, str]:
    """Number → name of the classes; empty where no file says it.

    Args:
        walk: of the data folder; what is odd is remarked.
        settings: of the data set.
        texts: files that are no labels of an image.

    Raises:
        AnnotationsError: a file cannot be read, two contradict each other, or a YAML file has no names and no other
            file has any.
    """
    lists = {file: _names_in_text(walk, file) for file in _name_files(settings, texts)}
    named = {file: names for file, names in lists.items() if names}
    if settings is not None and settings.names:
        named = {settings.file: settings.names, **named}
    if not named:
        if settings is not None and settings.file.lower().endswith(YAML_SUFFIXES):
            raise _no_names(walk, settings.file)
        return {}
    (first, names), *others = named.items()
    for other, also in others:
        differing = [number for number in sorted(names.keys() & also.keys()) if names[number] != also[number]]
        if differing:
            raise _contradiction(walk, (first, other), f"class {differing[0]}", (names, also))
    _remark_names(walk, first, names, settings)
    return names


def is_names_file(file: str) -> bool:
    """Whether a text file is named like those with one class a line."""
    name = PurePosixPath(file).name.lower()
    return name in _NAME_FILES or name.endswith(".names")


def _read(walk: FolderWalk, file: str, *, is_certain: bool) -> Settings | None:
    """The settings of a YAML file; None if its content is no description of a data set."""
    path = walk.root / file
    try:
        content = read_yaml(path)
    except (ValueError, OSError) as error:
        if is_certain or _mentions_entries(walk, file):
            raise broken_file(path, error, expected="a YAML file such as: names: [cat, dog]") from error
        return None
    entries = content if isinstance(content, dict) else {}
    parts = {key: part_named(key, beside=entries) for key in entries}
    places = tuple((parts[key], place) for key, value in entries.items() if parts[key] for place in _texts(value))
    names = entries.get("names")
    if not (is_certain or names is not None or len({part for part, _ in places}) > 1):
        return None
    names_file = names if isinstance(names, str) and "." in names else ""
    return Settings(
        file,
        {} if names_file or names is None else _names(walk, file, names),
        places,
        _text(entries.get("path")),
        _whole_number(entries.get("nc")),
        _num_keypoint_values(entries.get("kpt_shape")),
        names_file,
    )


def _data_file(walk: FolderWalk, file: str) -> Settings | None:
    """The settings of a darknet .data file, one `key = value` per line."""
    try:
        lines = text_lines((walk.root / file).read_bytes())
    except (UnicodeDecodeError, OSError):
        return None
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith("#")]
    entries = {key.strip(): value.strip() for key, value in pairs}
    parts = {key: part_named(key, beside=entries) for key in entries}
    if not {"names", "classes"} & entries.keys() and not any(parts.values()):
        return None
    places = tuple((parts[key], value) for key, value in entries.items() if parts[key] and value)
    num_classes = _whole_number(entries.get("classes"))
    return Settings(file, {}, places, num_classes=num_classes, names_file=entries.get("names", ""))


def _mentions_entries(walk: FolderWalk, file: str) -> bool:
    try:
        with (walk.root / file).open("rb") as stream:
            return _ENTRY.search(stream.read(2**18).decode("utf-8", "replace")) is not None
    except OSError:
        return False


def _names(walk: FolderWalk, file: str, value: Value) -> dict[int, str]:
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = [(str(number), name) for number, name in enumerate(value)]
    else:
        raise _no_names(walk, file)
    names: dict[int, str] = {}
    for key, name in items:
        number, text = _whole_number(key), _text(name).strip()
        if number is None or not _is_name(text) or number in names:
            raise AnnotationsError(
                f"'{walk.root / file}' has a class that cannot be used.",
                expected="under 'names' a whole number and a name for each class, such as '0: cat'",
                received=f"{key}: {'nothing' if name is None else ascii(name)[:60]}",
                hint="Correct the entry. A class whose name is null or empty needs quotes or another name.",
            )
        names[number] = text
    return dict(sorted(names.items()))


def _names_in_text(walk: FolderWalk, file: str) -> dict[int, str]:
    path = walk.root / file
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise broken_file(path, error, expected="names of classes, one a line, in UTF-8") from error
    if are_labels(line for line in lines if line.strip()):
        return {}
    names = {number: line.strip() for number, line in enumerate(lines) if line.strip()}
    unusable = next((name for name in names.values() if not _is_name(name)), None)
    if unusable is not None:
        raise broken_file(path, f"the name {unusable!a}", expected="names of classes, one a line, in UTF-8")
    return names


def _is_name(text: str) -> bool:
    """Whether a text has characters, and none that a terminal or a file could not take."""
    return bool(text) and not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)


def _name_files(settings: Settings | None, texts: Iterable[str]) -> list[str]:
    """Files with one name per line, the one that the settings name first, then the nearest to the root."""
    stated = PurePosixPath(settings.names_file.replace("\\", "/")).name.lower() if settings else ""
    found = []
    for file in texts:
        name = PurePosixPath(file).name.lower()
        if is_names_file(file) or name == stated:
            found.append((name != stated, file.count("/"), file))
    return [file for *_, file in sorted(found)]


def _require_agreement(walk: FolderWalk, found: list[Settings]) -> None:
    first = found[0]
    for other in found[1:]:
        if first.names and other.names and first.names != other.names:
            raise _contradiction(walk, (first.file, other.file), "the classes", (first.names, other.names))
        if first.places and other.places and first.stated_places() != other.stated_places():
            ours, theirs = ("; ".join(f"{part}: {place}" for part, place in it.places) for it in (first, other))
            raise _contradiction(walk, (first.file, other.file), "the parts", (ours, theirs))
    others = ", ".join(f"'{other.file}'" for other in found[1:])
    walk.remark("several_settings", [first.file], f"is used; {others} is not")


def _remark_names(walk: FolderWalk, file: str, names: dict[int, str], settings: Settings | None) -> None:
    stated = settings.num_classes if settings else None
    if settings and stated is not None and stated != len(names):
        walk.remark("class_count", [settings.file], f"states {stated} classes; '{file}' has {len(names)} names")
    numbers: dict[str, list[int]] = {}
    for number, name in names.items():
        numbers.setdefault(name, []).append(number)
    for name, same in numbers.items():
        if len(same) > 1:
            walk.remark("repeated_name", [file], f"'{name}' is class {' and '.join(map(str, same))}")


def _contradiction(
    walk: FolderWalk, files: tuple[str, str], what: str, values: tuple[object, object]
) -> AnnotationsError:
    yamls = [file for file in files if file.lower().endswith(YAML_SUFFIXES)]
    choose = f" To use one YAML file and no other, name it: headstart train '{walk.root / yamls[0]}'." if yamls else ""
    return AnnotationsError(
        f"'{files[0]}' and '{files[1]}' in '{walk.root}' disagree about {what}.",
        expected="files that agree",
        received=f"{values[0]!s:.120} and {values[1]!s:.120}",
        hint=f"Correct or delete one of them.{choose}",
    )


def _no_names(walk: FolderWalk, file: str) -> AnnotationsError:
    return AnnotationsError(
        f"'{walk.root / file}' contains no class names.",
        expected="'names:' with a list, such as names: [cat, dog], or with a line '0: cat' for each",
        received="no such entry that can be read",
        hint="Correct the file, or write the names into classes.txt, one per line.",
    )


def _texts(value: Value) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [it for it in values if isinstance(it, str) and it.strip()]


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _whole_number(value: Value) -> int | None:
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value, re.ASCII) else None


def _num_keypoint_values(value: Value) -> int:
    numbers = [_whole_number(it) or 0 for it in value] if isinstance(value, list) else []
    return numbers[0] * numbers[1] if len(numbers) == 2 else 0
