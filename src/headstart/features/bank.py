"""Activations of a frozen trunk on disk, computed once per image and view."""

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import numpy as np

from headstart.errors import BankNotFoundError, HeadstartError
from headstart.features.bank_dir import FACTS_FILE
from headstart.features.chunks import Chunk, ChunkDir
from headstart.features.trunk_key import bank_key
from headstart.features.views import Pictures, Views
from headstart.files import storage_errors as disk_errors
from headstart.files import write_json

FACTS_VERSION = 1  # of bank.json


class FeatureBank:
    """A folder with what one trunk made of images: rows are images in views, and every row is computed once.

    Opening reads names only. A chunk's bytes are compared with its hash when rows of it are first wanted; the rows of
    one that was changed on disk count as not computed. Several processes may fill one bank: each chunk is that of one
    of them, whole. Nothing but `headstart bank clear` deletes a file, which another process may be reading.

    Args:
        bank_dir: the folder of all banks.
        facts: everything that decides a row's numbers but image and view, as plain values: trunk, size, resize mode,
            engine. Its hash names the bank's folder.
        shapes: stage → shape of one row, such as `(10, 10, 96)`.

    Raises:
        StoragePermissionError: the folder may not be written to.
    """

    def __init__(self, bank_dir: Path, facts: Mapping[str, object], shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.facts = {**facts, "stages": {name: list(shape) for name, shape in shapes.items()}}
        self.path = bank_dir / bank_key(self.facts)
        self.shapes = dict(shapes)
        self.chunk_dir = ChunkDir(self.path / "chunks", list(shapes.values()))
        self._write_facts()
        self._chunks = self.chunk_dir.read_index()
        self._places = {row: (name, place) for name, chunk in self._chunks.items() for place, row in _rows(chunk)}
        self._whole: set[str] = set()

    def check(self, rows: Iterable[str]) -> list[str]:
        """Compares the chunks that hold these rows with their hashes, and forgets those that differ.

        Returns:
            Names of the chunks that were changed on disk.
        """
        names = sorted({self._places[row][0] for row in rows if row in self._places} - self._whole)
        with ThreadPoolExecutor() as pool:  # hashing runs outside Python's global lock
            are_whole = list(pool.map(lambda name: self.chunk_dir.is_whole(self._chunks[name]), names))
        changed = [name for name, is_whole in zip(names, are_whole, strict=True) if not is_whole]
        for name in changed:
            del self._chunks[name]
            self._places = {row: place for row, place in self._places.items() if place[0] != name}
        self._whole |= set(names) - set(changed)
        return changed

    def missing(self, rows: Iterable[str]) -> list[str]:
        """The rows that are not computed yet, each once, in order."""
        return [row for row in dict.fromkeys(rows) if row not in self._places]

    def add(self, rows: Sequence[str], arrays: Sequence[np.ndarray]) -> None:
        """Writes rows of all stages, each `(rows, ...)`, as one chunk."""
        self._write_facts()  # `headstart bank clear` may have taken the folder away, and lists banks by this file
        chunk = self.chunk_dir.write(rows, arrays)
        self._chunks[chunk.name] = chunk
        self._whole.add(chunk.name)
        self._places.update({row: (chunk.name, place) for place, row in _rows(chunk)})

    def part(self, pictures: Pictures, views: Views, *, stage: str) -> "BankPart":
        """The features of some images at one stage, all of which must have been computed.

        Raises:
            KeyError: a row was never computed.
        """
        keys = pictures.row_keys(views)
        names = sorted({self._places[row][0] for rows in keys for row in rows})
        number = {name: index for index, name in enumerate(names)}
        places = [[(number[self._places[row][0]], self._places[row][1]) for row in rows] for rows in keys]
        chunks = [self._chunks[name] for name in names]
        return BankPart(self.chunk_dir, list(self.shapes).index(stage), chunks, np.array(places, np.int64))

    def _write_facts(self) -> None:
        path = self.path / FACTS_FILE
        with bank_errors(self.path), suppress(FileNotFoundError):  # deleted meanwhile: the next chunk writes them
            self.path.mkdir(parents=True, exist_ok=True)
            try:
                os.utime(path)  # when the bank was last used
            except FileNotFoundError:
                write_json(path, {"format_version": FACTS_VERSION, **self.facts}, indent=1)


class BankPart:
    """Features of some images at one stage, read from disk when asked for; what batches are filled from.

    Attributes:
        num_views: views of each image.
        failure: that rows were deleted since the bank was opened; None where all are there.
    """

    dtype = np.dtype(np.float16)

    def __init__(self, chunk_dir: ChunkDir, stage: int, chunks: Sequence[Chunk], places: np.ndarray) -> None:
        self.failure: HeadstartError | None = None
        self._chunk_dir = chunk_dir
        self._stage = stage
        self._chunks = chunks
        self._places = places  # (images, views, 2): which chunk, which row of it
        self.num_views = places.shape[1]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one row, such as `(10, 10, 96)`."""
        return self._chunk_dir.shapes[self._stage]

    def __len__(self) -> int:
        return len(self._places)

    def load_batch(self, examples: np.ndarray, views: np.ndarray) -> np.ndarray:
        """Rows of `examples`, each in the view at the same place of `views`, both `(n,)`: `(n, *shape)` float16.

        Raises:
            BankNotFoundError: rows were deleted since the bank was opened.
        """
        places = self._places[examples, views]
        batch = np.empty((len(places), *self.shape), np.float16)
        for chunk in np.unique(places[:, 0]):
            wanted = np.flatnonzero(places[:, 0] == chunk)
            # Mapped anew for every batch: pages of a mapping that stays count as memory until it ends.
            batch[wanted] = self._read(self._chunks[chunk])[places[wanted, 1]]
        return batch

    def _read(self, chunk: Chunk) -> np.ndarray:
        try:
            return self._chunk_dir.read_array(chunk, self._stage)
        except BankNotFoundError as error:
            self.failure = error
            raise


def bank_errors(path: Path) -> AbstractContextManager[None]:
    """`headstart.files.storage_errors` in the words of a bank."""
    return disk_errors(
        path,
        room="room for the feature bank",
        full_hint="Free some room, or name another folder with --bank-dir; what was computed is kept.",
        place_hint="Name another folder with --bank-dir, or train without a bank: --bank-limit 0.",
    )


def _rows(chunk: Chunk) -> Iterable[tuple[int, str]]:
    return enumerate(chunk.rows)
