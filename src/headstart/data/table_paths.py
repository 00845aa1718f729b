"""From what a table writes about an image to the file."""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from headstart.data.dataset import Remark
from headstart.data.inspection import could_be_picture
from headstart.data.part_names import part_like
from headstart.data.table_parts import shown
from headstart.data.walking import FolderWalk, is_file, relative_path
from headstart.errors import TablePathMissingError, TablePathOutsideError

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_DRIVE = re.compile(r"[a-z]:[\\/]", re.IGNORECASE)
_NUM_SHOWN = 5


class Resolved(NamedTuple):
    """The files that the paths of a table lead to.

    Attributes:
        path_of: text in the table → path of the file, POSIX and relative to the root; without those not found.
        missing: texts of which there is no file.
        remarks: about files that were found by their name.
    """

    path_of: dict[str, str]
    missing: list[str]
    remarks: tuple[Remark, ...]


def resolve_paths(typed: Iterable[str], *, root: Path, table: Path, folder: str = "") -> Resolved:
    """The files that the cells of a table mean.

    A cell is a path relative to the table's folder. If there is no such file, the files below that folder are looked
    through: a cell may lack the ending (`img_01`), the folder, or the capitals of a name, and a path of another
    machine is found by its last folders and its name, if one file fits.

    Args:
        typed: cells.
        root: real path of the folder that the result is relative to.
        table: the table, for messages.
        folder: the table's folder, relative to `root`.

    Raises:
        TablePathOutsideError: files outside the root.
        TablePathMissingError: web addresses, or names that fit several files.
    """
    path_of: dict[str, str] = {}
    outside, left = [], []
    for text in dict.fromkeys(typed):
        place = _local(text, table)
        path = relative_path(f"{folder}/{place}" if folder and not Path(place).is_absolute() else place, root)
        if path is not None and is_file(root, path):
            path_of[text] = path
        elif path is None and not _is_foreign(place):
            outside.append(text)
        else:
            left.append(text)
    if outside:
        raise _outside(outside, root, table)
    images = _Images(root, folder, table) if left else None
    by_name = {text: path for text in left if images and (path := images.find(_local(text, table))) is not None}
    remarks = []
    if by_name:
        text, path = next(iter(by_name.items()))
        remarks.append(Remark("found_by_name", table.name, f"{len(by_name)} images, such as '{text}': '{path}'"))
    return Resolved({**path_of, **by_name}, [text for text in left if text not in by_name], tuple(remarks))


def no_such_files(missing: list[str], num_paths: int, *, root: Path, table: Path) -> TablePathMissingError:
    """The error if files are missing."""
    return TablePathMissingError(
        f"'{table}' lists {_counted(missing)} that cannot be found: {shown(missing)}.",
        expected=f"paths relative to '{root}', or names of images in its folders, with or without their ending",
        received=f"{len(missing)} of {num_paths} paths without a file",
        hint="Correct the paths, or move the table to the folder they start from.",
    )


def _local(text: str, table: Path) -> str:
    """A cell as a path.

    Raises:
        TablePathMissingError: it is an address in the web.
    """
    if not _ADDRESS.match(text.strip()):
        return text
    address = urlsplit(text.strip())
    if address.scheme.lower() == "file":
        path = unquote(address.path)
        return path[1:] if _DRIVE.match(path[1:]) else path
    raise TablePathMissingError(
        f"'{table}' lists web addresses instead of files, such as '{text.strip()[:100]}'.",
        expected="paths of image files relative to the table's folder",
        received=f"an address that begins with '{address.scheme}://'",
        hint="Download the images first, and write the names of the files into the column.",
    )


def _is_foreign(place: str) -> bool:
    """Whether a path is one of another machine: absolute, and not here."""
    try:
        return bool(_DRIVE.match(place)) or (place.startswith(("/", "\\\\")) and not Path(place).exists())
    except OSError:  # locked, or too long
        return False


class _Images:
    """The images below a table's folder, by name."""

    def __init__(self, root: Path, folder: str, table: Path) -> None:
        files = FolderWalk(root, stays_inside=True).files_below("")
        self._folder, self._table = folder, table
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for path in files:
            name = PurePosixPath(path)
            if name.suffix and could_be_picture(path):
                self._by_name[name.name.lower()].append(path)
                self._by_stem[name.stem.lower()].append(path)

    def find(self, place: str) -> str | None:
        """The one file that fits, None where none does.

        Raises:
            TablePathMissingError: several fit.
        """
        written = PurePosixPath(place.strip().replace("\\", "/"))
        name = written.name.lower()
        found = self._by_name.get(name) or self._by_stem.get(name) or []
        shared = {path: _num_shared(path, written) for path in found}
        if _is_foreign(place.strip()):
            most = max(shared.values(), default=0)
            found = [path for path in found if shared[path] == most]
        else:
            found = [path for path in found if shared[path] >= len(written.parts) - 1]
        if len(found) > 1:
            found = self._preferred(found, written)
        if len(found) > 1:
            raise _ambiguous(place, found, self._table)
        return found[0] if found else None

    def _preferred(self, found: list[str], written: PurePosixPath) -> list[str]:
        """The files that fit best: spelt the same, then beside the table, then in a folder named like it.

        `train.csv` is about `train_images` rather than about `test_images`.
        """
        same = [path for path in found if written.name in {PurePosixPath(path).name, PurePosixPath(path).stem}] or found
        beside = [path for path in same if PurePosixPath(path).parent == PurePosixPath(self._folder or ".")]
        stem = self._table.stem.lower()
        alike = [path for path in same if _begins_alike(PurePosixPath(path).parent.name.lower(), stem)]
        return beside or alike or same


def _begins_alike(folder: str, stem: str) -> bool:
    if not folder:
        return False
    same_part = part_like(stem) != "" and part_like(folder) == part_like(stem)
    return same_part or folder == stem or folder.startswith((f"{stem}_", f"{stem}-"))


def _num_shared(path: str, written: PurePosixPath) -> int:
    """How many folders at the end of both paths have the same name, without case."""
    theirs = [part.lower() for part in PurePosixPath(path).parts[:-1]]
    ours = [part.lower() for part in written.parts[:-1]]
    count = 0
    while count < min(len(theirs), len(ours)) and theirs[-1 - count] == ours[-1 - count]:
        count += 1
    return count


def _ambiguous(text: str, found: list[str], table: Path) -> TablePathMissingError:
    return TablePathMissingError(
        f"'{text}' in '{table}' fits {len(found)} files.",
        expected="a path, or the name of exactly one image",
        received=", ".join(map(repr, found[:_NUM_SHOWN])) + (", ..." if len(found) > _NUM_SHOWN else ""),
        hint="Write the folder and the ending into the column, such as 'images/1.jpg', or move the other files away.",
    )


def _outside(outside: list[str], root: Path, table: Path) -> TablePathOutsideError:
    return TablePathOutsideError(
        f"'{table}' lists {_counted(outside)} outside its own folder: {shown(outside)}.",
        expected=f"paths that stay inside '{root}'",
        received="paths or symbolic links that lead out of it",
        hint="Move the table to a folder that contains all images, and write the paths relative to that folder.",
    )


def _counted(things: list[str]) -> str:
    return f"{len(things)} image" if len(things) == 1 else f"{len(things)} images"
