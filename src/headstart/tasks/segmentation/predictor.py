"""From images to masks, with any exported file and in the same way with a run's own model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from headstart.artifacts import Runtime
from headstart.data import resize_matrix
from headstart.task_spec import SEGMENTATION


@dataclass(frozen=True, eq=False)
class PictureMask:
    """The class of every pixel of an image.

    Attributes:
        mask: `(height, width)` uint8, in the model's size: small, so that predictions can wait for being written.
        size: `(height, width)` of the image.
        resize_mode: how the image got the model's size.
    """

    mask: np.ndarray
    size: tuple[int, int]
    resize_mode: str

    def in_picture(self) -> np.ndarray:
        """`(height, width)` uint8 in the image's own size."""
        return mask_in_picture(self.mask, self.size, self.mask.shape, self.resize_mode)


@dataclass(frozen=True, eq=False)
class MaskPredictor:
    """Predictions of a segmenter.

    Attributes:
        kind: of task.
        runtime: gives the class of every pixel and its probability, `(n, height, width)`.
        class_names: what the classes stand for.
        image_size: `(height, width)` of the model's input.
        resize_mode: how images get that size, as in `headstart.data.resize_image`.
    """

    kind: ClassVar[str] = SEGMENTATION

    runtime: Runtime
    class_names: tuple[str, ...]
    image_size: tuple[int, int]
    resize_mode: str

    @property
    def measured(self) -> Sequence[np.ndarray]:
        """See `headstart.artifacts.TaskPredictor`; nothing was measured."""
        return ()

    @property
    def missing_promise(self) -> str:
        """See `headstart.artifacts.TaskPredictor`; no coverage is promised."""
        return ""

    def answers(self, images: np.ndarray, sizes: Sequence[tuple[int, int]]) -> list[PictureMask]:
        """Masks of images; arguments as in `BoxPredictor.answers`."""
        return self.decode(self.runtime.run(np.asarray(images, np.uint8)), sizes)

    def decode(self, outputs: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> list[PictureMask]:
        """See `headstart.artifacts.TaskPredictor`."""
        classes, _ = outputs
        masks = np.asarray(classes).astype(np.uint8)
        return [PictureMask(mask, size, self.resize_mode) for mask, size in zip(masks, sizes, strict=True)]


def mask_in_picture(
    mask: np.ndarray, size: tuple[int, int], image_size: tuple[int, int], resize_mode: str
) -> np.ndarray:
    """The mask in the size of an image, by nearest-neighbour interpolation.

    Args:
        mask: `(height, width)` uint8 of the model's input.
        size: `(height, width)` of the image.
        image_size: `(height, width)` of the model's input.
        resize_mode: how the image got that size: `stretch` or `pad`; `crop` shows the model less than the image.

    Returns:
        `(height, width)` uint8.
    """
    matrix = resize_matrix(size, image_size, resize_mode)
    height, width = size
    moved = Image.fromarray(mask).transform(
        (width, height), Image.Transform.AFFINE, tuple(matrix[:2].ravel()), resample=Image.Resampling.NEAREST
    )
    return np.asarray(moved)
