"""What a weights file holds, in words, for the error when it does not fit."""

import io
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import h5py

from headstart.backbones.catalogue import BACKBONES

# What h5py, zipfile and Keras raise for damaged files, as some thousands of such files showed. None documents it.
DAMAGE_ERRORS = (
    *(AttributeError, EOFError, IndexError, KeyError, MemoryError, OSError, RuntimeError, TypeError, ValueError),
    *(lzma.LZMAError, zipfile.BadZipFile, zlib.error),
)


@dataclass(frozen=True)
class Contents:
    """The probable content of a weights file.

    Args:
        text: Continues after "received".
        hint: What to do next; empty when the contents tell nothing.
    """

    text: str
    hint: str


def describe_contents(path: Path) -> Contents:
    """The probable content of a weights file, from its number of values."""
    try:
        num_numbers = _count_numbers(path)
    except DAMAGE_ERRORS:
        return Contents("a file that is damaged or no weights file", "Fetch or save it again.")
    # EfficientNet counts its images in one more number, a whole one.
    alike = [spec for spec in BACKBONES.values() if 0 <= spec.num_parameters - num_numbers <= 1]
    if not alike:
        return Contents(f"{num_numbers:,} numbers", "")
    return Contents(
        f"{num_numbers:,} numbers, as {alike[0].title} has", f"For these weights use --backbone {alike[0].name}."
    )


def _count_numbers(path: Path) -> int:
    if path.name.endswith(".keras"):
        with zipfile.ZipFile(path) as archive:
            return _count_floats(h5py.File(io.BytesIO(archive.read("model.weights.h5"))))
    with h5py.File(path) as file:
        return _count_floats(file.get("model_weights", file))


def _count_floats(group: h5py.Group) -> int:
    sizes = []

    def note(_: str, entry: h5py.Group | h5py.Dataset) -> None:
        if isinstance(entry, h5py.Dataset) and entry.dtype.kind == "f":
            sizes.append(entry.size)

    group.visititems(note)
    return sum(sizes)
