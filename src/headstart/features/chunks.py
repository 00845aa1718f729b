"""Chunks of a bank on disk: each is whole or absent, and known by its hash."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FORMAT_VERSION = 1
_LARGEST = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Chunk:
    """Rows that were computed and written together.

    Attributes:
        name: of its files, made of the rows' keys.
        rows: key of each row: which picture in which view.
        hashes: SHA-256 of the file of each stage.
    """

    name: str
    rows: tuple[str, ...]
    hashes: tuple[str, ...]


class ChunkDir:
    """A folder of chunks, one file of raw float16 a stage and one JSON file that is written last.

    Args:
        path: the folder.
        shapes: of one row of each stage.
    """

    def __init__(self, path: Path, shapes: Sequence[tuple[int, ...]]) -> None:
        self.path = path
        self.shapes = tuple(shapes)

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of all stages."""
        return row_bytes(self.shapes)

    def write(self, rows: Sequence[str], arrays: Sequence[np.ndarray]) -> Chunk:
        """Writes a chunk: the arrays of all stages, `(rows, ...)`, numbers beyond float16's range cut to it."""
        self.path.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256("\n".join(rows).encode()).hexdigest()[:24]
        hashes = tuple(self._write_array(name, stage, array) for stage, array in enumerate(arrays))
        content = {"format_version": FORMAT_VERSION, "rows": list(rows), "hashes": list(hashes)}
        _write_whole(self.path / f"{name}.json", json.dumps(content).encode())
        return Chunk(name, tuple(rows), hashes)

    def read_index(self) -> dict[str, Chunk]:
        """Every chunk whose files are all there, by name; what a killed process left half written is not."""
        chunks = (self._read_chunk(path) for path in sorted(self.path.glob("*.json")))
        return {chunk.name: chunk for chunk in chunks if chunk is not None}

    def is_whole(self, chunk: Chunk) -> bool:
        """Whether the chunk's files hold the bytes that were written."""
        paths = (self._array_path(chunk.name, stage) for stage in range(len(self.shapes)))
        return all(_hash(path) == expected for path, expected in zip(paths, chunk.hashes, strict=True))

    def remove(self, chunk: Chunk) -> None:
        """Deletes a chunk, the JSON file first, so that it is never half there."""
        (self.path / f"{chunk.name}.json").unlink(missing_ok=True)
        for stage in range(len(self.shapes)):
            self._array_path(chunk.name, stage).unlink(missing_ok=True)

    def read_array(self, chunk: Chunk, stage: int) -> np.ndarray:
        """The rows of one stage, `(rows, ...)` float16, memory-mapped for as long as the array lives."""
        shape = (len(chunk.rows), *self.shapes[stage])
        return np.memmap(self._array_path(chunk.name, stage), np.float16, mode="r", shape=shape)

    def _array_path(self, name: str, stage: int) -> Path:
        return self.path / f"{name}.{stage}.f16"

    def _write_array(self, name: str, stage: int, array: np.ndarray) -> str:
        content = np.clip(array, -_LARGEST, _LARGEST).astype(np.float16).tobytes()
        _write_whole(self._array_path(name, stage), content)
        return hashlib.sha256(content).hexdigest()

    def _read_chunk(self, path: Path) -> Chunk | None:
        try:
            content: Mapping = json.loads(path.read_bytes())
            chunk = Chunk(path.stem, tuple(content["rows"]), tuple(content["hashes"]))
            sizes = [self._array_path(chunk.name, stage).stat().st_size for stage in range(len(self.shapes))]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        expected = [len(chunk.rows) * row_bytes([shape]) for shape in self.shapes]
        is_known = content.get("format_version") == FORMAT_VERSION
        return chunk if is_known and sizes == expected and len(chunk.hashes) == len(sizes) else None


def row_bytes(shapes: Sequence[tuple[int, ...]]) -> int:
    """Bytes on disk of one picture in one view."""
    return sum(math.prod(shape) * np.dtype(np.float16).itemsize for shape in shapes)


def _write_whole(path: Path, content: bytes) -> None:
    partial = path.with_name(f"partial-{path.name}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)  # on a full disk, every byte counts
        raise


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "missing"
