"""TOML files, bounded in size and nesting."""

import tomllib
from pathlib import Path

from headstart.stored.content import UnusableFileError, read_bounded, shown_error

MAX_BYTES = 2**18  # a hundred times a recipe with every setting


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
