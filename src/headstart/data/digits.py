"""The handwritten digits that come with scikit-learn, as a folder of images: real data without a download."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from headstart.errors import FolderOccupiedError, StorageFullError, StoragePermissionError
from headstart.files import is_full, whole_folder

NUM_DIGITS = 1797


def write_digits(folder: Path, *, image_size: tuple[int, int] = (32, 32)) -> Path:
    """A folder of ten class folders, `0` to `9`, with 1797 PNG files, white on black.

    The folder appears whole or not at all, and the same bytes are written each time. One that is there already and
    whole is left as it is.

    Args:
        folder: where to write; missing parents are made.
        image_size: `(height, width)` in pixels. The originals have 8 by 8, too small to look at.

    Returns:
        `folder`.

    Raises:
        FolderOccupiedError: `folder` holds something else.
        StorageFullError: the disk is full.
        StoragePermissionError: the place cannot be written to.

    References:
        Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998 (CC BY
        4.0).
    """
    if _is_whole(folder):
        return folder
    with _storage_errors(folder):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise _occupied(folder)
        with whole_folder(folder) as partial:
            _write_pictures(partial, image_size)
    return folder


def _is_whole(folder: Path) -> bool:
    return folder.is_dir() and len(list(folder.glob("[0-9]/*.png"))) == NUM_DIGITS


def _write_pictures(folder: Path, image_size: tuple[int, int]) -> None:
    from sklearn.datasets import load_digits  # noqa: PLC0415 (slow to import, needed by the demo alone)

    digits = load_digits()
    for name in digits.target_names:
        (folder / str(name)).mkdir()
    height, width = image_size
    for index, (pixels, target) in enumerate(zip(digits.images, digits.target, strict=True)):
        grey = np.round(pixels * (255 / 16)).astype(np.uint8)  # scikit-learn's values go from 0 to 16
        picture = Image.fromarray(grey).resize((width, height), Image.Resampling.BICUBIC)
        picture.save(folder / str(target) / f"{index:04d}.png")


def _occupied(folder: Path) -> FolderOccupiedError:
    return FolderOccupiedError(
        f"The digits cannot be written to '{folder}', because it contains other files.",
        expected="a new or empty folder, or one with the digits",
        received=f"{len(list(folder.iterdir()))} other files" if folder.is_dir() else "a file",
        hint="Choose another folder with --out.",
    )


@contextmanager
def _storage_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise StoragePermissionError(
            f"The digits cannot be written to '{folder}'.",
            expected="a folder with write permission",
            received=str(error),
            hint="Choose another folder with --out.",
        ) from error
    except OSError as error:
        if not is_full(error):
            raise
        raise StorageFullError(
            f"The disk of '{folder}' is full.",
            expected="about 8 MB of free space",
            received=str(error),
            hint="Free disk space, or choose a folder on another disk with --out.",
        ) from error
