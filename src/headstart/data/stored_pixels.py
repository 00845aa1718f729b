"""How a file stores its pixels: bands, bits, and which value is white. Only headers are read.

References:
    TIFF Revision 6.0, Adobe 1992: tags 258 (BitsPerSample), 262 (PhotometricInterpretation), 277 (SamplesPerPixel), 339
    (SampleFormat).
"""

from collections.abc import Iterable
from io import BytesIO

from PIL import Image, TiffImagePlugin

from headstart.data.remarks import Remark

MAX_BANDS = 4
# Of scientific cameras and detectors, which store their values in files of 16 bits.
_CAMERA_BITS = (8, 10, 12, 14)
_BITS, _PHOTOMETRIC, _BANDS, _SAMPLE_FORMAT = 258, 262, 277, 339
_WHITE_IS_ZERO = 0
_SAMPLE_FORMATS = {
    1: "whole numbers",
    2: "whole numbers with a sign",
    3: "floating-point numbers",
    6: "complex numbers",
}
_TIFF_MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Bytes of the header that points to the first directory: of TIFF and of BigTIFF.
_HEADER_BYTES = {b"*": 8, b"+": 16}


def require_known_bands(image: Image.Image) -> None:
    """Refuses an image with more than 4 bands, of which Pillow would drop some in silence.

    Raises:
        ValueError: the header states more.
    """
    bands = getattr(image, "tag_v2", {}).get(_BANDS, 1)
    if bands > MAX_BANDS:
        raise ValueError(_too_many(bands))


def white_of(image: Image.Image) -> int:
    """Value that is white in grey stored with more than 8 bits: 65535, or less where a TIFF has 10, 12 or 14 bits."""
    bits = getattr(image, "tag_v2", {}).get(_BITS, (16,))[0]
    return int(2**bits - 1) if 8 < bits < 16 else 65535


def is_inverted(image: Image.Image) -> bool:
    """Whether 0 is white in a TIFF; Pillow turns it around for 8 bits and leaves it for more."""
    return getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO


def stored_form(content: bytes) -> str | None:
    """Bands, bits and numbers of a TIFF that Pillow does not know, as a reason not to read it; None for other files."""
    if not content.startswith(_TIFF_MARKS):
        return None
    try:
        header = content[: _HEADER_BYTES[content[2:3].strip(b"\0") or content[3:4]]]
        tags = TiffImagePlugin.ImageFileDirectory_v2(header)
        file = BytesIO(content)
        file.seek(tags.next)
        tags.load(file)
        bands, bits = tags.get(_BANDS, 1), tags.get(_BITS, (1,))
        numbers = _SAMPLE_FORMATS.get(tags.get(_SAMPLE_FORMAT, (1,))[0], "numbers of an unknown form")
    # A damaged directory raises whatever its bytes lead to.
    except Exception:
        return None
    if bands > MAX_BANDS:
        return _too_many(bands)
    return f"{bands} band{'s' if bands > 1 else ''} of {bits[0]} bits, {numbers}; expected 1 to 4 of 8 or 16 bits"


def range_remarks(peaks: Iterable[int | None]) -> list[Remark]:
    """A remark where images of 16 bits hold at most 14 bits, all together, and so become dark or nearly black.

    They are not scaled: an exported model or a server that gets one image does not know the others, and scaling each
    image by its own maximum would lose how bright it is.

    Args:
        peaks: largest value of each image of 16 bits, `None` for other images.
    """
    known = [peak for peak in peaks if peak is not None]
    bits = next((bits for bits in _CAMERA_BITS if known and max(known) < 2**bits), None)
    if bits is None:
        return []
    share = 100 * max(known) / 65535
    detail = (
        f"{len(known)} 16-bit images have values up to {max(known)}, {share:.1f} % of the range, as {bits}-bit cameras"
        f" store them; multiply all of them by {2 ** (16 - bits)} and save them again, also the images to predict later"
    )
    return [Remark("narrow_range", "", detail)]


def _too_many(bands: int) -> str:
    return (
        f"{bands} bands; expected 1 to {MAX_BANDS} (grey, grey with transparency, RGB, RGB with transparency or CMYK)"
    )
