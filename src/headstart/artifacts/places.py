"""Facts about a model without the folders of its files, so that an artifact reveals no folder and no user name."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

# A folder of this machine, or of another system; a URL is none.
_ABSOLUTE = re.compile(r"^(/|~|\\\\|[A-Za-z]:[\\/]|file:)")
# Of a recipe, fields that the user fills with a place, which may be relative: "../customer/photos".
_PLACES = (("recipe", "data", "path"), ("recipe", "backbone", "weights"), ("weights", "source"))


def without_places(facts: Mapping[str, object]) -> dict[str, Any]:
    """A copy of provenance in which every path is the bare name of its file or folder.

    Args:
        facts: values as JSON has them.

    Example:
        >>> without_places({"recipe": {"data": {"path": "/home/ann/photos"}}, "licence": "https://a.org/b"})
        {'recipe': {'data': {'path': 'photos'}}, 'licence': 'https://a.org/b'}
    """
    return {name: _bare(value, (name,)) for name, value in facts.items()}


def _bare(value: object, place: tuple[str, ...]) -> object:
    if isinstance(value, Mapping):
        return {name: _bare(inner, (*place, str(name))) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_bare(inner, place) for inner in value]
    if isinstance(value, str) and (place in _PLACES or _ABSOLUTE.match(value)):
        return _name(value)
    return value


def _name(text: str) -> str:
    """The last part of a path, of whichever system; "" for one that has none, such as "/" or "..".

    A backslash may be part of a name on Linux, where the part behind it tells less, not more.
    """
    name = PureWindowsPath(PurePosixPath(text).name).name
    return "" if name == ".." or name.startswith("~") else name
