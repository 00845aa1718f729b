"""Errors of the operating system about a full or protected disk, as errors with a hint."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headstart.errors import HeadstartError, StorageFullError, StoragePermissionError

_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
# Permission is one of many ways in which a place refuses a file: read-only, or something else is in the way.
_REFUSED = frozenset(
    {
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.ENOTEMPTY,
        errno.ENAMETOOLONG,
        errno.ELOOP,
        errno.ENOENT,
        errno.ENXIO,
        errno.EIO,
    }
)
_MAX_LENGTH = 200


@contextmanager
def storage_errors(
    path: Path, *, room: str, full_hint: str, place_hint: str = "Choose another place with --out."
) -> Iterator[None]:
    """Turns what the disk refuses below into an error with advice.

    Args:
        path: what is written to. An error about a file that is neither in it nor above it is no matter of its disk.
        room: how much of the disk is needed, in words.
        full_hint: what to do when the disk is full.
        place_hint: what to do when the place cannot be written to.

    Raises:
        StorageFullError: no room is left where `path` lies.
        StoragePermissionError: `path` cannot be written to.
    """
    try:
        yield
    except HeadstartError:
        raise  # it names what is full or protected better than this place could
    except Exception as error:
        if is_full(error):
            raise StorageFullError(
                f"The disk with '{path}' is full.",
                expected=room,
                received=f"{type(error).__name__}: {error}".splitlines()[0][:_MAX_LENGTH],
                hint=full_hint,
            ) from error
        if isinstance(error, OSError) and _is_refused(error, path):
            raise StoragePermissionError(
                f"'{error.filename or path}' cannot be written to.",
                expected="a folder with write permission",
                received=str(error),
                hint=place_hint,
            ) from error
        raise


def is_full(error: BaseException) -> bool:
    """Whether an error, or one that caused it, means that the disk is full; HDF5 says it in words only."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    if "No space left on device" in str(error):
        return True
    cause = error.__cause__ or error.__context__
    return cause is not None and is_full(cause)


def _is_refused(error: OSError, path: Path) -> bool:
    if isinstance(error, PermissionError):
        return True
    if error.errno not in _REFUSED or error.filename is None:
        return False
    names = [Path(str(name)).absolute() for name in (error.filename, error.filename2) if name is not None]
    target = path.absolute()
    return any(name.is_relative_to(target) or target.is_relative_to(name) for name in names) or any(
        name.parent == target.parent for name in names
    )
