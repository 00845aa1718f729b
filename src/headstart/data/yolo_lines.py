"""Lines of YOLO label files: the class of an object, and where it is as shares of the image's sides."""

import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from headstart.data.annotated import MAX_PLACE

# A share beyond this many times the image is no object at its edge: it was written in another unit.
FAR = 2.0
# What boxes at the edge of an image exceed it by, since numbers are rounded.
_MAX_ROUNDING = 0.02
_SEPARATORS = re.compile(r"[\s,;]+")
_VISIBILITIES = (0.0, 1.0, 2.0)


class Line(NamedTuple):
    """One object.

    Attributes:
        number: of its class.
        box: x_min, y_min, x_max, y_max as shares of width and height.
        outline: corners `(n, 2)` as shares; None where the line states a box only.
        has_confidence: whether one number more than needed stands at the end, as programs that detect write it.
        has_keypoints: whether keypoints follow the box.
    """

    number: int
    box: np.ndarray
    outline: np.ndarray | None = None
    has_confidence: bool = False
    has_keypoints: bool = False

    @property
    def could_be_corners(self) -> bool:
        """Whether the numbers of a box make sense as x_min, y_min, x_max, y_max too."""
        centre, size = (self.box[:2] + self.box[2:]) / 2, self.box[2:] - self.box[:2]
        return bool(self.outline is None and (centre < size).all() and (size <= 1 + _MAX_ROUNDING).all())

    @property
    def leaves_image(self) -> bool:
        """Whether the box reaches beyond the image by more than rounding."""
        return bool((self.box < -_MAX_ROUNDING).any() or (self.box > 1 + _MAX_ROUNDING).any())

    @property
    def is_far(self) -> bool:
        """Whether a number of the line lies far outside of the image, as pixels do."""
        return bool(np.abs(self.box).max() > FAR)


def text_lines(content: bytes) -> list[str]:
    """Lines of a label file that are not blank; byte order marks and all line ends are understood.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
    """
    text = content.decode("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    return [line.strip() for line in text.splitlines() if line.strip()]


def parse_line(text: str, num_keypoint_values: int = 0) -> Line | None:
    """The object of one line; None where the line is none.

    After the class come centre and size of a box, and after them a confidence or keypoints; or three corners of an
    outline or more, and a confidence. A turned box is an outline of four corners. Spaces, tabs, commas and semicolons
    separate; beside spaces a comma is a decimal point.

    Args:
        text: the line.
        num_keypoint_values: how many numbers the keypoints of an object have, as `kpt_shape` states it; 0: unknown.

    Example:
        >>> parse_line("1 0.5 0.5 0.5 0.25").box.tolist()
        [0.25, 0.375, 0.75, 0.625]
        >>> parse_line("0 0.1 0.1 0.2 0.1 0.2 0.3").outline.shape
        (3, 2)
    """
    numbers = _numbers(text)
    if numbers is None:
        return None
    number, shares = int(numbers[0]), numbers[1:]
    if _has_keypoints(shares, num_keypoint_values):
        return Line(number, _box(shares[:4]), has_keypoints=True)
    if len(shares) <= 5 or _has_track(shares):
        return Line(number, _box(shares[:4]), has_confidence=len(shares) > 4)
    outline = shares[: len(shares) // 2 * 2].reshape(-1, 2)
    around = np.concatenate([outline.min(axis=0), outline.max(axis=0)])
    return Line(number, around, outline, has_confidence=len(shares) % 2 == 1)


def are_labels(lines: Iterable[str]) -> bool:
    """Whether the first lines of a text are those of a label file."""
    first = list(lines)[:3]
    return bool(first) and all(parse_line(line) is not None for line in first)


def _numbers(text: str) -> np.ndarray | None:
    words = [word.rstrip(",;") for word in text.split()]
    if len(words) >= 5:
        words = [word.replace(",", ".") for word in words]
    else:
        words = [word for word in _SEPARATORS.split(text) if word]
    try:
        numbers = np.array(words, np.float64)
    except ValueError:
        return None
    is_sound = len(numbers) >= 5 and (np.abs(numbers) < MAX_PLACE).all() and numbers[0] >= 0
    return numbers if is_sound and float(numbers[0]).is_integer() else None


def _has_keypoints(shares: np.ndarray, num_values: int) -> bool:
    if num_values:
        return len(shares) == 4 + num_values
    # Three values a keypoint, the last of which says whether it is seen. Without kpt_shape that tells keypoints only
    # where an outline cannot be meant: it has an even number of values, and none of 2.
    visibilities = shares[6::3]
    is_possible = len(shares) > 5 and (len(shares) - 4) % 3 == 0 and np.isin(visibilities, _VISIBILITIES).all()
    return bool(is_possible and (len(shares) % 2 == 1 or (visibilities == 2).any()))


def _has_track(shares: np.ndarray) -> bool:
    """Whether a confidence and the number of a track follow a box, as trackers write them."""
    return len(shares) == 6 and bool((np.abs(shares[:5]) <= 1).all()) and shares[5] >= 2 and shares[5].is_integer()


def _box(shares: np.ndarray) -> np.ndarray:
    centre, size = shares[:2], shares[2:]
    return np.concatenate([centre - size / 2, centre + size / 2])
