"""From an image file to RGB pixels, by exactly one way.

Training, evaluation and prediction all come through here, so a model never meets an image that was read in another
manner than the ones it learned from.
"""

import errno
import logging
import stat
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from headstart.data.stored_pixels import is_inverted, require_known_bands, stored_form, white_of
from headstart.errors import HeadstartError, ImageSizeError, RecipeError, UnreadableImageError

# Left out on purpose: EPS, which Pillow hands to Ghostscript, and formats without a signature (TGA), which claim any
# file.
IMAGE_FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")

_ORIENTATION_TAG = 0x0112
# What turns a stored image upright, by its EXIF orientation.
TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = frozenset({5, 6, 7, 8})
_WIDE_GREY_MODES = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})

# Pillow's resampling looks at every source pixel, so shrinking a photo does not alias.
_RESAMPLING = Image.Resampling.BICUBIC


def open_rgb(source: bytes | Path, *, max_pixels: int | None = None) -> Image.Image:
    """One image as 8-bit RGB, upright.

    The EXIF orientation is applied. Of an animation or a file of several pages the first image counts. Transparency
    is laid on white: that is what the user saw who sorted the images (viewers and browsers show white paper), and
    the colour a file stores under fully transparent pixels is arbitrary. 16-bit grey is scaled from 0-65535 to 0-255,
    not clipped, and grey of a TIFF with fewer bits from their range. Colour profiles are ignored.

    Args:
        source: a path, or the bytes of a file.
        max_pixels: an image with more is refused by its header, before it is decoded; None leaves it to Pillow's limit
            against decompression bombs.

    Raises:
        UnreadableImageError: the file is missing, no image, damaged, cut off, or has too many pixels or bands.
            `__cause__` holds the original error.
    """
    try:
        with Image.open(_openable(source), formats=open_formats()) as image:
            _check_pixels(image, max_pixels)
            require_known_bands(image)
            image.load()
            return _to_rgb(_upright(image), white=white_of(image), inverted=is_inverted(image))
    # The readers raise whatever a damaged file leads them to: OSError, SyntaxError, struct.error, KeyError...
    except Exception as error:
        raise _unreadable(source, error) from error


def decode_image(path: Path) -> np.ndarray:
    """One image in its own size: `(height, width, 3)` uint8, RGB, upright.

    Raises:
        UnreadableImageError: as `open_rgb`.
    """
    return np.asarray(open_rgb(path))


def upright_size(path: Path) -> tuple[int, int]:
    """`(height, width)` in pixels of an image as `open_rgb` gives it; only its header is read.

    Raises:
        UnreadableImageError: the file is missing, no image, or its header is damaged.
    """
    try:
        with Image.open(_openable(path), formats=open_formats()) as image:
            # For TIFF, Pillow gives the size as it will be when it has turned the image.
            turned = image.format != "TIFF" and image.getexif().get(_ORIENTATION_TAG) in _SIDEWAYS
            return (image.width, image.height) if turned else (image.height, image.width)
    except Exception as error:  # as in open_rgb
        raise _unreadable(path, error) from error


@cache
def open_formats() -> tuple[str, ...]:
    """The formats of `IMAGE_FORMATS` that this build of Pillow can open."""
    Image.init()  # some builds of Pillow lack AVIF or JPEG 2000, and naming an unknown format is a KeyError
    # Pillow logs some damage that it raises as well; without a handler Python would print it.
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    return tuple(name for name in IMAGE_FORMATS if name in Image.OPEN)


def resize_image(image: np.ndarray | Image.Image, image_size: tuple[int, int], mode: str = "stretch") -> np.ndarray:
    """The image in the size of the model's input, antialiased.

    Args:
        image: `(h, w, 3)` uint8, or an RGB image from `open_rgb`.
        image_size: `(height, width)` in pixels.
        mode: `stretch` keeps the whole image but not its proportions; `pad` keeps both and fills the rest with black
            bars; `crop` keeps the proportions and cuts off what stands over, equally on both sides.

    Returns:
        `(height, width, 3)` uint8, read-only.

    Raises:
        ImageSizeError: a side of `image_size` is below 1.
        RecipeError: `mode` is none of the three.
    """
    check_resize(image_size, mode)
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    height, width = image_size
    pixels = np.asarray(_RESIZERS[mode](picture, (width, height)))
    pixels.flags.writeable = False
    return pixels


