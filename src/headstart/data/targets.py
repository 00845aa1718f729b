"""Targets that lie somewhere in the image, and so move where the image is resized or varied: boxes and masks."""

from collections import OrderedDict
from threading import Lock
from typing import Protocol

import numpy as np
from PIL import Image

from headstart.data.boxes import clipped_boxes, moved_boxes, resize_matrix
from headstart.data.dataset import Dataset
from headstart.data.masks import IGNORED, read_mask, resize_mask

# A box of which less is left in a varied image is no longer an object that anyone would mark.
MIN_VISIBLE = 0.25
# Class of an ignored object of class 0 in targets; -1 pads.
IGNORED_CLASS = -2
_CACHE_BYTES = 1 << 28
# From the corner of the top left pixel, where boxes count from, to its centre, where augmentation counts from.
_TO_CORNER = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])


class Targets(Protocol):
    """Targets by the place of their example in a list, moved as the image was.

    Attributes:
        shape: of one example's target.
        dtype: of its numbers.
    """

    dtype: np.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """See the class."""
        ...

    def __len__(self) -> int: ...

    def load_batch(self, examples: np.ndarray, matrices: np.ndarray) -> np.ndarray:
        """Targets of `examples`, `(n,)`: `(n, *shape)`; safe in several threads.

        Args:
            examples: places in the list.
            matrices: `(n, 3, 3)` from places in the varied image to places in the plain one, of the model's size.
        """
        ...


class BoxTargets:
    """Boxes in pixels of the model's input: `(num_boxes, 5)` float32 an example, `xyxy` and class; padded with -1.

    An ignored object of class c has `IGNORED_CLASS - c` instead of its class: -2 for class 0, -3 for class 1.

    Args:
        dataset: whose boxes; its table has `width` and `height`.
        image_size: `(height, width)` of the model's input.
        resize_mode: as in `resize_image`.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, dataset: Dataset, *, image_size: tuple[int, int], resize_mode: str) -> None:
        sizes = zip(dataset.frame["height"], dataset.frame["width"], strict=True)
        self._boxes = [
            moved_boxes(boxes, resize_matrix(size, image_size, resize_mode))
            for boxes, size in zip(map(_with_ignored, dataset.marked_boxes()), sizes, strict=True)
        ]
        self._image_size = image_size
        self.shape = (max([1, *map(len, self._boxes)]), 5)

    def __len__(self) -> int:
        return len(self._boxes)

    def load_batch(self, examples: np.ndarray, matrices: np.ndarray) -> np.ndarray:
        """See `Targets.load_batch`."""
        batch = np.full((len(examples), *self.shape), -1, np.float32)
        for row, example, matrix in zip(batch, examples, matrices, strict=True):
            moved = moved_boxes(self._boxes[example], _TO_CORNER @ np.linalg.inv(matrix) @ np.linalg.inv(_TO_CORNER))
            visible = visible_boxes(moved, self._image_size)
            row[: len(visible)] = visible
        return batch


def visible_boxes(boxes: np.ndarray, image_size: tuple[int, int]) -> np.ndarray:
    """The boxes that are still objects after a move, or still ignored: of ignored ones every part that is left.

    Args:
        boxes: `(n, 5)`, classes as in `BoxTargets`.
        image_size: `(height, width)` of what is seen.
    """
    ignored = boxes[:, 4] <= IGNORED_CLASS
    objects = clipped_boxes(boxes[~ignored], image_size, min_visible=MIN_VISIBLE)
    return np.concatenate([objects, clipped_boxes(boxes[ignored], image_size)])


def _with_ignored(marked: np.ndarray) -> np.ndarray:
    """`(n, 5)` as in `BoxTargets` from `(n, 6)` as in `Dataset.marked_boxes`."""
    boxes = marked[:, :5].copy()
    ignored = marked[:, 5] > 0
    boxes[ignored, 4] = IGNORED_CLASS - boxes[ignored, 4]
    return boxes


class MaskTargets:
    """Class of every pixel: `(height, width)` uint8 an example, `IGNORED` where nothing is known.

    Args:
        dataset: whose masks; read when asked for, the last ones remembered.
        image_size: `(height, width)` of the model's input.
        resize_mode: as in `resize_image`.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, dataset: Dataset, *, image_size: tuple[int, int], resize_mode: str) -> None:
        self._dataset = dataset
        self._resize_mode = resize_mode
        self.shape = image_size
        self._remembered: OrderedDict[int, Image.Image] = OrderedDict()
        self._max_remembered = max(1, _CACHE_BYTES // (image_size[0] * image_size[1]))
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._dataset)

    def load_batch(self, examples: np.ndarray, matrices: np.ndarray) -> np.ndarray:
        """See `Targets.load_batch`; what comes into view at the edges is ignored."""
        return np.stack([self._moved(int(row), matrix) for row, matrix in zip(examples, matrices, strict=True)])

    def _moved(self, example: int, matrix: np.ndarray) -> np.ndarray:
        mask = self._plain(example)
        if np.array_equal(matrix, np.eye(3)):
            return np.asarray(mask)
        inverse = _TO_CORNER @ matrix @ np.linalg.inv(_TO_CORNER)  # Pillow counts from the corner as well
        return np.asarray(
            mask.transform(
                mask.size,
                Image.Transform.AFFINE,
                tuple(inverse[:2].ravel()),
                resample=Image.Resampling.NEAREST,
                fillcolor=IGNORED,
            )
        )

    def _plain(self, example: int) -> Image.Image:
        with self._lock:
            if example in self._remembered:
                self._remembered.move_to_end(example)
                return self._remembered[example]
        mask = Image.fromarray(resize_mask(read_mask(self._dataset, example), self.shape, self._resize_mode))
        with self._lock:
            self._remembered[example] = mask
            while len(self._remembered) > self._max_remembered:
                self._remembered.popitem(last=False)
        return mask
