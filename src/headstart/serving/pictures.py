"""From the bytes that somebody sent to the pixels that a model takes."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from headstart.artifacts import Predictor
from headstart.data import open_rgb, resize_image


@dataclass(frozen=True)
class PictureReader:
    """Reads pictures as training did.

    Attributes:
        image_size: `(height, width)` of the model.
        resize_mode: of the model.
        max_pixels: of a picture; one with more is refused by its header.
    """

    image_size: tuple[int, int]
    resize_mode: str
    max_pixels: int

    @classmethod
    def for_predictor(cls, predictor: Predictor, max_pixels: int) -> "PictureReader":
        """For the pictures that a model takes."""
        return cls(predictor.image_size, predictor.resize_mode, max_pixels)

    def read(self, content: bytes) -> np.ndarray:
        """One picture: `(height, width, 3)` uint8.

        Raises:
            UnreadableImageError: it is none, damaged, or too large.
        """
        return resize_image(open_rgb(content, max_pixels=self.max_pixels), self.image_size, self.resize_mode)


def reading_pool() -> ThreadPoolExecutor:
    """Threads that decode: one a core, since Pillow works outside Python's global lock; so many are decoded at once."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="picture")
