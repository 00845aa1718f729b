"""Boxes and masks drawn on images, in colours that differ for any colour vision."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from headstart.errors import PredictionsError
from headstart.report.theme import class_colours

MASK_SHARE = 0.55  # of the colour over the image
TRUE_COLOUR = (255, 255, 255)
SHOWN_SIDE = 480  # pixels
LIGHT_COLOUR = 140  # luminance from which black letters read better than white ones
Colour = tuple[int, int, int]


def draw_boxes(
    picture: np.ndarray,
    boxes: np.ndarray,
    labels: Sequence[str] = (),
    scores: np.ndarray | None = None,
    *,
    classes: np.ndarray | None = None,
    dashed: bool = False,
) -> np.ndarray:
    """The image with boxes on it.

    Args:
        picture: `(h, w, 3)` RGB 0-255.
        boxes: `(n, 4)` xyxy in its pixels.
        labels: the name to write above each; none are written if empty.
        scores: `(n,)` between 0 and 1, written behind the names.
        classes: `(n,)` class indices, each of which has its colour; None draws all boxes white.
        dashed: draws dashed lines: as a rule, what is true.

    Returns:
        `(h, w, 3)` uint8; the first box lies on top, so give the best score first.
    """
    image = Image.fromarray(_as_bytes(picture))
    drawing = ImageDraw.Draw(image)
    side = max(image.size)
    width = max(2, round(side / 160))
    font = _font(max(10, round(side / 38)))
    colours = _colours(classes, count=len(boxes))
    texts = _texts(labels, scores, count=len(boxes))
    backwards = range(len(boxes) - 1, -1, -1)
    for index in backwards:
        _outline(drawing, np.asarray(boxes)[index, :4].tolist(), colours[index], width=width, dashed=dashed)
    for index in backwards:  # no line runs through a name
        if texts[index]:
            _tag(drawing, np.asarray(boxes)[index, :2].tolist(), texts[index], colours[index], font=font)
    return np.asarray(image)


def draw_mask(picture: np.ndarray, mask: np.ndarray, num_classes: int, *, share: float = MASK_SHARE) -> np.ndarray:
    """The image under the colours of its mask.

    Args:
        picture: `(h, w, 3)` RGB 0-255.
        mask: `(h, w)` class indices; where it is none from 0 to `num_classes` - 1, such as 255, the image shows.
        num_classes: how many classes there are; `class_colours(num_classes)` has their colours.
        share: of the colour, 0 to 1.

    Returns:
        `(h, w, 3)` uint8.

    Raises:
        PredictionsError: the mask has another size than the image.
    """
    if np.shape(mask) != np.shape(picture)[:2]:
        raise PredictionsError(
            "A mask does not fit the image that it is drawn on.",
            expected=f"the size of the image, {np.shape(picture)[:2]}",
            received=str(np.shape(mask)),
            hint="Resize the mask to the size of the image first, with nearest-neighbour interpolation.",
        )
    indices = np.asarray(mask, dtype=np.int64)
    known = (indices >= 0) & (indices < num_classes)
    colours = class_colours(num_classes)[np.where(known, indices, 0)].astype(np.float32)
    strength = np.where(known, share, 0.0)[..., None]
    mixed = (1 - strength) * np.asarray(picture, np.float32) + strength * colours
    return _as_bytes(np.rint(mixed))


def shown_picture(picture: np.ndarray) -> np.ndarray:
    """An image at a size at which names and lines can be read."""
    image = Image.fromarray(np.clip(np.asarray(picture), 0, 255).astype(np.uint8))
    scale = SHOWN_SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return np.asarray(
        image.resize((width, height), Image.Resampling.BILINEAR if scale > 1 else Image.Resampling.LANCZOS)
    )


def _as_bytes(picture: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.clip(np.asarray(picture), 0, 255).astype(np.uint8))


def _colours(classes: np.ndarray | None, *, count: int) -> list[Colour]:
    if classes is None or not count:
        return [TRUE_COLOUR] * count
    indices = np.asarray(classes, dtype=np.int64)
    red_green_blue = class_colours(int(indices.max()) + 1)[indices].tolist()
    return [(red, green, blue) for red, green, blue in red_green_blue]


def _texts(labels: Sequence[str], scores: np.ndarray | None, *, count: int) -> list[str]:
    names = [str(label) for label in labels] if len(labels) else [""] * count
    numbers = [""] * count if scores is None else [f"{score:.2f}" for score in np.asarray(scores).tolist()]
    return [f"{name} {number}".strip() for name, number in zip(names, numbers, strict=True)]


def _outline(drawing: ImageDraw.ImageDraw, box: Sequence[float], colour: Colour, *, width: int, dashed: bool) -> None:
    """A line on a wider dark one, so that it is seen on any ground."""
    left, top, right, bottom = box
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    drawing.line(corners, fill=(0, 0, 0), width=width + 2)
    for start, end in pairwise(corners):
        for x, y, to_x, to_y in _dashes(start, end, length=5 * width) if dashed else [(*start, *end)]:
            drawing.line([x, y, to_x, to_y], fill=colour, width=width)


def _dashes(
    start: tuple[float, float], end: tuple[float, float], *, length: float
) -> list[tuple[float, float, float, float]]:
    """An odd number of equal parts, every second of which is drawn: both corners are."""
    parts = 2 * int(np.hypot(end[0] - start[0], end[1] - start[1]) / (2 * length)) + 1
    places = np.linspace(start, end, parts + 1)
    return [(*places[part].tolist(), *places[part + 1].tolist()) for part in range(0, parts, 2)]


def _tag(
    drawing: ImageDraw.ImageDraw,
    corner: Sequence[float],
    text: str,
    colour: Colour,
    *,
    font: ImageFont.FreeTypeFont,
) -> None:
    """The name on a ground of the box's colour: above the box, or inside where there is no room above."""
    _, _, right, bottom = drawing.textbbox((0, 0), text, font=font)
    width, height = right + 4, bottom + 3
    image_width, image_height = drawing.im.size
    x = min(max(0.0, corner[0]), max(0.0, image_width - width))
    y = corner[1] - height if corner[1] >= height else min(max(0.0, corner[1]), max(0.0, image_height - height))
    drawing.rectangle([x, y, x + width, y + height], fill=colour)
    luminance = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]
    drawing.text((x + 2, y + 1), text, fill=(0, 0, 0) if luminance > LIGHT_COLOUR else TRUE_COLOUR, font=font)


def _font(size: int) -> ImageFont.FreeTypeFont:
    """The one that matplotlib brings: Pillow's own knows Latin letters only."""
    return ImageFont.truetype(str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)
