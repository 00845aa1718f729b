"""Chunks of a bank on disk: each is complete or absent, and has a hash; several processes may write the same one."""

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from headstart.errors import BankNotFoundError
from headstart.files import (
    Names,
    Schema,
    Sha256,
    UnusableFileError,
    read_json,
    remove_stale_partials,
    sha256_or,
    write_bytes,
)

FORMAT_VERSION = 2
_CHUNK_NAME = re.compile(r"[0-9a-f]{24}\.json")
_HASH_DIGITS = 24
_ATTEMPTS = 4  # a folder is deleted once; more would mean that something else is wrong
_LARGEST = float(np.finfo(np.float16).max)


class ChunkFacts(Schema):
    """The JSON file of a chunk."""

    # Files of version 1 have no hash in their names. They are read as long as nobody writes the chunk again.
    format_version: Literal[1, 2]
    rows: Names
    hashes: list[Sha256]


@dataclass(frozen=True)
class Chunk:
    """Rows that were computed and written together.

    Attributes:
        name: of its files, made of the rows' keys.
        rows: key of each row: which image in which view.
        hashes: SHA-256 of the file of each stage.
        version: of the format; says how the files are called.
    """

    name: str
    rows: tuple[str, ...]
    hashes: tuple[str, ...]
    version: int = FORMAT_VERSION

    def file_name(self, stage: int) -> str:
        """The name of the file with the rows of a stage.

        It holds the hash of the content: two processes that compute the same rows with other last digits write files
        of different names, and the JSON file, which is replaced in one step, belongs to the files of one of them.
        """
        ending = "" if self.version == 1 else f".{self.hashes[stage][:_HASH_DIGITS]}"
        return f"{self.name}.{stage}{ending}.f16"


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
        name = hashlib.sha256("\n".join(rows).encode()).hexdigest()[:24]
        contents = [np.clip(array, -_LARGEST, _LARGEST).astype(np.float16).tobytes() for array in arrays]
        chunk = Chunk(name, tuple(rows), tuple(hashlib.sha256(content).hexdigest() for content in contents))
        for stage, content in enumerate(contents):
            self._write(chunk.file_name(stage), content)
        facts = {"format_version": FORMAT_VERSION, "rows": list(rows), "hashes": list(chunk.hashes)}
        self._write(f"{name}.json", json.dumps(facts).encode())
        return chunk

    def read_index(self) -> dict[str, Chunk]:
        """Every chunk whose files are all there, by name; what a killed process left half written is not."""
        remove_stale_partials(self.path)
        paths = (path for path in sorted(self.path.glob("*.json")) if _CHUNK_NAME.fullmatch(path.name))
        chunks = (self._read_chunk(path) for path in paths)
        return {chunk.name: chunk for chunk in chunks if chunk is not None}

    def is_whole(self, chunk: Chunk) -> bool:
        """Whether the chunk's files hold the bytes that were written."""
        paths = (self.path / chunk.file_name(stage) for stage in range(len(self.shapes)))
        return all(sha256_or("missing", path) == expected for path, expected in zip(paths, chunk.hashes, strict=True))

    def read_array(self, chunk: Chunk, stage: int) -> np.ndarray:
        """The rows of one stage, `(rows, ...)` float16, memory-mapped for as long as the array lives.

        Raises:
            BankNotFoundError: the file was deleted since the bank was opened.
        """
        shape = (len(chunk.rows), *self.shapes[stage])
        try:
            return np.memmap(self.path / chunk.file_name(stage), np.float16, mode="r", shape=shape)
        except FileNotFoundError as error:
            raise _deleted(self.path, error) from error

    def _write(self, name: str, content: bytes) -> None:
        """Writes a file; where `headstart bank clear` takes the folder away meanwhile, into a new one."""
        for left in reversed(range(_ATTEMPTS)):
            self.path.mkdir(parents=True, exist_ok=True)
            try:
                write_bytes(self.path / name, content)
            except FileNotFoundError:
                if not left:
                    raise
            else:
                return

    def _read_chunk(self, path: Path) -> Chunk | None:
        try:
            content = read_json(path, ChunkFacts)
            chunk = Chunk(path.stem, tuple(content.rows), tuple(content.hashes), content.format_version)
            if len(chunk.hashes) != len(self.shapes):
                return None
            sizes = [(self.path / chunk.file_name(stage)).stat().st_size for stage in range(len(self.shapes))]
        except (OSError, UnusableFileError):
            return None
        expected = [len(chunk.rows) * row_bytes([shape]) for shape in self.shapes]
        return chunk if sizes == expected else None


def row_bytes(shapes: Sequence[tuple[int, ...]]) -> int:
    """Bytes on disk of one image in one view."""
    return sum(math.prod(shape) * np.dtype(np.float16).itemsize for shape in shapes)


def _deleted(path: Path, error: OSError) -> BankNotFoundError:
    return BankNotFoundError(
        f"Rows of the feature bank '{path.parent}' were deleted while they were used.",
        expected="a bank that is not deleted while it is used",
        received=f"no file '{error.filename}'",
        hint="Run the command again, or `headstart resume RUN` for a training; missing rows are computed again.",
    )
