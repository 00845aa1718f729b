"""Where the masks and drawings of images lie: in a folder of their own, as images lie, each under its own name."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from glob import has_magic
from pathlib import Path

from headstart.errors import FolderOccupiedError

# Of files whose name before the ending says enough; others keep their whole name.
_PICTURE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


class FileNames:
    """Names for what is written about images, the same ones whenever they are asked for.

    `photos/red/1.jpg` of the folder `photos` becomes `red/1.png` in the folder for masks; where `1.png` lies beside it,
    the two become `1.jpg.png` and `1.png.png`.

    Args:
        paths: what is asked about: files, folders and patterns.
    """

    def __init__(self, paths: Iterable[Path | str]) -> None:
        folders = [_base(str(path)) for path in paths]
        self._root = Path(os.path.commonpath(folders)) if folders else Path()

    def name(self, file: Path, suffix: str) -> Path:
        """Relative to the folder for results; never the same one for two files.

        Args:
            file: an image that the paths name.
            suffix: ending of the new name, such as `.png`.
        """
        file = _absolute(file)
        stem = file.stem if _has_stem_of_its_own(file) else file.name
        return file.relative_to(self._root).with_name(f"{stem}{suffix}")


def check_place(out: Path, paths: Sequence[Path | str]) -> None:
    """Refuses a file for results in a folder that is searched for images: it would be among them.

    Raises:
        FolderOccupiedError: the file lies where images are searched.
    """
    target = Path(os.path.realpath(out.expanduser().parent))
    for path in map(str, paths):
        if _is_searched(path) and target.is_relative_to(base := Path(os.path.realpath(_base(path)))):
            raise FolderOccupiedError(
                f"The predictions cannot be written to '{out}', because the images are in that folder.",
                expected="a file outside the folders of the images, which are never changed",
                received=f"a file in '{base}'",
                hint="Choose a file in another folder.",
            )


def check_folder(folder: Path, paths: Sequence[Path | str]) -> None:
    """Refuses a folder for results in which files could meet images that are asked about.

    Raises:
        FolderOccupiedError: the folder holds images that are asked about, or lies where they are searched.
    """
    target = Path(os.path.realpath(folder.expanduser()))
    for path in map(str, paths):
        base = Path(os.path.realpath(_base(path)))
        if base.is_relative_to(target) or (_is_searched(path) and target.is_relative_to(base)):
            raise FolderOccupiedError(
                f"New images cannot be written to '{folder}', because the given images are there.",
                expected="a folder apart from the images",
                received=f"a folder that {'contains' if base.is_relative_to(target) else 'is inside'} '{base}'",
                hint="Choose a new folder, such as 'drawn', next to the folder of the images.",
            )


def _base(path: str) -> Path:
    """The folder in which a path's files lie, or below which they are searched."""
    if os.path.isdir(Path(path).expanduser()):  # noqa: PTH112  Path.is_dir raises where the name is too long
        return _absolute(Path(path))
    parents = Path(path).expanduser().parent
    while has_magic(str(parents)) and not parents.exists():
        parents = parents.parent
    return _absolute(parents)


def _is_searched(path: str) -> bool:
    """Whether files below the base are asked about too, not only those in it."""
    here = Path(path).expanduser()
    return os.path.isdir(here) or (has_magic(str(here.parent)) and not here.exists())  # noqa: PTH112


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100  links stay, unlike with Path.resolve


def _has_stem_of_its_own(file: Path) -> bool:
    """Whether no other image in its folder has the same name but for the ending, and none has this as whole name."""
    names, stems = _names_in(file.parent)
    stem = file.stem.casefold()
    return file.name.casefold().endswith(_PICTURE_SUFFIXES) and stems[stem] <= 1 and stem not in names


@lru_cache(maxsize=1)
def _names_in(folder: Path) -> tuple[frozenset[str], Counter[str]]:
    """Names in the folder that is being worked through, in small letters, and how many images have each stem."""
    names = frozenset(name.casefold() for name in os.listdir(folder))  # noqa: PTH208  only names are wanted
    return names, Counter(Path(name).stem for name in names if name.endswith(_PICTURE_SUFFIXES))
