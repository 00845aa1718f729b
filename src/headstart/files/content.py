"""The bytes of a file, its SHA-256, and which file a name in another file may stand for."""

import hashlib
import reprlib
import stat
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

MEGABYTE = 2**20
MAX_BYTES = 64 * MEGABYTE
_MAX_SHOWN = 120  # characters
_MAX_NAME = 255  # characters; no file system allows more


class UnusableFileError(ValueError):
    """A file does not hold what this program writes; the caller turns it into an error of `headstart.errors`.

    Args:
        expected: what would have been right.
        received: what the file holds, on one short line.
        is_newer: whether a newer version of this package wrote it.
    """

    def __init__(self, expected: str, received: str, *, is_newer: bool = False) -> None:
        self.expected = expected
        self.received = received
        self.is_newer = is_newer
        super().__init__(f"Expected {expected}. Received: {received}")

    def hint(self, otherwise: str) -> str:
        """The hint: install a newer version if one wrote the file, otherwise the given text."""
        return "Run `pip install --upgrade headstart`." if self.is_newer else otherwise


class OtherArrayError(UnusableFileError):
    """An array is sound, and of another shape or type than the one that was asked for."""


def read_bounded(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """The content of a regular file.

    Args:
        path: the file. A pipe or a device, which could be read forever, is refused.
        max_bytes: of the file; a larger one is refused before it is read.

    Raises:
        UnusableFileError: there is no such file, it cannot be read, or it is too large.
    """
    num_bytes = size_of(path)
    if num_bytes <= max_bytes:
        try:
            with path.open("rb") as file:
                content = file.read(max_bytes + 1)
        except OSError as error:
            raise UnusableFileError("a file that can be read", shown_error(error)) from error
        if len(content) <= max_bytes:
            return content
    raise UnusableFileError(f"a file of at most {max_bytes / MEGABYTE:g} MB", f"{num_bytes:,} bytes")


def size_of(path: Path) -> int:
    """Bytes of a regular file.

    Raises:
        UnusableFileError: there is none at this path.
    """
    try:
        facts = path.stat()
    except FileNotFoundError:
        raise UnusableFileError("a file", "no such file") from None
    except (OSError, ValueError) as error:
        raise UnusableFileError("a file", shown_error(error)) from error
    if not stat.S_ISREG(facts.st_mode):
        raise UnusableFileError("a file", "a folder" if stat.S_ISDIR(facts.st_mode) else "a pipe or a device")
    return facts.st_size


def file_sha256(*paths: Path) -> str:
    """SHA-256 of a file, or of several one after the other, in hexadecimal digits.

    Raises:
        OSError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()


def sha256_or(otherwise: str, *paths: Path) -> str:
    """The same as `file_sha256`, or the text `otherwise` if one of the paths is no file that can be read.

    A pipe or a device, which could be read forever, counts as no file.
    """
    try:
        return file_sha256(*paths) if all(path.is_file() for path in paths) else otherwise
    except OSError:
        return otherwise


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a path is a folder or lies in it, after all links are followed. Neither has to exist."""
    return path.resolve().is_relative_to(folder.resolve())


def inside(folder: Path, name: str) -> Path:
    """The file or folder that a name in one of the folder's files stands for.

    Args:
        folder: that the name must not lead out of.
        name: relative, with `/` between its parts. `..`, absolute paths, drives and links out of `folder` are refused.

    Raises:
        UnusableFileError: the name leads out of the folder, or is no name.
    """
    parts = PurePosixPath(name).parts
    is_plain = bool(parts) and not {"\0", "\\"} & set(name) and not PureWindowsPath(name).drive
    is_short = all(len(part) <= _MAX_NAME for part in parts)
    path = folder / name
    try:
        if is_plain and is_short and ".." not in parts and is_inside(path, folder):
            return path
    except (OSError, RuntimeError, ValueError):  # links that lead in a circle
        pass
    raise UnusableFileError(f"the name of a file inside '{folder}'", shown(name))


def refuse_outside(names: Iterable[str]) -> None:
    """Refuses names of files that may lead out of the folder they are relative to, without a look at the disk.

    Args:
        names: with `/` between their parts. Unlike `inside`, links in the folder may lead anywhere.

    Raises:
        UnusableFileError: a name is empty or absolute, or has a part `..` or a zero byte.
    """
    for name in names:
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or parts[0] == "/" or "\0" in name:
            raise UnusableFileError("names of files inside the data folder", shown(name))


def shown(value: object) -> str:
    """A value on one short line, whatever its size."""
    try:
        text = repr(value[:_MAX_SHOWN]) if isinstance(value, str) else reprlib.repr(value)
    except ValueError:  # Python writes no whole number of more than 4300 digits
        text = f"a very large {type(value).__name__}"
    return text[:_MAX_SHOWN]


def shown_error(error: BaseException) -> str:
    """Class and first line of an error."""
    return f"{type(error).__name__}: {error}".partition("\n")[0][:_MAX_SHOWN]
