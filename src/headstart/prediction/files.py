"""The files that paths and patterns name, one after the other, however many there are."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from glob import has_magic, iglob
from pathlib import Path

from headstart.errors import DataNotFoundError

Paths = Iterable[Path | str] | Path | str


def path_list(paths: Paths) -> list[Path | str]:
    """Several paths, or a single one, as a list that can be walked again."""
    return [paths] if isinstance(paths, str | Path) else list(paths)


def expand_paths(paths: Iterable[Path | str]) -> Iterator[Path]:
    """Every file that the paths name, each once, in the order given; hidden files in folders are passed over.

    Memory grows with the names in the largest single folder and with the matches of patterns, not with what lies below
    a folder.

    Raises:
        DataNotFoundError: a path does not exist, a folder or pattern holds no file, or a folder may not be read.
    """
    named: set[Path] = set()
    folders: list[Path] = []
    for path in map(str, paths):
        found = False
        is_folder = os.path.isdir(Path(path).expanduser())  # noqa: PTH112  Path.is_dir raises where the name is too long
        for file in _files_of(path):
            found = True
            if file in named or any(_shows(folder, file) for folder in folders):
                continue
            if not is_folder:
                named.add(file)
            yield file
        if is_folder:
            folders.append(Path(path).expanduser())
        if not found:
            raise _nothing_found(path, is_folder=is_folder)


def count_files(paths: Iterable[Path | str]) -> int:
    """How many files the paths name.

    Raises:
        DataNotFoundError: as `expand_paths`.
    """
    return sum(1 for _ in expand_paths(paths))


def fingerprint_files(paths: Iterable[Path | str]) -> str:
    """SHA-256 over the path, size and time of every file in order: another one means other images."""
    digest = hashlib.sha256()
    for file in expand_paths(paths):
        try:
            facts = file.stat()
            state = f"{facts.st_size} {facts.st_mtime_ns}"
        except OSError:
            state = "unreadable"
        digest.update(f"{path_text(file)}\n{state}\n".encode())
    return digest.hexdigest()


def path_text(path: Path) -> str:
    """A path that fits into every table: bytes of a name that are no UTF-8 are shown as such."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _files_of(text: str) -> Iterator[Path]:
    path = Path(text).expanduser()
    if os.path.isdir(path):  # noqa: PTH112
        yield from _files_below(path)
    elif os.path.lexists(path):  # a broken link, or a pipe: the error says why it is none
        yield path
    elif has_magic(text):
        matches = sorted(iglob(str(path), recursive=True))  # noqa: PTH207  Path.glob takes no absolute pattern
        yield from (Path(match) for match in matches if Path(match).is_file())


def _files_below(folder: Path) -> Iterator[Path]:
    """Visible files, those of a folder before those of its folders; links to folders are not followed."""
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        files, folders = _visible_names(current)
        yield from (current / name for name in files)
        waiting.extend(current / name for name in reversed(folders))


def _visible_names(folder: Path) -> tuple[list[str], list[str]]:
    files, folders = [], []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                # A link that is broken or leads to itself gets a row with the error; pipes and devices are passed over.
                elif (entry.is_symlink() or entry.is_file()) and not _leads_to_folder(entry):
                    files.append(entry.name)
    except OSError as error:
        raise DataNotFoundError(
            f"'{folder}' cannot be read.",
            expected="a folder with read permission",
            received=error.strerror or str(error),
            hint="Change its permissions, or give the other folders one by one.",
        ) from error
    return sorted(files), sorted(folders)


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _shows(folder: Path, file: Path) -> bool:
    """Whether a walk through `folder` has come by `file`."""
    if not file.is_relative_to(folder):
        return False
    names = file.relative_to(folder).parts
    if any(name.startswith(".") for name in names):
        return False
    return not any(folder.joinpath(*names[:depth]).is_symlink() for depth in range(1, len(names)))


def _nothing_found(path: str, *, is_folder: bool) -> DataNotFoundError:
    return DataNotFoundError(
        f"'{path}' matches no file.",
        expected="an image, a folder of images, or a pattern such as 'new/*.jpg'",
        received="an empty folder" if is_folder else "nothing of that name",
        hint="Check the spelling; put patterns in quotes so that your shell does not expand them.",
    )
