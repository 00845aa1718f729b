"""What to say of copies, and which of them to leave out."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from headstart.data.boxes import iou
from headstart.data.dataset import SPLITS, Dataset
from headstart.data.findings import Finding
from headstart.data.separation import connected_groups
from headstart.task_spec import TargetForm

# Of boxes as shares of the sides; copies saved in another size differ by rounding, people who mark one anew by more.
_MIN_SAME_IOU = 0.8


def exact_pairs(sha256: pd.Series) -> np.ndarray:
    """Each file with the first one of the same bytes, `(pairs, 2)` int64."""
    codes = pd.factorize(sha256)[0]
    first = np.unique(codes, return_index=True)[1][codes]
    later = np.flatnonzero(first != np.arange(len(codes)))
    return np.stack([first[later], later], axis=1)


def copy_findings(frame: pd.DataFrame, exact: np.ndarray, near: np.ndarray) -> Iterator[Finding]:
    """A finding for each file that is a copy of one before it."""
    paths, sha256 = frame["path"].tolist(), frame["sha256"].to_numpy()
    for first, later in exact.tolist():
        yield Finding("exact_duplicate", paths[later], f"same as '{paths[first]}'")
    others = near[sha256[near[:, 0]] != sha256[near[:, 1]]]
    # Pairs are sorted: the first pair of an image names its first likeness, which is enough to find the others.
    later, position = np.unique(others[:, 1], return_index=True)
    for first, second in zip(others[position, 0].tolist(), later.tolist(), strict=True):
        yield Finding("near_duplicate", paths[second], f"looks like '{paths[first]}'")


def conflict_findings(dataset: Dataset) -> Iterator[Finding]:
    """Files with the same bytes and different targets."""
    if dataset.multi_label:
        return
    frame = dataset.frame
    # Masks of copies are different files in any case; it matters what is in them.
    target = (
        frame["target"].where(frame["mask_sha256"] == "", frame["mask_sha256"])
        if "mask_sha256" in frame
        else frame["target"]
    )
    copied = frame["sha256"].duplicated(keep=False)
    for _, rows in frame[copied].groupby("sha256").groups.items():
        if target[rows].nunique() > 1:
            paths = frame.loc[rows, "path"].tolist()
            for path in paths:
                others = [f"'{other}'" for other in paths if other != path]
                yield Finding("conflicting_labels", path, f"same as {', '.join(others)}")


def copy_groups(dataset: Dataset, exact: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Number of the group of copies of every example, `(examples,)` int64.

    For detection a near copy counts only where the same objects are marked in it: photos of one scene through a fixed
    camera look alike as a whole while the objects move, and those are what is learned.
    """
    if dataset.form is TargetForm.BOXES and len(near):
        sizes = dataset.frame[["width", "height", "width", "height"]].to_numpy(np.float64)
        shares = [
            np.concatenate([boxes[:, :4] / size, boxes[:, 4:]], axis=1)
            for boxes, size in zip(dataset.boxes(), sizes, strict=True)
        ]
        near = near[[_same_objects(shares[first], shares[second]) for first, second in near]]
    return connected_groups(len(dataset), np.concatenate([exact, near]))


def _same_objects(boxes: np.ndarray, others: np.ndarray) -> bool:
    """Whether two images have the same objects in the same places, as shares of their sides."""
    if len(boxes) != len(others):
        return False
    matches = (iou(boxes, others) >= _MIN_SAME_IOU) & (boxes[:, None, 4] == others[None, :, 4])
    return bool(matches.any(axis=0).all() and matches.any(axis=1).all())


def across_splits(frame: pd.DataFrame, groups: np.ndarray) -> dict[str, str]:
    """Examples of which a group mate is given to a part that measures, or measures more: path → the mate's path."""
    rank = frame["split"].map({split: position for position, split in enumerate(SPLITS)}).fillna(0)
    if not rank.any():
        return {}
    highest = rank.groupby(groups).transform("max")
    # One image of the part that keeps its copies, to name it.
    keeper = frame["path"].where(rank == highest).groupby(groups).transform("first")
    out = rank < highest
    return dict(zip(frame["path"][out], keeper[out], strict=True))
