"""Files and folders that are complete or absent, also if several processes write the same ones."""

import errno
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

# Of what is being written; a leading dot keeps it out of every search for images.
PARTIAL_PREFIX = ".partial-"
_SECONDS_UNTIL_STALE = 24 * 3600.0


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A new, empty file beside `path` to write into. It takes the place of `path` in one step if the block succeeds.

    Its name belongs to this call alone, so that two processes that write one file both succeed and the file is one of
    the two, whole. If the block fails, `path` stays as it was.
    """
    partial = _unused(path)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)  # on a full disk, every byte counts
        raise


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A new, empty folder beside `path` to write into. It becomes `path` in one step if the block succeeds.

    Raises:
        FileExistsError: `path` holds something by then; it stays as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _unused(path)
    partial.mkdir()
    try:
        yield partial
        _take_place(partial, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def claim_folder(parent: Path, name: str) -> Path:
    """Makes the first folder `parent/name-NUMBER` that does not exist yet, counted from 1; no two callers get one."""
    parent.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        path = parent / f"{name}-{number}"
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise AssertionError("unreachable: numbers do not end")


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file in one step."""
    with whole_file(path) as partial:
        partial.write_bytes(content)


def write_text(path: Path, text: str, *, errors: str = "strict") -> None:
    """Writes a text file in UTF-8 in one step; line feeds stay as they are on every system.

    Args:
        path: of the file.
        text: its content.
        errors: what becomes of halves of surrogate pairs, as `str.encode` takes it.
    """
    write_bytes(path, text.encode("utf-8", errors))


def write_json(path: Path, content: object, *, indent: int = 2) -> None:
    """Writes JSON in one step."""
    write_text(path, json.dumps(content, indent=indent, ensure_ascii=False) + "\n", errors="backslashreplace")


def remove_stale_partials(folder: Path) -> None:
    """Deletes what processes that were killed left half written in a folder, once it is a day old."""
    for partial in folder.glob(f"{PARTIAL_PREFIX}*"):
        try:
            if time.time() - partial.stat().st_mtime > _SECONDS_UNTIL_STALE:
                partial.unlink()
        except OSError:  # another process was faster, or still owns it
            continue


def _unused(path: Path) -> Path:
    """A name beside `path` with the same ending, from which some libraries take the format; short, for long names."""
    return path.with_name(f"{PARTIAL_PREFIX}{os.getpid()}-{secrets.token_hex(6)}{path.suffix}")


def _take_place(partial: Path, path: Path) -> None:
    try:
        if sys.platform == "win32" and path.is_dir():
            path.rmdir()  # empty, or this raises; Windows renames onto no folder at all
        partial.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from error
        raise
