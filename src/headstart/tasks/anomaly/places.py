"""How well scores of places find defective pixels: AUROC of pixels and PRO, for many weightings of the images at once.

References:
    Bergmann et al. 2021, The MVTec Anomaly Detection Dataset, IJCV 129, section 5.3: the per-region overlap (PRO) is
    the share of each connected defective area that is above a threshold, averaged over areas; its curve over the
    false-positive rate of good pixels is integrated up to 0.3 and divided by 0.3.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import label

MAX_FALSE_POSITIVES = 0.3
# Thresholds of the curves. Fewer different scores are compared exactly.
NUM_BINS = 1000
IGNORED = 255  # in a mask: neither good nor defective


@dataclass(frozen=True, eq=False)
class PlaceScores:
    """Counts of the pixels of images by score.

    Attributes:
        good: `(images, bins)` good pixels.
        defective: `(images, bins)` defective pixels.
        areas: `(areas, bins)` share of each connected defective area.
        image_of_area: `(areas,)` index of its image.
    """

    good: np.ndarray
    defective: np.ndarray
    areas: np.ndarray
    image_of_area: np.ndarray

    @classmethod
    def counted(cls, maps: np.ndarray, masks: Iterable[np.ndarray | None]) -> "PlaceScores":
        """From scores and masks.

        Args:
            maps: `(images, rows, columns)` scores of places; enlarged bilinearly to the masks.
            masks: for each image `(height, width)` uint8, 1 for defective, 0 for good, `IGNORED` for neither; None if
                it is not known which pixels are defective.
        """
        maps = np.asarray(maps, np.float32)  # as `enlarged` gives them
        edges = _edges(maps)
        good, defective = (np.zeros((len(maps), len(edges) + 1)) for _ in range(2))
        areas, image_of_area = [], []
        for index, (scores, mask) in enumerate(zip(maps, masks, strict=True)):
            if mask is None:
                continue
            bins = np.searchsorted(edges, enlarged(scores, mask.shape), side="right")
            good[index] = np.bincount(bins[mask == 0], minlength=len(edges) + 1)
            defective[index] = np.bincount(bins[mask == 1], minlength=len(edges) + 1)
            numbers, count = label(mask == 1, structure=np.ones((3, 3)))
            for number in range(1, count + 1):
                counts = np.bincount(bins[numbers == number], minlength=len(edges) + 1)
                areas.append(counts / counts.sum())
                image_of_area.append(index)
        return cls(
            good, defective, np.array(areas).reshape(len(areas), len(edges) + 1), np.array(image_of_area, np.int64)
        )

    def pixel_auroc(self, weights: np.ndarray) -> np.ndarray:
        """Probability that a defective pixel scores higher than a good one, ties counting half.

        Args:
            weights: `(r, images)`, how often each image counts in each resample.

        Returns:
            `(r,)`; NaN where a resample lacks one of the two.
        """
        good, defective = weights @ self.good, weights @ self.defective
        below = np.cumsum(good, axis=1) - good / 2
        wins, pairs = (defective * below).sum(axis=1), good.sum(axis=1) * defective.sum(axis=1)
        return np.asarray(np.divide(wins, pairs, out=np.full(len(weights), np.nan), where=pairs > 0))

    def pro(self, weights: np.ndarray) -> np.ndarray:
        """Area under the per-region overlap up to a false-positive rate of 0.3, divided by 0.3: `(r,)`, 0 to 1."""
        weights_of_areas = weights[:, self.image_of_area]
        overlaps, good = weights_of_areas @ self.areas, weights @ self.good
        totals = np.stack([weights_of_areas.sum(axis=1), good.sum(axis=1)])
        results = np.full(len(weights), np.nan)
        for row in np.flatnonzero((totals > 0).all(axis=0)):
            overlap, rate = (
                np.concatenate([[0.0], np.cumsum(counts[::-1])]) / total
                for counts, total in ((overlaps[row], totals[0, row]), (good[row], totals[1, row]))
            )
            results[row] = _area_up_to(rate, overlap, MAX_FALSE_POSITIVES)
        return results


def enlarged(scores: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Scores of places as scores of pixels, bilinear: `(height, width)` float32."""
    image = Image.fromarray(np.asarray(scores, np.float32))
    return np.asarray(image.resize((size[1], size[0]), Image.Resampling.BILINEAR))


def _edges(maps: np.ndarray) -> np.ndarray:
    """Ascending scores between which scores count as equal."""
    values = np.unique(maps)
    if len(values) <= NUM_BINS:
        return values
    return np.unique(np.quantile(maps, np.linspace(0, 1, NUM_BINS)))


def _area_up_to(across: np.ndarray, up: np.ndarray, limit: float) -> float:
    """Area under a line of ascending points up to a limit, divided by the limit."""
    inside = across < limit
    points = np.append(across[inside], limit), np.append(up[inside], np.interp(limit, across, up))
    return float(np.trapezoid(points[1], points[0]) / limit)
