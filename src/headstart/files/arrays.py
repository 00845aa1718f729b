"""NumPy archives: the header of every array is checked before any memory is taken for it."""

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import numpy as np

from headstart.files.content import MEGABYTE, OtherArrayError, UnusableFileError, shown, shown_error, size_of

MAX_BYTES = 512 * MEGABYTE
_MAX_HEADER = 10_000
_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_arrays(path: Path, dimensions: Mapping[str, int], *, max_bytes: int = MAX_BYTES) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file, all of finite numbers.

    Args:
        path: the archive; nothing in it is unpickled.
        dimensions: name → number of dimensions of every array that must be there; no other may be.
        max_bytes: of all arrays together, unpacked.

    Raises:
        UnusableFileError: the file is missing or no archive, is too large unpacked, or holds other arrays.
    """
    size_of(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if set(members) != set(dimensions) or len(archive.infolist()) != len(dimensions):
                raise UnusableFileError(f"the arrays {', '.join(dimensions)}", shown(sorted(members)))
            if (num_bytes := sum(info.file_size for info in members.values())) > max_bytes:
                raise UnusableFileError(f"arrays of at most {max_bytes // MEGABYTE} MB", f"{num_bytes:,} bytes")
            return {name: _read(archive, members[name], number) for name, number in dimensions.items()}
    except UnusableFileError:
        raise
    except Exception as error:  # damaged archives raise errors of many classes, some not documented
        raise UnusableFileError("an archive of arrays", shown_error(error)) from error


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, num_dimensions: int) -> np.ndarray:
    with archive.open(info) as file:
        shape, _, dtype = _header(file)
    if dtype.kind not in "iuf" or len(shape) != num_dimensions:
        raise UnusableFileError(
            f"'{info.filename}' with numbers in {num_dimensions} dimensions", f"{dtype} of shape {shown(shape)}"
        )
    if math.prod(shape) * dtype.itemsize > info.file_size:
        raise UnusableFileError(f"'{info.filename}' as large as its header says", f"shape {shown(shape)}")
    with archive.open(info) as file:
        array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False, max_header_size=_MAX_HEADER)
    if not np.isfinite(array).all():
        raise UnusableFileError(f"finite numbers in '{info.filename}'", "NaN or infinite ones")
    return array


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether columns come first (Fortran order), and type."""
    version = np.lib.format.read_magic(file)
    if version not in _HEADER_READERS:
        raise UnusableFileError("an array in format 1.0 or 2.0", f"format {version}")
    reader = _HEADER_READERS[version]
    header: tuple[tuple[int, ...], bool, np.dtype] = reader(file, max_header_size=_MAX_HEADER)
    return header


def map_array(path: Path, shape: tuple[int, ...], dtype: np.dtype | str) -> np.ndarray:
    """The array of an `.npy` file, mapped from the disk: its rows take memory when they are read.

    Raises:
        UnusableFileError: the file is missing, no array, one of another shape or type, or not as large as it says.
    """
    num_bytes = size_of(path)
    try:
        with path.open("rb") as file:
            found, start = _header(file), file.tell()
    except UnusableFileError:
        raise
    except Exception as error:  # `_header` evaluates text; errors of many classes, some not documented
        raise UnusableFileError("an array", shown_error(error)) from error
    if found != (tuple(shape), False, np.dtype(dtype)):
        raise UnusableFileError(f"an array of shape {tuple(shape)}, {np.dtype(dtype)}, rows first", shown(found))
    if num_bytes != start + math.prod(shape) * np.dtype(dtype).itemsize:
        raise UnusableFileError(f"an array of shape {tuple(shape)} and nothing more", f"{num_bytes:,} bytes")
    return np.memmap(path, dtype, mode="r", offset=start, shape=shape)


def read_array(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype | str) -> np.ndarray:
    """The next array of a file that holds one `.npy` array after the other.

    Raises:
        OtherArrayError: it is one of another shape or type.
        UnusableFileError: it is no array.
    """
    try:
        start = file.tell()
        found_shape, _, found_dtype = _header(file)
        found = found_shape, found_dtype
        if found != (tuple(shape), np.dtype(dtype)):
            raise OtherArrayError(f"an array of shape {tuple(shape)}, {np.dtype(dtype)}", shown(found))
        file.seek(start)
        array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False, max_header_size=_MAX_HEADER)
    except UnusableFileError:
        raise
    except Exception as error:
        raise UnusableFileError("an array", shown_error(error)) from error
    return array
