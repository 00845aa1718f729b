"""What masks hold, before anything says what it means: values, colours, transparency; and what looks like a mask."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from headstart.data.mask_files import COLOURS, MaskFile, open_mask, pixel_values, visible
from headstart.errors import UnreadableImageError

# Beyond this, colours are those of a photograph, and only their number is kept.
MAX_COLOURS = 4096
_MAX_THREADS = 8
# JPEG moves values by a few steps, most of all at edges.
_JPEG_STEP = 6
_MIN_FLAT = 0.7
_NUM_LEVELS, _MIN_SHARE_OF_LEVELS, _LEVEL_WIDTH = 6, 0.9, 10
# Between these a grey value is neither black nor white.
DARK, BRIGHT = 64, 192


@dataclass(frozen=True)
class MaskLook:
    """The values that one mask file contains.

    Attributes:
        path: POSIX, relative to the root.
        size: `(height, width)` in pixels; (0, 0) where it cannot be read.
        is_jpeg: whether compression changed its values.
        is_wide: whether it has more than 8 bits per value.
        values: value → number of pixels, for one number per pixel (grey or palette); empty for colours.
        colours: packed colour (`pixel_values`) → number of pixels; of a palette the colours of the used numbers. Empty
            where there are more than `MAX_COLOURS`.
        num_colours: how many different ones; 0 for grey.
        has_palette: whether the values are the numbers of colours.
        num_transparent: pixels that are transparent.
        flat: share of pixels that are as their right neighbour, 0 to 1.
        num_flat_between: grey pixels between black and white that are as their neighbours: no blurred edge.
        share_of_levels: share of pixels near one of the six commonest grey values.
        error: why it cannot be read, or "".
    """

    path: str
    size: tuple[int, int] = (0, 0)
    is_jpeg: bool = False
    is_wide: bool = False
    values: dict[int, int] = field(default_factory=dict)
    colours: dict[int, int] = field(default_factory=dict)
    num_colours: int = 0
    has_palette: bool = False
    num_transparent: int = 0
    flat: float = 0.0
    num_flat_between: int = 0
    share_of_levels: float = 0.0
    error: str = ""

    @property
    def num_pixels(self) -> int:
        """Height times width."""
        return self.size[0] * self.size[1]

    def looks_like_mask(self) -> bool:
        """Whether it holds areas of equal values, as no photograph does."""
        if self.error or not self.num_pixels:
            return False
        if self.num_transparent and self.num_transparent < self.num_pixels:
            return True
        if self.is_jpeg:
            return bool(self.values) and self.share_of_levels >= _MIN_SHARE_OF_LEVELS
        return self.flat >= _MIN_FLAT and self.num_colours <= MAX_COLOURS


def look_at_masks(root: Path, paths: Iterable[str]) -> list[MaskLook]:
    """Opens masks; those that cannot be read say why."""
    with ThreadPoolExecutor(min(_MAX_THREADS, os.cpu_count() or 1)) as pool:
        return list(pool.map(lambda path: _look_at(root, path), paths))


def _look_at(root: Path, path: str) -> MaskLook:
    try:
        mask = open_mask(root / path)
    except UnreadableImageError as error:
        return MaskLook(path, error=error.received)
    shown = pixel_values(mask, COLOURS) if mask.values is None else mask.values
    distinct, counts = counted(shown)
    is_plain = mask.values is not None
    num_transparent = 0 if mask.alpha is None else int((~visible(mask.alpha)).sum())
    colours = _colours(mask)
    return MaskLook(
        path,
        size=(shown.shape[0], shown.shape[1]),
        is_jpeg=mask.is_jpeg,
        is_wide=is_plain and shown.dtype != np.uint8,
        values=dict(zip(distinct.tolist(), counts.tolist(), strict=True)) if is_plain else {},
        colours=colours if len(colours) <= MAX_COLOURS else {},
        num_colours=len(colours),
        has_palette=mask.has_palette,
        num_transparent=num_transparent,
        flat=_flat(shown),
        num_flat_between=_num_flat_between(shown) if is_plain and shown.dtype == np.uint8 else 0,
        share_of_levels=_share_of_levels(distinct, counts) if is_plain else 0.0,
    )


def counted(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct values and their numbers, as `numpy.unique` gives them; faster for bytes."""
    if values.dtype != np.uint8:
        return np.unique(values, return_counts=True)
    counts = np.bincount(values.ravel(), minlength=256)
    distinct = np.flatnonzero(counts)
    return distinct, counts[distinct]


def _colours(mask: MaskFile) -> dict[int, int]:
    """Colour → number of pixels; visible pixels only where some are transparent."""
    if mask.colours is None:
        return {}
    packed = pixel_values(mask, COLOURS)
    if mask.alpha is not None:
        packed = packed[visible(mask.alpha)]
    distinct, counts = counted(packed)
    return dict(zip(distinct.tolist(), counts.tolist(), strict=True))


def _flat(values: np.ndarray) -> float:
    if values.shape[1] < 2:
        return 1.0
    return float((values[:, 1:] == values[:, :-1]).mean())


def _num_flat_between(values: np.ndarray) -> int:
    """Pixels that are neither dark nor bright, like the pixels right and below: areas, not blurred edges."""
    signed = values.astype(np.int16)
    here = signed[:-1, :-1]
    between = (here > DARK) & (here < BRIGHT)
    like_right = np.abs(here - signed[:-1, 1:]) <= _JPEG_STEP
    like_below = np.abs(here - signed[1:, :-1]) <= _JPEG_STEP
    return int((between & like_right & like_below).sum())


def _share_of_levels(distinct: np.ndarray, counts: np.ndarray) -> float:
    """Share of pixels near one of the commonest values."""
    peaks = distinct[np.argsort(counts)[::-1][:_NUM_LEVELS]]
    near = (np.abs(distinct[:, None] - peaks[None]) <= _LEVEL_WIDTH).any(axis=1)
    return float(counts[near].sum() / counts.sum())
