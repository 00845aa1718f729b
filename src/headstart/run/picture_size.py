"""The size in which a detector sees its pictures, where the recipe does not say: large enough for their objects."""

import math

import numpy as np

from headstart.data import Dataset, box_areas, upright_size
from headstart.errors import UnreadableImageError

# COCO calls an object small below 32² pixels (cocodataset.org/#detection-eval), and detectors find those worst.
SMALL_SIDE = 32
SMALLEST_SHARE = 0.05  # of the objects, which may stay smaller
LEAST, MOST = 320, 448  # pixels a side of a square picture; time rises with its square
SIDE_STEP = 32  # the coarsest stride of the networks
LOOKED_AT = 64
# Pictures have one shape if so many of them have the proportions of the middle one, about.
SAME_SHAPE, SHAPE_TOLERANCE = 0.9, 0.05
MOST_OBLONG = 2.0


def detection_image_size(dataset: Dataset) -> tuple[int, int]:
    """The `(height, width)` in pixels that suits annotated pictures.

    As many pixels as a square of 320 to 448 has, so that 95 % of the objects keep 32² pixels where the most allows it;
    in the proportions of the pictures where nearly all have the same, else square. Looks at a few pictures that may be
    learned from, and only into their headers.
    """
    rows = np.flatnonzero(dataset.frame["split"].isin(["train", ""]))
    sizes, shares = [], []
    boxes, paths = dataset.boxes(), dataset.paths()
    for index in rows[:: math.ceil(len(rows) / LOOKED_AT)]:
        try:
            height, width = upright_size(paths[index])
        except UnreadableImageError:
            continue  # the audit tells of it
        sizes.append((height, width))
        shares.append(np.sqrt(box_areas(boxes[index]) / (height * width)))
    shown = np.concatenate([*shares, np.empty(0)])
    shown = shown[shown > 0]  # without the boxes that the audit will refuse
    side = SMALL_SIDE / np.quantile(shown, SMALLEST_SHARE) if len(shown) else LEAST
    side, stretch = float(np.clip(side, LEAST, MOST)), math.sqrt(_proportion(sizes))
    return _whole(side / stretch), _whole(side * stretch)


def _proportion(sizes: list[tuple[int, int]]) -> float:
    """Width over height of nearly all pictures; 1 where they differ."""
    proportions = np.array([width / height for height, width in sizes] or [1.0])
    middle = float(np.median(proportions))
    alike = np.abs(proportions / middle - 1) <= SHAPE_TOLERANCE
    return float(np.clip(middle, 1 / MOST_OBLONG, MOST_OBLONG)) if alike.mean() >= SAME_SHAPE else 1.0


def _whole(side: float) -> int:
    return SIDE_STEP * math.ceil(side / SIDE_STEP - 1e-9)
