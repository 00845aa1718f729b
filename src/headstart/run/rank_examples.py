"""What a ranking scores features on: images as a whole, or places in them."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from headstart.backbones import Backbone
from headstart.data import BoxTargets, Dataset, MaskTargets, resize_matrix, separable_groups
from headstart.errors import ClassTooSmallError
from headstart.features import (
    ACCURACY,
    AVERAGE_PRECISION,
    BALANCED_ACCURACY,
    MIN_SEPARATE_EXAMPLES,
    R2,
    UNDECIDED,
    BankPart,
    box_places,
    choose_places,
    mask_places,
    most_separate_examples,
)
from headstart.heads import POOLED
from headstart.recipe import Recipe
from headstart.run.bank import taps_of
from headstart.task_spec import TargetForm

# Between what is seen and where: heads read maps of this stride whatever the network.
STRIDE = 16
PICTURES_AT_A_TIME = 32
BACKGROUND = "background"


@dataclass(frozen=True, eq=False)
class ScoredExamples:
    """The examples on which features are scored.

    Attributes:
        features: `(n, d)` float32.
        targets: `(n, columns)` float32 or float64, as `score_features` takes them.
        groups: `(n,)`, the same for what must not stand on both sides of a split.
        num_places: `n` where examples are places; None where they are images.
    """

    features: np.ndarray
    targets: np.ndarray
    groups: np.ndarray
    num_places: int | None = None


def measure_of(dataset: Dataset) -> str:
    """The measure by which probe and neighbours are scored."""
    if dataset.form is TargetForm.LABELS:
        return AVERAGE_PRECISION if dataset.multi_label else ACCURACY
    return R2 if dataset.form is TargetForm.NUMBERS else BALANCED_ACCURACY


def scored_layer(recipe: Recipe, backbone: Backbone) -> str:
    """The layer whose output is scored: pooled, or of the maps that the task's head reads the one nearest stride 16."""
    taps = taps_of(recipe, backbone)
    return min(taps, key=lambda name: abs(math.log2(_stride(backbone, name) / STRIDE))) if taps else POOLED


def require_enough(used: Dataset) -> None:
    """Raises unless the images say enough, as far as that is known without a map.

    Raises:
        ClassTooSmallError: too few separate images, or all are alike.
    """
    groups = separable_groups(used.frame)
    if used.form is TargetForm.LABELS:
        most, expected = most_separate_examples(used.class_matrix(), groups), "a class with"
        received = f"{most} in the largest class"
    else:
        most, expected = len(np.unique(groups)), "at least"
        received = f"{most}"
    if most < MIN_SEPARATE_EXAMPLES:
        raise ClassTooSmallError(
            "There are too few images for a ranking.",
            expected=f"{expected} {MIN_SEPARATE_EXAMPLES} images without copies, in addition to the test part",
            received=received,
            hint="Add images.",
        )
    if measure_of(used) in {AVERAGE_PRECISION, R2} and not np.ptp(_picture_targets(used), axis=0).any():
        raise ClassTooSmallError(
            "All images have the same labels or numbers, so that networks cannot be compared.",
            expected="different labels or numbers in training and validation part",
            received=f"{used.frame['target'].iat[0]!r} for all {len(used)}",
            hint="Add images with other labels or numbers.",
        )


def scored_examples(part: BankPart, used: Dataset, image_size: tuple[int, int], recipe: Recipe) -> ScoredExamples:
    """The features of examples with their targets.

    Args:
        part: the plain view of every image, at `scored_layer`.
        used: the images.
        image_size: `(height, width)` that the network sees.
        recipe: says how images get that size.

    Raises:
        ClassTooSmallError: no two classes, or no class and background, are shown by enough images.
    """
    groups = separable_groups(used.frame)
    if used.form not in {TargetForm.BOXES, TargetForm.MASKS}:
        features = part.load_batch(np.arange(len(part)), np.zeros(len(part), np.int64))
        return ScoredExamples(features.astype(np.float32), _picture_targets(used), groups)
    grid = (part.shape[0], part.shape[1])
    places = np.stack(list(_PLACES[used.form](used, grid, image_size, recipe.images.resize_mode)))
    chosen = choose_places(places, groups, seed=recipe.seed, min_groups=MIN_SEPARATE_EXAMPLES)
    _require_two_classes(chosen, used)
    numbers, columns = np.unique(chosen["number"], return_inverse=True)
    return ScoredExamples(
        features=_place_features(part, chosen),
        targets=np.eye(len(numbers), dtype=np.float32)[columns],
        groups=groups[chosen["picture"]],
        num_places=len(chosen),
    )


