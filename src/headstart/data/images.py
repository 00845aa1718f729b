"""From a picture file to RGB pixels, by exactly one way.

Training, evaluation and prediction all come through here, so a model never meets a picture read in another manner than the ones it
learned from.
"""

from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from headstart.errors import UnreadableImageError

# Left out on purpose: EPS, which Pillow hands to Ghostscript, and formats without a signature (TGA), which claim any file.
IMAGE_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")

_ORIENTATION_TAG = 0x0112
_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WIDE_GREY_MODES = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})


def open_rgb(source: bytes | Path) -> Image.Image:
    """One picture as 8-bit RGB, upright.

    The EXIF orientation is applied. Of an animation or a file of several pages the first picture counts. Transparency is laid on
    white: that is what the person saw who sorted the pictures (viewers and browsers show white paper), and the colour a file stores
    under fully transparent pixels is arbitrary. 16-bit grey is scaled from 0-65535 to 0-255, not clipped. Colour profiles are ignored.

    Args:
        source: a path, or the bytes of a file.

    Raises:
        UnreadableImageError: the file is missing, no picture, damaged, cut off, or larger than Pillow's limit against decompression
            bombs. `__cause__` holds the original error.
    """
    try:
        with Image.open(BytesIO(source) if isinstance(source, bytes) else source, formats=_open_formats()) as image:
            image.load()
            return _to_rgb(_upright(image))
    # The readers of the formats raise whatever a damaged file leads them to: OSError, SyntaxError, struct.error, KeyError...
    except Exception as error:
        raise _unreadable(source, error) from error


@cache
def _open_formats() -> tuple[str, ...]:
    Image.init()  # AVIF and JPEG 2000 are missing from some builds of Pillow, and naming an unknown format is a KeyError
    return tuple(name for name in IMAGE_FORMATS if name in Image.OPEN)


def _upright(image: Image.Image) -> Image.Image:
    # ImageOps.exif_transpose would also write the EXIF block anew, which fails on blocks with odd tags. The tag must be read after
    # load(): for TIFF, Pillow turns the picture itself while loading and drops the tag.
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG)
    except Exception:  # a damaged EXIF block does not damage the pixels
        return image
    transpose = _TRANSPOSES.get(orientation) if isinstance(orientation, int) else None
    return image if transpose is None else image.transpose(transpose)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in _WIDE_GREY_MODES:
        return _from_wide_grey(image)
    if image.mode == "F":
        return _from_float(image)
    if image.has_transparency_data:
        return _on_white(image)
    return image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def _from_wide_grey(image: Image.Image) -> Image.Image:
    grey = np.asarray(image).astype(np.int64)
    if grey.min() < 0 or grey.max() > 65535:
        raise ValueError(f"grey values from {grey.min()} to {grey.max()}, which is neither 8 nor 16 bits")
    return Image.fromarray(((grey + 128) // 257).astype(np.uint8)).convert("RGB")


def _from_float(image: Image.Image) -> Image.Image:
    grey = np.asarray(image)
    if not (np.isfinite(grey).all() and grey.min() >= 0 and grey.max() <= 1):
        raise ValueError("floating-point grey values outside 0 to 1, whose black and white are unknown")
    return Image.fromarray(np.round(grey * 255).astype(np.uint8)).convert("RGB")


def _unreadable(source: bytes | Path, error: Exception) -> UnreadableImageError:
    name = "The picture sent" if isinstance(source, bytes) else f"'{source}'"
    return UnreadableImageError(
        f"{name} cannot be read as a picture.",
        expected=f"a whole picture file ({', '.join(_open_formats())})",
        received=_describe(source, error),
        hint="Open it in a picture viewer and save it again as JPEG or PNG, or remove it.",
    )


def _describe(source: bytes | Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no file of that name"
    if isinstance(error, IsADirectoryError):
        return "a folder"
    if isinstance(error, UnidentifiedImageError):
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        return f"{size} bytes that no picture format begins with" if size else "an empty file"
    return f"{error or type(error).__name__}".rstrip(".")
