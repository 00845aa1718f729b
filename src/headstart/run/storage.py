"""Writing files that are whole or absent, and what a full disk sounds like."""

import errno
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headstart.errors import HeadstartError, StorageFullError, StoragePermissionError

_FULL = (errno.ENOSPC, errno.EDQUOT)


def write_text(path: Path, text: str) -> None:
    """Writes a text file in one step: whoever reads it sees the old or the new text, never a part."""
    partial = path.with_name(f"partial-{path.name}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def write_json(path: Path, content: Any) -> None:
    """Writes JSON in one step."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


@contextmanager
def storage_errors(path: Path, *, hint: str | None = None) -> Iterator[None]:
    """Turns what a full or protected disk raises below into an error that says so.

    Args:
        path: what is written to.
        hint: what to do when the disk is full; None: how to go on with the run in `path`.

    Raises:
        StorageFullError: no room is left where `path` lies.
        StoragePermissionError: `path` may not be written to.
    """
    try:
        yield
    except HeadstartError:
        raise  # it says what is full or protected better than this place could
    except Exception as error:
        if is_full(error):
            raise StorageFullError(
                f"The disk with '{path}' is full.",
                expected="room for the run: a few times the size of the model" if hint is None else "a little room",
                received=f"{type(error).__name__}: {error}".splitlines()[0][:200],
                hint=hint or f"Free some room, then go on with `headstart resume {path}`; what was finished is kept.",
            ) from error
        if isinstance(error, PermissionError):
            raise StoragePermissionError(
                f"'{error.filename or path}' may not be written to.",
                expected="a folder you may write to",
                received=str(error),
                hint="Choose another place with --out.",
            ) from error
        raise


def is_full(error: BaseException) -> bool:
    """Whether an error, or one that caused it, says that the disk is full; HDF5 says it in words only."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    if "No space left on device" in str(error):
        return True
    cause = error.__cause__ or error.__context__
    return cause is not None and is_full(cause)
