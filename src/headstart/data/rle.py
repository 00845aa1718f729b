"""Masks kept as runs of pixels (run-length encoding, RLE), as COCO files hold them.

Counts of pixels outside and inside take turns, down each column and from the left to the right one. Files hold them as
a list of numbers or as text, in which each number is some characters of 6 bits. Both are checked before pycocotools
sees them, whose C code trusts what it is given. Everything here speaks of the text.
"""

import re
from collections.abc import Mapping

import numpy as np
from pycocotools import mask as coco_mask

# As many as an image may have (Pillow's limit against decompression bombs): a mask of more belongs to none.
MAX_PIXELS = 178_956_970
_TEXT = re.compile(r"[0-o]*[0-O]")  # 48 to 111; the last character of a number has the bit 32 unset
_MOST_CHARACTERS = 7  # of one number: 35 bits


def runs_of(segmentation: Mapping[str, object]) -> tuple[tuple[int, int], str]:
    """Size `(height, width)` and counts as text of a `segmentation` that is `{"size": [h, w], "counts": ...}`.

    Raises:
        ValueError: it is no mask: sizes or counts are missing, negative, not whole, too large, or do not fit together.
    """
    height, width = _size(segmentation.get("size"))
    counts = segmentation.get("counts")
    if isinstance(counts, str):
        _checked(_numbers_in(counts), height * width)
        return (height, width), counts
    if not isinstance(counts, list):
        raise ValueError(f"counts are {counts!r:.40}")
    if not all(isinstance(count, int) and abs(count) <= MAX_PIXELS for count in counts):
        raise ValueError("counts are no whole numbers, or are too large")
    _checked(np.array(counts, np.int64), height * width)
    text = coco_mask.frPyObjects({"size": [height, width], "counts": counts}, height, width)["counts"]
    return (height, width), text.decode("ascii")


def mask_of(size: tuple[int, int], counts: str) -> np.ndarray:
    """`(height, width)` bool: which pixels are inside.

    Raises:
        ValueError: as `runs_of`.
    """
    height, width = _size(size)
    numbers = _numbers_in(counts)
    _checked(numbers, height * width)
    return np.repeat(np.arange(len(numbers)) % 2 == 1, numbers).reshape(width, height).T


def text_of(mask: np.ndarray) -> str:
    """Counts of a mask `(height, width)` bool."""
    return str(coco_mask.encode(np.asfortranarray(mask, np.uint8))["counts"].decode("ascii"))


def area_of(size: tuple[int, int], counts: str) -> int:
    """Number of pixels inside the runs of `runs_of`."""
    return int(coco_mask.area(_checked_runs(size, counts)))


def bounds_of(size: tuple[int, int], counts: str) -> tuple[float, float, float, float]:
    """Left, top, right and bottom side of what is inside, of what `runs_of` gave; without area if nothing is."""
    left, top, width, height = coco_mask.toBbox(_checked_runs(size, counts)).tolist()
    return left, top, left + width, top + height


def _checked_runs(size: tuple[int, int], counts: str) -> dict[str, object]:
    return {"size": list(size), "counts": counts.encode("ascii")}


def _size(size: object) -> tuple[int, int]:
    if not isinstance(size, list | tuple) or len(size) != 2 or not all(type(side) is int for side in size):
        raise ValueError(f"size is {size!r:.40}, not [height, width]")
    height, width = size
    if min(height, width) < 1 or height * width > MAX_PIXELS:
        raise ValueError(f"size is {height!r:.20} x {width!r:.20} pixels")
    return height, width


def _numbers_in(text: str) -> np.ndarray:
    """The numbers that a text stands for, as `rleFrString` of pycocotools reads them, within its own end."""
    if not _TEXT.fullmatch(text):
        raise ValueError("counts are no text of run lengths")
    codes = np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64) - 48
    ends = np.flatnonzero(codes & 32 == 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > _MOST_CHARACTERS:
        raise ValueError("counts are too large")
    places = np.arange(len(codes)) - np.repeat(starts, lengths)
    numbers = np.add.reduceat((codes & 31) << (5 * places), starts)
    numbers -= np.where(codes[ends] & 16, np.int64(1) << (5 * lengths), 0)
    # From the fourth number on, each is the difference to the one before the last.
    numbers[1::2] = np.cumsum(numbers[1::2])
    numbers[2::2] = np.cumsum(numbers[2::2])
    return numbers


def _checked(counts: np.ndarray, num_pixels: int) -> None:
    if len(counts) and counts.min() < 0:
        raise ValueError("counts are negative")
    if int(counts.sum()) != num_pixels:
        raise ValueError(f"counts are of {int(counts.sum())} pixels, the size of {num_pixels}")
