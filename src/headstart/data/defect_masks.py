"""Masks of defects: which pixels are defective, and whether a mask fits its image."""

import hashlib
from pathlib import Path

import numpy as np

from headstart.data.dataset import GOOD, Dataset
from headstart.data.inspection import read_bytes
from headstart.data.mask_files import open_mask
from headstart.data.mask_inspection import MaskInspection
from headstart.errors import ClassTooSmallError, UnreadableImageError

# Every mask of MVTec AD has 0 and 255; grey levels between are smoothed edges.
_MARKED_FROM = 128


def read_defect_mask(source: bytes | Path) -> np.ndarray:
    """Which pixels a mask marks as defective: `(height, width)` bool.

    Grey and colour masks mark what is brighter than half of the range, or everything but 0 where no pixel is: such a
    mask holds small numbers.

    Raises:
        UnreadableImageError: the file cannot be read.
    """
    mask = open_mask(source)
    values = mask.values if mask.values is not None else np.asarray(mask.colours).max(axis=-1)
    return np.asarray(values >= (_MARKED_FROM if values.max(initial=0) >= _MARKED_FROM else 1))


def inspect_defect_mask(dataset: Dataset, index: int, size: tuple[int, int]) -> MaskInspection:
    """Everything the audit wants to know of the mask of one example; usable without one. Never raises.

    Args:
        dataset: of defects.
        index: row of the example.
        size: `(height, width)` of the upright image.
    """
    path, sort = str(dataset.frame["mask"].iat[index]), str(dataset.frame["target"].iat[index])
    if not path:
        return MaskInspection(True)
    try:
        content = read_bytes(dataset.root / path)
        marked = read_defect_mask(content)
    except OSError as error:
        return MaskInspection(False, findings=(("broken_mask", f"'{path}': {error.strerror or error}"),))
    except UnreadableImageError as error:
        return MaskInspection(False, findings=(("broken_mask", f"'{path}': {error.received}"),))
    sha256 = hashlib.sha256(content).hexdigest()
    if marked.shape != size:
        sizes = f"{marked.shape[1]} x {marked.shape[0]} instead of {size[1]} x {size[0]} pixels"
        return MaskInspection(False, sha256, findings=(("mask_size", f"'{path}' has {sizes}"),))
    if marked.any() == (sort == GOOD):
        kind = "marked_good" if sort == GOOD else "empty_defect_mask"
        return MaskInspection(False, sha256, findings=((kind, f"'{path}' marks {int(marked.sum())} pixels"),))
    return MaskInspection(True, sha256)


def require_good_images(dataset: Dataset) -> None:
    """Refuses a data set of which no good image is left to learn from.

    Raises:
        ClassTooSmallError: there is none.
    """
    parts = dataset.frame["split"][dataset.is_good()]
    if parts.isin(["", "train"]).any():
        return
    raise ClassTooSmallError(
        f"'{dataset.root}' has no usable good image to train on.",
        expected="readable images in 'train/good' or 'good'",
        received=f"{int(dataset.is_good().sum())} good images, none of them for training",
        hint="Run `headstart audit` for the reasons, then repair or add good images.",
    )
