"""JSON and TOML files of this program: limited in size and nesting, and JSON checked against a schema."""

import json
import math
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from headstart.files.content import MAX_BYTES, UnusableFileError, read_bounded, shown, shown_error
from headstart.files.schema import Schema

MAX_DEPTH = 64
_MAX_DIGITS = 25  # of a whole number; seeds, sizes and times have fewer

Checked = TypeVar("Checked", bound=Schema)

_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_NO_BRACKETS = bytes(value for value in range(256) if value not in b"[]{}")


def read_json(path: Path, schema: type[Checked], *, max_bytes: int = MAX_BYTES) -> Checked:
    """The values of a JSON file, checked; see `read_plain` for the arguments.

    Raises:
        UnusableFileError: the file is missing, too large, no JSON, or does not fit the schema.
    """
    return check(read_plain(path, max_bytes=max_bytes), schema)


def read_plain(path: Path, *, max_bytes: int = MAX_BYTES, allow_nan: bool = False) -> Any:
    """The JSON object in a file: a dictionary of plain values whose types are not checked yet.

    Args:
        path: the file.
        max_bytes: of the file.
        allow_nan: whether numbers may be NaN or infinite.

    Raises:
        UnusableFileError: the file is missing, too large, no JSON, or no JSON object.
    """
    content = parse_json(read_bounded(path, max_bytes), allow_nan=allow_nan)
    if not isinstance(content, dict):
        raise UnusableFileError("a JSON object", shown(content))
    return content


def read_toml_tables(path: Path, *, max_bytes: int = MAX_BYTES) -> dict[str, object]:
    """Nested tables of a TOML file.

    Raises:
        UnusableFileError: the file is missing, too large, no TOML, or nested too deep.
    """
    content = read_bounded(path, max_bytes)
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnusableFileError("TOML", shown_error(error)) from error


def parse_json(content: bytes, *, allow_nan: bool = False) -> Any:
    """Plain values of JSON text in UTF-8.

    The nesting is counted before anything is parsed: what is nested thousands of times would exhaust Python's stack.

    Raises:
        UnusableFileError: it is no JSON, or nested more than 64 times, or holds a number that no file of ours has.
    """
    _check_depth(content)
    try:
        return json.loads(
            content.decode("utf-8"),
            parse_constant=float if allow_nan else _refuse_constant,
            parse_float=float if allow_nan else _finite,
            parse_int=_bounded,
        )
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnusableFileError):
            raise
        raise UnusableFileError("JSON", shown_error(error)) from None


def without_nan(content: object) -> object:
    """The values with None in place of every number that is not finite, because JSON has no such numbers."""
    if isinstance(content, dict):
        return {name: without_nan(value) for name, value in content.items()}
    if isinstance(content, list):
        return [without_nan(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def check(content: object, schema: type[Checked]) -> Checked:
    """Plain values as an instance of a schema.

    Raises:
        UnusableFileError: a value is missing, of another type, or out of its range; the first one is named.
    """
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        raise _unusable(error) from None


def _check_depth(content: bytes) -> None:
    brackets = _TEXT.sub(b"", content).translate(None, delete=_NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    if brackets:
        raise UnusableFileError(f"JSON nested at most {MAX_DEPTH} times, its brackets closed", "other brackets")


def _refuse_constant(text: str) -> float:
    raise UnusableFileError("finite numbers", text)


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse_constant(text[:25])


def _bounded(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise UnusableFileError(f"whole numbers of at most {_MAX_DIGITS} digits", shown(text))
    return int(text)


def _unusable(error: ValidationError) -> UnusableFileError:
    detail = error.errors(include_url=False, include_context=False)[0]
    name = ".".join(str(part) for part in detail["loc"])[:100]
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if detail["type"] == "missing":
        return UnusableFileError(f"a value '{name}'", f"no '{name}'")
    if not name:
        return UnusableFileError(message, shown(detail["input"]))
    received, version = f"{name} = {shown(detail['input'])}", detail["input"]
    # Every version but those that are known is later than they are, but for numbers below 1.
    is_newer = detail["loc"] == ("format_version",) and type(version) is int and version > 0
    return UnusableFileError(f"{name} {message}", received, is_newer=is_newer)