def _picture_targets(used: Dataset) -> np.ndarray:
    return used.numbers() if used.form is TargetForm.NUMBERS else used.class_matrix().astype(np.float32)


def _stride(backbone: Backbone, layer: str) -> float:
    (height, width), shape = backbone.image_size, backbone.model.get_layer(layer).output.shape
    return math.sqrt(height * width / (shape[1] * shape[2]))


def _require_two_classes(chosen: pd.DataFrame, used: Dataset) -> None:
    names = (*used.class_names, BACKGROUND)
    shown = [names[number] for number in np.unique(chosen["number"])]
    if len(shown) < 2:
        raise ClassTooSmallError(
            "The images show too few classes for a ranking.",
            expected=f"two classes (background is one) in {MIN_SEPARATE_EXAMPLES} images each, without copies, in "
            "addition to the test part",
            received=f"only {shown[0]}" if shown else "none",
            hint="Add images that show other classes.",
        )


def _boxed(used: Dataset, grid: tuple[int, int], image_size: tuple[int, int], mode: str) -> Iterator[np.ndarray]:
    targets = BoxTargets(used, image_size=image_size, resize_mode=mode)
    for row, size in enumerate(zip(used.frame["height"], used.frame["width"], strict=True)):
        (boxes,) = targets.load_batch(np.array([row]), np.eye(3)[None])
        places = box_places(boxes[boxes[:, 4] >= 0], grid, image_size, background=used.num_classes)
        yield np.where(_inside(size, grid, image_size, mode), places, UNDECIDED)


def _masked(used: Dataset, grid: tuple[int, int], image_size: tuple[int, int], mode: str) -> Iterator[np.ndarray]:
    targets = MaskTargets(used, image_size=image_size, resize_mode=mode)
    for row in range(len(used)):
        (mask,) = targets.load_batch(np.array([row]), np.eye(3)[None])
        yield mask_places(mask, grid, num_classes=used.num_classes)


_PLACES: dict[TargetForm, Callable[..., Iterator[np.ndarray]]] = {
    TargetForm.BOXES: _boxed,
    TargetForm.MASKS: _masked,
}


def _inside(size: tuple[int, int], grid: tuple[int, int], image_size: tuple[int, int], mode: str) -> np.ndarray:
    """`grid` bool: whether the centre of a place lies in the image and not in a bar beside it."""
    back = np.linalg.inv(resize_matrix(size, image_size, mode))
    rows = back[1, 1] * (np.arange(grid[0]) + 0.5) * image_size[0] / grid[0] + back[1, 2]
    columns = back[0, 0] * (np.arange(grid[1]) + 0.5) * image_size[1] / grid[1] + back[0, 2]
    return np.outer((rows >= 0) & (rows <= size[0]), (columns >= 0) & (columns <= size[1]))


def _place_features(part: BankPart, chosen: pd.DataFrame) -> np.ndarray:
    """`(n, channels)` float32 of the chosen places, which stand in the order of their images."""
    pictures, rows, columns = (chosen[name].to_numpy() for name in ("picture", "row", "column"))
    features = np.empty((len(chosen), part.shape[-1]), np.float32)
    for start in range(0, len(part), PICTURES_AT_A_TIME):
        examples = np.arange(start, min(start + PICTURES_AT_A_TIME, len(part)))
        maps = part.load_batch(examples, np.zeros(len(examples), np.int64))
        here = slice(*np.searchsorted(pictures, [start, start + PICTURES_AT_A_TIME]))
        features[here] = maps[pictures[here] - start, rows[here], columns[here]]
    return features
