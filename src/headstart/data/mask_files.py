"""From a mask file to one value per pixel, in each of the forms in which masks are stored."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from headstart.errors import UnreadableImageError

MASK_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
# The value of a pixel of red r, green g, blue b in colour masks is COLOUR + 65536 r + 256 g + b.
COLOUR = 1 << 24
# The value of transparent pixels in masks whose background is transparent.
TRANSPARENT = 1 << 25
# In the place of a value to ignore: nothing is ignored, not even 255.
NO_VALUE = "none"
NUMBERS, COLOURS, ALPHA = "numbers", "colours", "alpha"

# Modes whose numbers are the values: grey, palette (the number of the colour), black and white, 16 and 32 bits.
_BYTE_MODES = frozenset({"1", "L", "P"})
_VALUE_MODES = _BYTE_MODES | {"I", "I;16", "I;16B", "I;16L", "I;16N"}
_COLOUR_MODES = frozenset({"RGB", "RGBA", "LA", "PA"})
# JPEG gives grey that was stored as colour back with channels that differ by a few steps.
_JPEG_GREY_STEP, _MIN_GREY_SHARE = 24, 0.99
_HALF_VISIBLE = 128
_MAX_VALUE = 65_535


@dataclass(frozen=True)
class MaskFile:
    """A decoded mask file.

    Attributes:
        values: `(height, width)` uint8 or int32, one number per pixel; None where pixels have colours.
        colours: `(height, width, 3)` uint8; None for grey.
        alpha: `(height, width)` uint8, 0 is transparent; None without transparency.
        is_jpeg: whether compression changed its values.
        has_palette: whether the values are the numbers of colours.
    """

    values: np.ndarray | None
    colours: np.ndarray | None = None
    alpha: np.ndarray | None = None
    is_jpeg: bool = False
    has_palette: bool = False


def open_mask(source: bytes | Path) -> MaskFile:
    """Decodes a mask.

    Raises:
        UnreadableImageError: the file is missing, damaged, or stored as no mask can be.
    """
    try:
        with Image.open(BytesIO(source) if isinstance(source, bytes) else source, formats=MASK_FORMATS) as image:
            image.load()
            return _decoded(image)
    except Exception as error:  # as in open_rgb: the readers raise whatever a damaged file leads them to
        raise unreadable_mask(source, error) from error


def encoding_of(mask_values: Iterable[int]) -> str:
    """Which form of masks the values of a data set are for: `NUMBERS`, `COLOURS` or `ALPHA`."""
    values = set(mask_values)
    if TRANSPARENT in values:
        return ALPHA
    return COLOURS if any(value >= COLOUR for value in values) else NUMBERS


def pixel_values(mask: MaskFile, encoding: str) -> np.ndarray:
    """One value per pixel.

    Args:
        mask: as decoded.
        encoding: `NUMBERS` gives grey values and the numbers of a palette, `COLOURS` packed colours, `ALPHA` the same
            with `TRANSPARENT` for pixels that are more transparent than not.

    Returns:
        `(height, width)` uint8 or int32.

    Raises:
        ValueError: colours, where numbers are needed.
    """
    if encoding == NUMBERS:
        if mask.values is None:
            raise ValueError("colours, where a mask holds one number a pixel")
        return mask.values
    packed = _packed(mask)
    if encoding == ALPHA and mask.alpha is not None:
        packed[~visible(mask.alpha)] = TRANSPARENT
    return packed


def visible(alpha: np.ndarray) -> np.ndarray:
    """Which pixels are not transparent: at least half opaque, or half as opaque as the most opaque of the mask."""
    return np.asarray((alpha > 0) & (alpha >= min(_HALF_VISIBLE, int(alpha.max(initial=0)) // 2)))


def hex_of(value: int) -> str:
    """A packed colour as people write it.

    Example:
        >>> hex_of(COLOUR + 0x8000FF)
        '#8000ff'
    """
    return f"#{value - COLOUR:06x}"


def known_mask_value(value: int | str) -> int | str:
    """A value to ignore as it is meant, from the text that the user typed.

    Returns:
        A number from 0 to 65535, a colour as "#rrggbb", or "none".

    Raises:
        ValueError: it is neither.

    Example:
        >>> known_mask_value("255"), known_mask_value("#E0E0C0"), known_mask_value("none")
        (255, '#e0e0c0', 'none')
    """
    text = str(value).strip().lower()
    if re.fullmatch(r"\d{1,5}", text) and int(text) <= _MAX_VALUE:
        return int(text)
    if text == NO_VALUE or re.fullmatch("#[0-9a-f]{6}", text):
        return text
    raise ValueError(f"should be a number from 0 to {_MAX_VALUE}, a colour such as '#e0e0c0', or 'none'")


def _decoded(image: Image.Image) -> MaskFile:
    if image.format == "JPEG":
        return _decoded_jpeg(image)
    if image.mode in _VALUE_MODES:
        values = np.asarray(image).astype(np.uint8 if image.mode in _BYTE_MODES else np.int32)
        has_palette = image.mode == "P"
        return MaskFile(values, np.asarray(image.convert("RGB")) if has_palette else None, has_palette=has_palette)
    if image.mode == "F":
        return MaskFile(_whole_numbers(np.asarray(image)))
    if image.mode not in _COLOUR_MODES:
        raise ValueError(f"pixels of type {image.mode}, where a mask holds one number or one colour per pixel")
    colours = np.asarray(image.convert("RGB"))
    alpha = np.asarray(image.getchannel("A")) if "A" in image.mode else None
    is_grey = bool((colours == colours[..., :1]).all())
    return MaskFile(colours[..., 0].copy() if is_grey else None, colours, alpha)


def _decoded_jpeg(image: Image.Image) -> MaskFile:
    colours = np.asarray(image.convert("RGB"))
    spread = colours.max(axis=2).astype(np.int16) - colours.min(axis=2)
    is_grey = (spread <= _JPEG_GREY_STEP).mean() >= _MIN_GREY_SHARE
    return MaskFile(np.asarray(image.convert("L")) if is_grey else None, colours, is_jpeg=True)


def _whole_numbers(values: np.ndarray) -> np.ndarray:
    if not (
        np.isfinite(values).all() and (values == np.round(values)).all() and np.abs(values).max(initial=0) < COLOUR
    ):
        raise ValueError("fractions, where a mask holds one whole number per pixel")
    return values.astype(np.uint8 if values.min(initial=0) >= 0 and values.max(initial=0) <= 255 else np.int32)


def _packed(mask: MaskFile) -> np.ndarray:
    if mask.colours is not None:
        channels = mask.colours.astype(np.int32)
        return COLOUR + (channels[..., 0] << 16) + (channels[..., 1] << 8) + channels[..., 2]
    assert mask.values is not None
    if mask.values.dtype != np.uint8:
        raise ValueError("values of 16 bits, where the other masks hold colours")
    return COLOUR + mask.values.astype(np.int32) * 0x010101


def unreadable_mask(source: bytes | Path, error: Exception) -> UnreadableImageError:
    """The error for a mask that cannot be read."""
    name = "The mask" if isinstance(source, bytes) else f"The mask '{source}'"
    return UnreadableImageError(
        f"{name} cannot be read.",
        expected="an image with one number or one colour per pixel, such as a grey or palette PNG",
        received="no image" if isinstance(error, UnidentifiedImageError) else _text_of(error),
        hint="Save it again as a grey PNG, or remove it.",
    )


def _text_of(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")