def check_resize(image_size: tuple[int, int], mode: str) -> None:
    """Refuses a size or a resize mode that `resize_image` cannot serve.

    Raises:
        ImageSizeError: a side of `image_size` is below 1.
        RecipeError: `mode` is unknown.
    """
    if min(image_size) < 1:
        raise ImageSizeError(
            f"An image cannot have the size {image_size}.",
            expected="image_size=(height, width), both at least 1 pixel",
            received=f"image_size={image_size}",
            hint="Use (224, 224) for most backbones.",
        )
    if mode not in _RESIZERS:
        raise RecipeError(
            f"There is no resize mode '{mode}'.",
            expected=f"one of {', '.join(RESIZE_MODES)}",
            received=f"resize_mode={mode!r}",
            hint="Use 'stretch', the default, to keep the whole image.",
        )


class ImageSource:
    """Images by their place in a list, all in one size, read when asked for and remembered while there is room.

    Images are remembered until `cache_bytes` are used and never forgotten again: every epoch visits every image
    once in a new order, and under that pattern a cache that forgets the oldest would have dropped most images just
    before they come round again. Safe to use from several threads.

    Args:
        paths: the image files.
        image_size: `(height, width)` in pixels.
        resize_mode: as in `resize_image`.
        cache_bytes: room for remembered images; 0 remembers none.

    Attributes:
        num_views: 1: an image is as it is; random changes come later.
        failure: the last error `load` raised, so that it can be reported after TensorFlow has swallowed it.
    """

    num_views = 1
    dtype = np.dtype(np.uint8)

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        image_size: tuple[int, int],
        resize_mode: str = "stretch",
        cache_bytes: int = 1 << 30,
    ) -> None:
        check_resize(image_size, resize_mode)
        self.paths = tuple(paths)
        self.image_size = image_size
        self.resize_mode = resize_mode
        self.failure: HeadstartError | None = None
        self._remembered: dict[int, np.ndarray] = {}
        self._max_remembered = cache_bytes // (image_size[0] * image_size[1] * 3)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one image: `(height, width, 3)`."""
        return (*self.image_size, 3)

    def load_batch(self, examples: np.ndarray, views: np.ndarray) -> np.ndarray:  # noqa: ARG002 (there is one view)
        """The images at `examples`, `(n,)`: `(n, height, width, 3)` uint8; one named again next is read once."""
        distinct, places = np.unique(examples, return_inverse=True)
        return np.stack([self.load(int(example)) for example in distinct])[places]

    def load(self, index: int) -> np.ndarray:
        """The image at `index`: `(height, width, 3)` uint8, read-only.

        Raises:
            UnreadableImageError: as `open_rgb`.
        """
        remembered = self._remembered.get(index)
        if remembered is not None:
            return remembered
        try:
            pixels = resize_image(open_rgb(self.paths[index]), self.image_size, self.resize_mode)
        except UnreadableImageError as error:
            self.failure = error
            raise
        with self._lock:
            if len(self._remembered) < self._max_remembered:
                self._remembered[index] = pixels
        return pixels

    def load_all(self) -> np.ndarray:
        """All images in order: `(len(self), height, width, 3)` uint8.

        Raises:
            UnreadableImageError: as `open_rgb`, for the first unreadable image.
        """
        pictures = np.empty((len(self), *self.image_size, 3), np.uint8)
        with ThreadPoolExecutor() as pool:  # Pillow decodes and resizes outside Python's global lock
            for index, pixels in enumerate(pool.map(self.load, range(len(self)))):
                pictures[index] = pixels
        return pictures


