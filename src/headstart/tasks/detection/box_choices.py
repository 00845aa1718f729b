"""What boxes decide for a detector where the recipe does not say: size of images, and whether to draw collages."""

import math
from dataclasses import replace

import numpy as np

from headstart.data import Dataset, box_areas, upright_size
from headstart.errors import UnreadableImageError
from headstart.recipe import Recipe

# COCO calls an object small below 32² pixels (cocodataset.org/#detection-eval), and detectors find those worst.
SMALL_SIDE = 32
SMALLEST_SHARE = 0.05  # of the objects, which may stay smaller
LEAST, MOST = 320, 448  # pixels a side of a square image; time rises with its square
SIDE_STEP = 32  # the coarsest stride of the networks
LOOKED_AT = 64
# Images have one shape if so many of them have the proportions of the middle one, about.
SAME_SHAPE, SHAPE_TOLERANCE = 0.9, 0.05
MOST_OBLONG = 2.0
# Collages a training image, where so few of the images with an object show several.
COLLAGES, FEW_WITH_SEVERAL = 0.6, 0.25


def suit_boxes(recipe: Recipe, dataset: Dataset) -> Recipe:
    """The recipe with what it leaves open of `images.collages` and `backbone.image_size`, as the images want it."""
    if recipe.images.collages is None:
        recipe = recipe.with_values("images", collages=collage_share(dataset))
    if recipe.backbone.image_size is None:
        recipe = recipe.with_values("backbone", image_size=detection_image_size(dataset))
    return recipe


def collage_share(dataset: Dataset) -> float:
    """Collages a training image: some where nearly every image shows one object alone, none elsewhere."""
    counts = np.array([len(boxes) for boxes in _learned(dataset).boxes()])
    shown = counts[counts > 0]
    return COLLAGES if len(shown) and (shown > 1).mean() < FEW_WITH_SEVERAL else 0.0


def detection_image_size(dataset: Dataset) -> tuple[int, int]:
    """The `(height, width)` in pixels that suits annotated images.

    As many pixels as a square of 320 to 448 has, so that 95 % of the objects keep 32² pixels where the most allows it;
    in the proportions of the images where nearly all have the same, else square. Looks at a few images that may be
    learned from, and only into their headers.
    """
    learned = _learned(dataset)
    step = math.ceil(len(learned) / LOOKED_AT)
    sizes, shares = [], []
    for path, boxes in zip(learned.paths()[::step], learned.boxes()[::step], strict=True):
        try:
            height, width = upright_size(path)
        except UnreadableImageError:
            continue  # the audit tells of it
        sizes.append((height, width))
        shares.append(np.sqrt(box_areas(boxes) / (height * width)))
    shown = np.concatenate([*shares, np.empty(0)])
    shown = shown[shown > 0]  # without the boxes that the audit will refuse
    side = SMALL_SIDE / np.quantile(shown, SMALLEST_SHARE) if len(shown) else LEAST
    side, stretch = float(np.clip(side, LEAST, MOST)), math.sqrt(_proportion(sizes))
    return _whole(side / stretch), _whole(side * stretch)


def _learned(dataset: Dataset) -> Dataset:
    """The images that may be learned from: the training part, or all if there is no split yet."""
    return replace(dataset, frame=dataset.frame[dataset.frame["split"].isin(["train", ""])])


def _proportion(sizes: list[tuple[int, int]]) -> float:
    """Width over height of nearly all images; 1 where they differ."""
    proportions = np.array([width / height for height, width in sizes] or [1.0])
    middle = float(np.median(proportions))
    alike = np.abs(proportions / middle - 1) <= SHAPE_TOLERANCE
    return float(np.clip(middle, 1 / MOST_OBLONG, MOST_OBLONG)) if alike.mean() >= SAME_SHAPE else 1.0


def _whole(side: float) -> int:
    return SIDE_STEP * math.ceil(side / SIDE_STEP - 1e-9)
