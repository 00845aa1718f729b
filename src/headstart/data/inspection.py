"""What one file is: its bytes are read once, its image decoded once."""

import errno
import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path, PurePosixPath

import imagehash
import numpy as np
from PIL import Image, UnidentifiedImageError

from headstart.data.images import open_formats, open_rgb
from headstart.data.stored_pixels import stored_form, white_of
from headstart.errors import UnreadableImageError

# Images that cameras and drawing programs write and this program does not read.
UNREAD_SUFFIXES = frozenset(
    {
        ".heic",
        ".heif",
        ".jxl",
        ".svg",
        ".psd",
        ".eps",
        ".tga",
        ".ico",
        ".raw",
        ".dng",
        ".cr2",
        ".cr3",
        ".nef",
        ".arw",
        ".orf",
    }
)
# MPO is a JPEG followed by further ones, which many telephones write under the name .jpg.
_SAME_FORMAT = {"MPO": "JPEG"}
_TINY_SIDE = 32
# Twice the largest image that is read (178 megapixels), 4 bytes per pixel: what is larger is no image to learn from.
_MAX_FILE_BYTES = 2**30 + 2**29
_THUMBNAIL_SIDE = 16
_ORIENTATION_TAG = 0x0112
_TIFF_BITS_TAG = 258
_MAX_VALUE = 65535
# How the readers of the formats say that bytes are missing at the end.
_CUT_OFF_WORDS = ("truncated", "unexpected end", "incomplete")


@dataclass(frozen=True)
class Inspection:
    """The facts about one image file.

    Args:
        sha256: hash of the bytes, hexadecimal; "" where they could not be read.
        near_hash: perceptual hash (pHash, 64 bits, hexadecimal) of the upright image; "" without an image.
        width: pixels, upright; 0 without an image.
        height: pixels, upright; 0 without an image.
        thumbnail: `(16, 16, 3)` uint8 of the upright image, to confirm near copies; `None` without an image.
        findings: `(kind, detail)` pairs, kinds as in `headstart.data.findings.KINDS`.
        orientation: EXIF orientation by which the image was turned upright, 1 to 8.
        peak: largest value of an image stored with 16 bits, 0 to 65535; `None` for other images.
    """

    sha256: str = ""
    near_hash: str = ""
    width: int = 0
    height: int = 0
    thumbnail: np.ndarray | None = None
    findings: tuple[tuple[str, str], ...] = ()
    peak: int | None = None
    orientation: int = 1


def could_be_picture(path: str) -> bool:
    """Whether a file of this name may hold an image that can be read; the name alone is looked at."""
    suffix = PurePosixPath(path).suffix.lower()
    return suffix == "" or suffix in _format_of_suffix()


def inspect_file(path: Path) -> Inspection:
    """Everything the audit wants to know of one file. Never raises because of what the file holds."""
    try:
        content = read_bytes(path)
    except OSError as error:
        return Inspection(findings=(("unreadable", error.strerror or str(error)),))
    sha256 = hashlib.sha256(content).hexdigest()
    suffix = path.suffix.lower()
    try:
        return _inspect_picture(content, suffix, sha256)
    # The readers of the formats raise whatever a damaged file leads them to: OSError, SyntaxError, struct.error...
    except Exception as error:
        return Inspection(sha256=sha256, findings=(_failure(error, content, suffix),))


def read_bytes(path: Path) -> bytes:
    """The content of a file that may be an image.

    Raises:
        OSError: it cannot be read, or is too large for an image.
    """
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise OSError(errno.EFBIG, "too large for an image")
    return path.read_bytes()


def _inspect_picture(content: bytes, suffix: str, sha256: str) -> Inspection:
    with Image.open(BytesIO(content), formats=open_formats()) as header:
        findings = tuple(_header_findings(header, content, suffix))
        orientation = _orientation(header)
        is_wide = _has_16_bits(header, content) and white_of(header) == _MAX_VALUE
        if header.format == "PNG":
            _verify(content)
    picture = open_rgb(content)
    width, height = picture.size
    if min(width, height) < _TINY_SIDE:
        findings = (*findings, ("tiny", f"{width} x {height} pixels"))
    # One small copy serves both; the gap lets large images be halved quickly first.
    small = picture.resize((64, 64), Image.Resampling.LANCZOS, reducing_gap=2.0)
    thumbnail = small.resize((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE), Image.Resampling.BOX)
    peak = _peak(content) if is_wide else None
    near_hash = str(imagehash.phash(small))
    return Inspection(sha256, near_hash, width, height, np.asarray(thumbnail), findings, peak, orientation)