def _stretch(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return picture.resize(size, _RESAMPLING)


def _pad(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    # ImageOps.pad rounds the short side of a very long image to 0 pixels and fails.
    scale = min(size[0] / picture.width, size[1] / picture.height)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    padded = Image.new("RGB", size)
    padded.paste(picture.resize((width, height), _RESAMPLING), ((size[0] - width) // 2, (size[1] - height) // 2))
    return padded


def _crop(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return ImageOps.fit(picture, size, _RESAMPLING)


_RESIZERS: dict[str, Callable[[Image.Image, tuple[int, int]], Image.Image]] = {
    "stretch": _stretch,
    "pad": _pad,
    "crop": _crop,
}
RESIZE_MODES = tuple(_RESIZERS)


def _check_pixels(image: Image.Image, max_pixels: int | None) -> None:
    if max_pixels is not None and image.width * image.height > max_pixels:
        megapixels = image.width * image.height / 1e6
        raise ValueError(f"{megapixels:.0f} megapixels where at most {max_pixels / 1e6:g} are taken")


def _upright(image: Image.Image) -> Image.Image:
    # ImageOps.exif_transpose would also write the EXIF block anew, which fails on blocks with odd tags. The tag must be
    # read after load(): for TIFF, Pillow turns the image itself while loading and drops the tag.
    try:
        orientation = image.getexif().get(_ORIENTATION_TAG)
    except Exception:  # a damaged EXIF block does not damage the pixels
        return image
    transpose = TRANSPOSES.get(orientation) if isinstance(orientation, int) else None
    return image if transpose is None else image.transpose(transpose)


def _to_rgb(image: Image.Image, *, white: int, inverted: bool) -> Image.Image:
    if image.mode in _WIDE_GREY_MODES:
        return _from_wide_grey(image, white=white, inverted=inverted)
    if image.mode == "F":
        return _from_float(image)
    if image.has_transparency_data:
        return _on_white(image)
    return image if image.mode == "RGB" else image.convert("RGB")  # which would copy it


def _on_white(image: Image.Image) -> Image.Image:
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")


def _from_wide_grey(image: Image.Image, *, white: int, inverted: bool) -> Image.Image:
    grey = np.asarray(image).astype(np.int64)
    if grey.min() < 0 or grey.max() > white:
        raise ValueError(f"grey values from {grey.min()} to {grey.max()}; expected 0 to {white}")
    grey = white - grey if inverted else grey
    return Image.fromarray(((grey * 255 + white // 2) // white).astype(np.uint8)).convert("RGB")


def _from_float(image: Image.Image) -> Image.Image:
    grey = np.asarray(image)
    if not (np.isfinite(grey).all() and grey.min() >= 0 and grey.max() <= 1):
        raise ValueError(
            f"floating-point grey values {_range(grey)}; expected 0 to 1, because white is unknown otherwise"
        )
    return Image.fromarray(np.round(grey * 255).astype(np.uint8)).convert("RGB")


def _range(grey: np.ndarray) -> str:
    return f"from {grey.min():g} to {grey.max():g}" if np.isfinite(grey).all() else "that are not finite"


def _openable(source: bytes | Path) -> BytesIO | Path:
    """The file, if it is a regular one: reading a pipe, a device or a socket could wait for ever."""
    if isinstance(source, bytes):
        return BytesIO(source)
    mode = Path(source).stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "it is a pipe, a device or a socket and no file")
    return source


def _unreadable(source: bytes | Path, error: Exception) -> UnreadableImageError:
    name = "The image sent" if isinstance(source, bytes) else f"'{source}'"
    return UnreadableImageError(
        f"{name} cannot be read as an image.",
        expected=f"a complete image file ({', '.join(open_formats())})",
        received=_describe(source, error),
        hint="Open it in an image viewer and save it again as JPEG or PNG, or remove it.",
    )


def _describe(source: bytes | Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "no file of that name"
    if isinstance(error, IsADirectoryError):
        return "a folder"
    if isinstance(error, UnidentifiedImageError):
        content = source if isinstance(source, bytes) else source.read_bytes()
        form = stored_form(content)
        return form or (
            f"{len(content)} bytes that are not an image in one of these formats" if content else "an empty file"
        )
    return f"{error or type(error).__name__}".rstrip(".")
