"""Heat maps: where in an image places are far from good ones, in colours over the image."""

import numpy as np
from PIL import Image

from headstart.data import resize_matrix

HEAT_SHARE = 0.6  # of the colour at the hottest place; the image stays visible below


def heat_level(good_scores: np.ndarray) -> float:
    """The highest score of a good validation image, which the colours of heat maps follow."""
    return max(float(np.max(good_scores)), 1e-12)


def heat_in_picture(
    scores: np.ndarray, size: tuple[int, int], image_size: tuple[int, int], resize_mode: str
) -> np.ndarray:
    """Scores of places as scores of the pixels of an image, bilinear.

    Args:
        scores: `(rows, columns)`.
        size: `(height, width)` of the image.
        image_size: `(height, width)` of the model's input.
        resize_mode: how the image got that size: `stretch` or `pad`.

    Returns:
        `(height, width)` float32; 0 for pixels that the model does not see.
    """
    rows, columns = scores.shape
    small = np.diag([columns / image_size[1], rows / image_size[0], 1.0]) @ resize_matrix(size, image_size, resize_mode)
    height, width = size
    # One place more at each edge: bilinear interpolation needs neighbours.
    padded = np.pad(np.asarray(scores, np.float32), 1, mode="edge")
    shifted = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1]]) @ small
    moved = Image.fromarray(padded).transform(
        (width, height), Image.Transform.AFFINE, tuple(shifted[:2].ravel()), resample=Image.Resampling.BILINEAR
    )
    return np.asarray(moved)


def heat_colours(heat: np.ndarray, level: float) -> np.ndarray:
    """Scores of pixels as places on a scale of colours, 0 to 1.

    The scale begins at half of the level. It ends at the highest score of the image, or at 1.5 times the level if it is
    more: a good image has no bright colours, and a large defect does not cover everything with the brightest one.
    """
    end = max(1.5 * level, float(heat.max(initial=0.0)))
    return np.asarray(np.clip((heat - 0.5 * level) / (end - 0.5 * level), 0, 1))


def draw_heat(picture: np.ndarray, heat: np.ndarray, level: float) -> np.ndarray:
    """The image under colours: the hotter, the stronger and the brighter.

    Args:
        picture: `(h, w, 3)` RGB 0-255.
        heat: `(h, w)` scores.
        level: from `heat_level`.

    Returns:
        `(h, w, 3)` uint8.
    """
    from matplotlib import colormaps  # noqa: PLC0415  a server does not need it

    values = heat_colours(heat, level)
    colour = 255.0 * colormaps["inferno"](values)[..., :3]
    share = (HEAT_SHARE * np.sqrt(values))[..., None]
    mixed = (1 - share) * np.asarray(picture, np.float32) + share * colour
    return np.asarray(np.clip(np.rint(mixed), 0, 255).astype(np.uint8))
