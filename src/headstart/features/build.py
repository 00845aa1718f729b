"""Fills a bank: every image that is wanted and not there yet goes through the trunk once per view."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from headstart.data import ImageSource, view_batches
from headstart.errors import StorageFullError
from headstart.features.bank import FeatureBank, bank_errors
from headstart.features.engines import Engine
from headstart.features.views import Pictures, Views, as_numbers
from headstart.progress import SILENT, Progress

CHUNK_ROWS = 128  # what a killed process loses at most: a few seconds of the slowest trunk
Row = TypeVar("Row")


def fill_bank(
    bank: FeatureBank,
    engine: Engine,
    parts: Sequence[Pictures],
    views: Views,
    *,
    image_size: tuple[int, int],
    resize_mode: str,
    progress: Progress = SILENT,
) -> int:
    """Computes what is missing and gives the number of rows that were computed.

    A row depends on image and view alone, not on what else is computed with it. What was finished before a kill or a
    full disk stays.

    Args:
        bank: receives the rows.
        engine: runs the trunk, in batches of its own size.
        parts: images with the number of views wanted of each.
        views: the views.
        image_size: `(height, width)` in pixels; part of the bank's facts.
        resize_mode: how images get that size; part of the bank's facts.
        progress: notified of every batch.

    Raises:
        StorageFullError: the disk has no room; says how much is needed.
        StoragePermissionError: the bank may not be written to.
        UnreadableImageError: an image became unreadable.
    """
    wanted = {row: key for part in parts for row, key in _rows(part, views)}
    for name in bank.check(wanted):
        progress.say(f"Chunk {name} of the feature bank has changed on disk; it is computed again")
    missing = bank.missing(wanted)
    if not missing:
        return 0
    _require_room(bank, len(missing))
    pictures = {wanted[row][0]: wanted[row][1] for row in missing}
    numbers = {picture_hash: number for number, picture_hash in enumerate(pictures)}
    source = ImageSource(list(pictures.values()), image_size=image_size, resize_mode=resize_mode, cache_bytes=0)
    rows = [(numbers[wanted[row][0]], wanted[row][2]) for row in missing]
    images = view_batches(
        source,
        _index_batches(rows, engine.batch_size),
        picture_hashes=as_numbers(list(pictures)),
        augmentation=views.augmentation,
        seed=views.seed,
    )
    progress.start("computing the feature bank", len(missing))
    for chunk_rows in _slices(missing, CHUNK_ROWS):
        arrays = _run(engine, images, len(chunk_rows), progress)
        try:
            with bank_errors(bank.path):
                bank.add(chunk_rows, arrays)
        except StorageFullError as error:
            raise _full_error(bank, len(bank.missing(missing))) from error
    progress.finish()
    return len(missing)


def _rows(part: Pictures, views: Views) -> Iterator[tuple[str, tuple[str, Path, int]]]:
    """Key of each row → its image's hash and path, and its view."""
    for picture_hash, path, keys in zip(part.hashes, part.paths, part.row_keys(views), strict=True):
        for view, key in enumerate(keys):
            yield key, (picture_hash, path, view)


def _index_batches(rows: Sequence[tuple[int, int]], batch_size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Example numbers and view numbers; a batch never spans two chunks, so that each chunk ends with its batch."""
    for chunk in _slices(rows, CHUNK_ROWS):
        for batch in _slices(chunk, batch_size):
            examples, views = np.array(batch, np.int64).T
            yield examples, views


def _slices(rows: Sequence[Row], size: int) -> Iterator[Sequence[Row]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _run(engine: Engine, images: Iterator[np.ndarray], num_rows: int, progress: Progress) -> list[np.ndarray]:
    """The activations of the next rows, one array per stage."""
    outputs: list[tuple[np.ndarray, ...]] = []
    num_done = 0
    while num_done < num_rows:
        batch = next(images)
        outputs.append(engine.run(batch))
        num_done += len(batch)
        progress.advance(len(batch))
    return [np.concatenate(arrays) for arrays in zip(*outputs, strict=True)]


def _require_room(bank: FeatureBank, num_rows: int) -> None:
    needed = num_rows * bank.chunk_dir.row_bytes
    if _free_bytes(bank.path) < needed:
        raise _full_error(bank, num_rows)


def _free_bytes(path: Path) -> int:
    """On the disk where a folder lies, which may have been deleted meanwhile."""
    return shutil.disk_usage(next(folder for folder in (path, *path.parents) if folder.is_dir())).free


def _full_error(bank: FeatureBank, num_rows: int) -> StorageFullError:
    needed, free = num_rows * bank.chunk_dir.row_bytes, _free_bytes(bank.path)
    return StorageFullError(
        f"The disk with the feature bank '{bank.path}' is full.",
        expected=f"{needed / 1e9:.3g} GB for the {num_rows} rows that are still to be computed",
        received=f"{free / 1e9:.3g} GB free",
        hint="Free disk space or choose another folder with --bank-dir; computed rows are kept. "
        "Fewer --views need less space, and --bank-limit 0 needs none.",
    )
