"""Folders read with care: what lies in them, where links lead, and which paths stay inside."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from headstart.data.dataset import Remark
from headstart.errors import DataNotFoundError

# What file managers and archivers leave behind. Names beginning with a dot (.DS_Store, ._photo.jpg) need no list.
_CLUTTER = frozenset({"thumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin", "lost+found"})

_KIND_OF_ERRNO = {errno.ENOENT: "broken_link", errno.ELOOP: "link_loop"}


@dataclass
class FolderWalk:
    """Reads folders below `root` and keeps remarks. Paths are POSIX and relative to `root`; "" is `root` itself.

    Args:
        root: the real path of the folder.
        remarks: what was noticed on the way.
        stays_inside: whether symbolic links that lead out of `root` are passed by instead of followed.
    """

    root: Path
    remarks: set[Remark] = field(default_factory=set)
    stays_inside: bool = False

    def remark(self, kind: str, paths: Iterable[str], detail: str) -> None:
        """Keeps one remark a path."""
        self.remarks.update(Remark(kind, path, detail) for path in paths)

    def children(self, folder: str) -> tuple[list[str], list[str]]:
        """Folders and files directly in a folder, each sorted, clutter left out."""
        folders, files = [], []
        for name in sorted(self._visible_names(folder)):
            path = f"{folder}/{name}" if folder else name
            mode = self._mode(path)
            if stat.S_ISDIR(mode):
                folders.append(path)
            elif stat.S_ISREG(mode):  # neither a pipe nor a device, where reading could wait for ever
                files.append(path)
        return folders, files

    def files_below(self, folder: str) -> Iterator[str]:
        """Every file below a folder, however deep."""
        # The folders above are entered already: a link to one of them is a loop.
        above = [self.root, *(self.root / parent for parent in Path(folder).parents)] if folder else []
        entered = {os.path.realpath(path) for path in above}
        waiting = [folder]
        while waiting:
            current = waiting.pop()
            real = os.path.realpath(self.root / current)
            if real in entered:
                self.remark(
                    "link_loop", [current], f"leads to '{os.path.relpath(real, self.root)}', which is read already"
                )
                continue
            entered.add(real)
            folders, files = self.children(current)
            waiting.extend(reversed(folders))
            yield from files

    def _visible_names(self, folder: str) -> list[str]:
        try:
            names = [entry.name for entry in (self.root / folder).iterdir()]
        except OSError as error:
            if not folder:
                raise _unreadable_root(self.root, error) from error
            self.remark("unreadable_folder", [folder], error.strerror or str(error))
            return []
        visible = [name for name in names if not name.startswith(".") and name.lower() not in _CLUTTER]
        return [name for name in visible if self._is_unicode(folder, name)]

    def _is_unicode(self, folder: str, name: str) -> bool:
        try:
            name.encode("utf-8")
        except UnicodeEncodeError:
            # Such a name fits into no table and no report; only its bytes can be shown.
            shown = os.fsencode(name).decode("utf-8", "backslashreplace")
            self.remark("undecodable_name", [f"{folder}/{shown}"], "its name is not UTF-8")
            return False
        return True

    def _mode(self, path: str) -> int:
        """The type of the file at a path (`st_mode`), 0 if there is none."""
        absolute = self.root / path
        try:
            mode = absolute.stat().st_mode
        except OSError as error:
            self.remark(_KIND_OF_ERRNO.get(error.errno or 0, "unreadable"), [path], error.strerror or str(error))
            return 0
        real = os.path.realpath(absolute)
        if absolute.is_symlink() and not Path(real).is_relative_to(self.root):
            self.remark("link_not_followed" if self.stays_inside else "link_outside", [path], f"leads to '{real}'")
            return 0 if self.stays_inside else mode
        return mode


def relative_path(text: str, root: Path) -> str | None:
    """Path relative to `root`, `None` where it leads outside, as written or through symbolic links."""
    if "\0" in text:
        return text  # no file can have this name, and asking for one raises ValueError
    if "\\" in text and not is_file(root, text):
        text = text.replace("\\", "/")  # a table written on Windows
    relative = Path(os.path.relpath(root / text, root))
    inside = relative.parts[:1] != ("..",) and Path(os.path.realpath(root / relative)).is_relative_to(root)
    return relative.as_posix() if inside else None


def is_file(root: Path, path: str) -> bool:
    """Whether there is an ordinary file at a path relative to `root`; also for names that no file can have."""
    try:
        return stat.S_ISREG((root / path).stat().st_mode)
    except (OSError, ValueError):  # Path.is_file lets names through that are too long or forbidden
        return False


def _unreadable_root(root: Path, error: OSError) -> DataNotFoundError:
    return DataNotFoundError(
        f"'{root}' cannot be read.",
        expected="a folder with read permission",
        received=error.strerror or str(error),
        hint="Change its permissions, or copy the images to another folder.",
    )