@cache
def _format_of_suffix() -> dict[str, str]:
    return {suffix: name for suffix, name in Image.registered_extensions().items() if name in open_formats()}


def _verify(content: bytes) -> None:
    # Decoding a PNG skips the check sums of its chunks, so a flipped byte would pass as another image.
    with Image.open(BytesIO(content), formats=("PNG",)) as picture:
        picture.verify()


def _header_findings(header: Image.Image, content: bytes, suffix: str) -> Iterator[tuple[str, str]]:
    found = _SAME_FORMAT.get(header.format or "", header.format or "")
    if _format_of_suffix().get(suffix) != found:
        yield "wrongly_named", f"content is {found}, the name ends in '{suffix}'"
    if header.width * header.height > (Image.MAX_IMAGE_PIXELS or float("inf")):
        yield "very_large", f"{header.width} x {header.height} pixels"
    if header.format != "MPO" and getattr(header, "is_animated", False):
        yield "animated", f"{getattr(header, 'n_frames', 'several')} frames"
    if header.mode == "CMYK":
        yield "cmyk", "four colours of ink"
    if _has_16_bits(header, content):
        yield "sixteen_bit", f"mode {header.mode}"
    if header.mode in {"P", "PA"}:
        yield "palette", f"mode {header.mode}"
    if header.has_transparency_data:
        yield "alpha", f"mode {header.mode}"
    orientation = _orientation(header)
    if orientation != 1:
        yield "exif_rotation", f"EXIF orientation {orientation}"


def _peak(content: bytes) -> int | None:
    """Largest value in an image of 16 bits; of colours Pillow keeps the upper 8 bits, so that the rest is unknown."""
    with Image.open(BytesIO(content), formats=open_formats()) as image:
        if image.mode == "F":
            return None
        if image.mode.startswith("I"):
            return int(np.asarray(image).max())
        return int(np.asarray(image.convert("RGB")).max()) * 256 + 255


def _has_16_bits(header: Image.Image, content: bytes) -> bool:
    if header.mode.startswith(("I", "F")):
        return True
    if header.format == "PNG":  # Pillow opens 16-bit colour as 8-bit; byte 24 is the bit depth
        return content[24] == 16
    bits = getattr(header, "tag_v2", {}).get(_TIFF_BITS_TAG, ())
    return header.format == "TIFF" and max(bits, default=8) > 8


def _orientation(header: Image.Image) -> int:
    try:
        # Not header.getexif(): for PNG that decodes the whole image.
        orientation = Image.Image.getexif(header).get(_ORIENTATION_TAG, 1)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, struct.error):  # damaged EXIF, sound image
        return 1
    return orientation if orientation in range(1, 9) else 1


def _failure(error: Exception, content: bytes, suffix: str) -> tuple[str, str]:
    cause = error.__cause__ if isinstance(error, UnreadableImageError) and error.__cause__ else error
    if not content:
        return "empty_file", "0 bytes"
    if isinstance(cause, UnidentifiedImageError) and (form := stored_form(content)):
        return "unsupported_pixels", form
    if isinstance(cause, UnidentifiedImageError):
        return _kind_without_signature(suffix), f"begins with {content[:12]!r}, which no image format does"
    detail = (str(cause) or type(cause).__name__).rstrip(".")
    if isinstance(cause, Image.DecompressionBombError):
        return "giant", detail
    if isinstance(cause, ValueError) and "; expected " in detail:  # what `open_rgb` says of pixels it does not take
        return "unsupported_pixels", detail
    cut_off = isinstance(cause, EOFError) or any(word in detail.lower() for word in _CUT_OFF_WORDS)
    return ("truncated" if cut_off else "unreadable"), detail


def _kind_without_signature(suffix: str) -> str:
    if suffix in UNREAD_SUFFIXES:
        return "unsupported_format"
    return "unreadable" if suffix in _format_of_suffix() else "not_a_picture"
