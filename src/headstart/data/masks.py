"""Masks: which class every pixel of an image belongs to."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from headstart.data.annotations import Area, PixelMask, mask_paths, outlines_from_text
from headstart.data.boxes import resize_matrix
from headstart.data.dataset import Dataset
from headstart.data.images import upright_size
from headstart.data.mask_files import (
    ALPHA,
    COLOUR,
    COLOURS,
    NUMBERS,
    TRANSPARENT,
    encoding_of,
    open_mask,
    pixel_values,
    unreadable_mask,
)
from headstart.data.rle import mask_of
from headstart.errors import UnreadableImageError

# What a pixel that belongs to no class holds in a mask of class numbers.
IGNORED = 255
# Stands in `Dataset.mask_values` for every value that is not listed there.
OTHER_VALUES = -1
# Values that mark nothing, where several files are united.
_UNMARKED = {NUMBERS: [0], COLOURS: [COLOUR], ALPHA: [TRANSPARENT]}
# Value of what no outline covers.
UNCOVERED = 0

_MAX_CLASSES = IGNORED


def read_mask(dataset: Dataset, index: int) -> np.ndarray:
    """Mask of one example.

    Args:
        dataset: for segmentation, with at most 255 classes.
        index: row of the example.

    Returns:
        `(height, width)` uint8 in the size of the mask file, or of the upright image where outlines are drawn: number
        of the class in the order of `class_names`, `IGNORED` where there is none.

    Raises:
        UnreadableImageError: the mask file is missing, damaged, or no mask; runs of pixels do not fit the image.
    """
    target = str(dataset.frame["target"].iat[index])
    paths = mask_paths(target)
    if paths:
        return class_numbers(united_values([dataset.root / path for path in paths], dataset), dataset)
    size = _picture_size(dataset, index)
    return draw_outlines(outlines_from_text(target), size, dataset)


def mask_values_in(source: bytes | Path, encoding: str = NUMBERS) -> np.ndarray:
    """The values in a mask file: `(height, width)` uint8 or int32.

    A palette gives the numbers of the colours, not the colours. Grey that is stored as colour is read as grey.

    Args:
        source: a path, or the bytes of a file.
        encoding: as in `pixel_values`.

    Raises:
        UnreadableImageError: the file is missing, damaged, or has colours where numbers are needed.
    """
    mask = open_mask(source)
    try:
        return pixel_values(mask, encoding)
    except ValueError as error:
        raise unreadable_mask(source, error) from error


def united_values(sources: Sequence[bytes | Path], dataset: Dataset) -> np.ndarray:
    """The values of mask files that lie over each other: of each pixel the value of the last that marks it.

    Args:
        sources: paths, or the bytes of files.
        dataset: whose `mask_values` say in which form the files are.

    Returns:
        `(height, width)` uint8 or int32.

    Raises:
        UnreadableImageError: a file cannot be read, or has another size than the first.
    """
    encoding = encoding_of(dataset.mask_values)
    values = mask_values_in(sources[0], encoding)
    for source in sources[1:]:
        others = mask_values_in(source, encoding)
        if others.shape != values.shape:
            raise unreadable_mask(source, ValueError("another size than the first mask of the image"))
        marked = np.isin(others, _UNMARKED[encoding], invert=True)
        # Numbers: the larger, because smoothed edges must not cover what another file marks.
        values = np.maximum(values, others) if encoding == NUMBERS else np.where(marked, others, values)
    return values


def class_numbers(values: np.ndarray, dataset: Dataset) -> np.ndarray:
    """Numbers of classes instead of the values of a mask file: `(height, width)` uint8."""
    _require_few(dataset)
    number_of = {name: number for number, name in enumerate(dataset.class_names)}
    other = dataset.mask_values.get(OTHER_VALUES, "")
    distinct, places = np.unique(values, return_inverse=True)
    names = [dataset.mask_values.get(int(value), other) for value in distinct]
    return np.array([number_of.get(name, IGNORED) for name in names], np.uint8)[places].reshape(values.shape)


def draw_outlines(outlines: list[Area], size: tuple[int, int], dataset: Dataset) -> np.ndarray:
    """Areas filled one after the other, the later ones over the earlier: `(height, width)` uint8 of `size`.

    What none covers is the class that `mask_values` gives for 0, or `IGNORED`.

    Raises:
        UnreadableImageError: runs of pixels are of another size, or no mask.
    """
    _require_few(dataset)
    number_of = {name: number for number, name in enumerate(dataset.class_names)}
    mask = np.full(size, number_of.get(dataset.mask_values.get(UNCOVERED, ""), IGNORED), np.uint8)
    for outline in outlines:
        if isinstance(outline, PixelMask):
            mask[_inside(outline, size)] = number_of.get(outline.name, IGNORED)
        elif len(outline.corners) >= 6 and all(map(math.isfinite, outline.corners)):
            _fill(
                mask,
                np.array(outline.corners[: len(outline.corners) // 2 * 2], np.float64).reshape(-1, 2),
                number_of.get(outline.name, IGNORED),
            )
    return mask


def resize_mask(mask: np.ndarray, image_size: tuple[int, int], mode: str = "stretch") -> np.ndarray:
    """A mask in the size of the model's input, cut and moved as `resize_image` does it with the image.

    Args:
        mask: `(h, w)` uint8.
        image_size: `(height, width)` in pixels.
        mode: as in `resize_image`.

    Returns:
        `(height, width)` uint8: of every pixel the value at its centre, `IGNORED` outside the image.
    """
    matrix = resize_matrix((mask.shape[0], mask.shape[1]), image_size, mode)
    back = np.linalg.inv(matrix)
    columns = np.floor(back[0, 0] * (np.arange(image_size[1]) + 0.5) + back[0, 2] + 1e-9).astype(np.int64)
    rows = np.floor(back[1, 1] * (np.arange(image_size[0]) + 0.5) + back[1, 2] + 1e-9).astype(np.int64)
    resized = np.full(image_size, IGNORED, np.uint8)
    inside_rows = np.flatnonzero((rows >= 0) & (rows < mask.shape[0]))
    inside_columns = np.flatnonzero((columns >= 0) & (columns < mask.shape[1]))
    resized[np.ix_(inside_rows, inside_columns)] = mask[np.ix_(rows[inside_rows], columns[inside_columns])]
    return resized


def _fill(mask: np.ndarray, corners: np.ndarray, number: int) -> None:
    """Gives a number to the pixels whose centres lie inside a closed line; `corners` is `(n, 2)` of x and y.

    Pillow would also draw the line itself, half a pixel too wide on every side.
    """
    limits = np.array(mask.shape[::-1])
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, limits).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)), 0, limits).astype(int)
    window = mask[top:bottom, left:right]
    centres = np.arange(top, bottom)[:, None] + 0.5
    (x, y), (next_x, next_y) = corners.T, np.roll(corners, -1, axis=0).T
    rows, edges = np.nonzero((y <= centres) != (next_y <= centres))
    share = (centres[rows, 0] - y[edges]) / (next_y[edges] - y[edges])
    crossings = x[edges] + share * (next_x[edges] - x[edges])
    flips = np.zeros((bottom - top, right - left + 1), bool)
    # From the first pixel centre right of a crossing on, inside and outside change places.
    np.logical_xor.at(flips, (rows, np.clip(np.ceil(crossings - 0.5) - left, 0, right - left).astype(int)), True)
    window[np.logical_xor.accumulate(flips[:, :-1], axis=1)] = number


def _inside(area: PixelMask, size: tuple[int, int]) -> np.ndarray:
    try:
        if tuple(area.size) != size:
            raise ValueError(f"{area.size[1]} x {area.size[0]} pixels, the image has {size[1]} x {size[0]}")
        return mask_of(size, area.counts)
    except (TypeError, ValueError) as error:
        raise UnreadableImageError(
            f"The mask of a '{area.name}' does not fit its image.",
            expected="run lengths for the size of the image",
            received=str(error),
            hint="Run `headstart audit` on the data; it leaves out such images.",
        ) from error


def _picture_size(dataset: Dataset, index: int) -> tuple[int, int]:
    if "width" in dataset.frame and "height" in dataset.frame:
        height, width = dataset.frame[["height", "width"]].to_numpy(np.int64)[index].tolist()
        return height, width
    return upright_size(dataset.root / str(dataset.frame["path"].iat[index]))


def _require_few(dataset: Dataset) -> None:
    if dataset.num_classes > _MAX_CLASSES:
        raise ValueError(f"{dataset.num_classes} classes, masks of one byte a pixel hold {_MAX_CLASSES}")
