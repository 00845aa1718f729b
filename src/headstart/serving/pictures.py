"""From the bytes that somebody sent to the pixels that a model takes."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from headstart.artifacts import TaskPredictor
from headstart.data import open_rgb, resize_image


class Picture(NamedTuple):
    """One that was read: its pixels in the model's size, and `(height, width)` that it had, upright."""

    pixels: np.ndarray
    size: tuple[int, int]


@dataclass(frozen=True)
class PictureReader:
    """Reads images as training did.

    Attributes:
        image_size: `(height, width)` of the model.
        resize_mode: of the model.
        max_pixels: of an image; one with more is refused by its header.
    """

    image_size: tuple[int, int]
    resize_mode: str
    max_pixels: int

    @classmethod
    def for_predictor(cls, predictor: TaskPredictor, max_pixels: int) -> "PictureReader":
        """For the images that a model takes."""
        return cls(predictor.image_size, predictor.resize_mode, max_pixels)

    def read(self, content: bytes) -> Picture:
        """One image, `(height, width, 3)` uint8.

        Raises:
            UnreadableImageError: it is none, damaged, or too large.
        """
        picture = open_rgb(content, max_pixels=self.max_pixels)
        return Picture(resize_image(picture, self.image_size, self.resize_mode), (picture.height, picture.width))


def reading_pool() -> ThreadPoolExecutor:
    """Threads for images in their own size: one per core, since Pillow works outside Python's global lock.

    So many are in memory at once.
    """
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="picture")
