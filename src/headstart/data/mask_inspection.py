"""What one mask is: its bytes are read once, and compared with its image."""

import hashlib
from dataclasses import dataclass

import numpy as np

from headstart.data.annotations import mask_paths, outlines_from_text
from headstart.data.dataset import Dataset
from headstart.data.inspection import read_bytes
from headstart.data.mask_files import COLOUR, hex_of
from headstart.data.masks import IGNORED, OTHER_VALUES, class_numbers, draw_outlines, united_values
from headstart.errors import UnreadableImageError

_NUM_VALUES_SHOWN = 5


@dataclass(frozen=True)
class MaskInspection:
    """The facts about one mask file.

    Args:
        is_usable: whether it can be read and has the size of its image.
        sha256: hash of the file's bytes, hexadecimal; "" where outlines are drawn or nothing could be read.
        class_names: every class that has a pixel, in the order of the data set's.
        findings: `(kind, detail)` pairs, kinds as in `headstart.data.findings.KINDS`.
    """

    is_usable: bool
    sha256: str = ""
    class_names: tuple[str, ...] = ()
    findings: tuple[tuple[str, str], ...] = ()


def inspect_mask(dataset: Dataset, index: int, size: tuple[int, int], target: str | None = None) -> MaskInspection:
    """Everything the audit wants to know of the mask of one example. Never raises because of what the file holds.

    Args:
        dataset: for segmentation.
        index: row of the example.
        size: `(height, width)` of the upright image.
        target: instead of that of the example.
    """
    target = str(dataset.frame["target"].iat[index]) if target is None else target
    paths = mask_paths(target)
    if not paths:
        try:
            mask = draw_outlines(outlines_from_text(target), size, dataset)
        except UnreadableImageError as error:
            return MaskInspection(False, findings=(("mask_size", error.received),))
        return MaskInspection(True, class_names=_shown(mask, dataset))
    path = paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
    try:
        contents = [read_bytes(dataset.root / path) for path in paths]
        values = united_values(contents, dataset)
    except OSError as error:
        return _broken(path, error.strerror or str(error))
    except UnreadableImageError as error:
        return _broken(path, error.received)
    sha256 = hashlib.sha256(b"".join(contents)).hexdigest()
    if values.shape != size:
        sizes = f"{values.shape[1]} x {values.shape[0]} instead of {size[1]} x {size[0]} pixels"
        return MaskInspection(False, sha256, findings=(("mask_size", f"'{path}' has {sizes}"),))
    shown = _shown(class_numbers(values, dataset), dataset)
    return MaskInspection(True, sha256, shown, tuple(_unknown_values(path, values, dataset)))


def _broken(path: str, detail: str) -> MaskInspection:
    return MaskInspection(False, findings=(("broken_mask", f"'{path}': {detail}"),))


def _shown(mask: np.ndarray, dataset: Dataset) -> tuple[str, ...]:
    return tuple(dataset.class_names[number] for number in np.unique(mask) if number != IGNORED)


def _unknown_values(path: str, values: np.ndarray, dataset: Dataset) -> list[tuple[str, str]]:
    if OTHER_VALUES in dataset.mask_values:
        return []
    distinct, counts = np.unique(values, return_counts=True)
    unknown = [
        f"{value if value < COLOUR else hex_of(value)} at {count} pixels"
        for value, count in zip(distinct.tolist(), counts.tolist(), strict=True)
        if value not in dataset.mask_values
    ]
    if not unknown:
        return []
    more = f" and {len(unknown) - _NUM_VALUES_SHOWN} more" if len(unknown) > _NUM_VALUES_SHOWN else ""
    return [("unknown_mask_value", f"'{path}': {', '.join(unknown[:_NUM_VALUES_SHOWN])}{more}")]
