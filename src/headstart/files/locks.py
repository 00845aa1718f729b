"""One process at a time for a folder. A lock ends with its process, however that ends."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headstart.errors import InUseError

# Of file systems that cannot lock, such as some network shares: there the folder is used without a lock.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.EBADF, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.EACCES})
_LOCK_ENDING = ".lock"  # on Windows, where a folder itself cannot be locked


@contextmanager
def sole_use(folder: Path, *, purpose: str, hint: str) -> Iterator[None]:
    """Keeps other processes from using a folder in the same way while the block runs.

    Nothing that a killed process could leave behind says that the folder is in use: the operating system forgets the
    lock with the process. Readers are not kept out.

    Args:
        folder: it exists.
        purpose: what happens in it, after "Another process".
        hint: what to do next.

    Raises:
        InUseError: another process holds the lock.
        FileNotFoundError: the folder does not exist.
    """
    handle = _open(folder)
    try:
        if not _locked(handle) or not _is_there(handle, folder):
            raise InUseError(
                f"Another process {purpose} '{folder}'.",
                expected="one process at a time",
                received="a folder that is locked by a running process",
                hint=hint,
            )
        yield
    finally:
        os.close(handle)  # which ends the lock


if sys.platform == "win32":
    import msvcrt

    def _open(folder: Path) -> int:
        # Beside the folder: an open file in it would keep it from being deleted or renamed.
        return os.open(folder.with_name(f".{folder.name}{_LOCK_ENDING}"), os.O_CREAT | os.O_RDWR)

    def _is_there(handle: int, folder: Path) -> bool:  # noqa: ARG001
        return folder.exists()

    def _locked(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _open(folder: Path) -> int:
        return os.open(folder, os.O_RDONLY)

    def _is_there(handle: int, folder: Path) -> bool:
        """Whether the folder is still the one that was opened, and not deleted by the process that had the lock."""
        try:
            return os.path.samestat(os.fstat(handle), folder.stat())
        except FileNotFoundError:
            return False

    def _locked(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        return True
