"""The order of classes, which is the order of a model's outputs."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

_DIGITS = re.compile(r"(\d+)", re.ASCII)


def sort_class_names(names: Iterable[str]) -> tuple[str, ...]:
    """Every name once, in the order a user expects, the same on every machine.

    Runs of digits count as numbers and letters without case; what then still ties is ordered by code points.

    Example:
        >>> sort_class_names(["10", "9", "b", "A", "9"])
        ('9', '10', 'A', 'b')
    """
    return tuple(sorted(set(names), key=_natural_key))


def similar_class_names(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups of names that differ only in case, blanks, "-", "_" or the Unicode form of their letters.

    Example:
        >>> similar_class_names(["Red", "red", "traffic light", "traffic_light", "blue"])
        [('Red', 'red'), ('traffic light', 'traffic_light')]
    """
    groups = defaultdict(list)
    for name in sort_class_names(names):
        groups[_plain(name)].append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def _plain(name: str) -> str:
    visible = "".join(letter for letter in unicodedata.normalize("NFKC", name) if unicodedata.category(letter) != "Cf")
    letters = "".join(visible.split())
    # Between digits a separator means something: 1-2 is not 12.
    words = letters if any(map(str.isdigit, letters)) else letters.replace("-", "").replace("_", "")
    return unicodedata.normalize("NFKC", (words or letters or name).casefold())


def _natural_key(name: str) -> tuple[list[tuple[int, int, str]], str]:
    # Splitting by a group puts the runs of digits at the odd positions.
    pieces = enumerate(_DIGITS.split(name))
    return [
        _digits_key(piece) if position % 2 else (1, 0, piece.casefold()) for position, piece in pieces if piece
    ], name


def _digits_key(digits: str) -> tuple[int, int, str]:
    # Length, then digits: the order of the numbers without int(), which refuses more than 4300 digits.
    significant = digits.lstrip("0")
    return 0, len(significant), significant
