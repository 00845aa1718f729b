"""Areas that are stated as outlines: in which order they are drawn, and what the values of their mask mean."""

from collections.abc import Iterable

import numpy as np

from headstart.data.annotations import Outline
from headstart.data.masks import UNCOVERED
from headstart.errors import DataFormatError

BACKGROUND = "background"
_NUM_SHOWN = 10


def largest_first(outlines: Iterable[Outline]) -> list[Outline]:
    """The outlines in the order in which they are drawn, so that what is small stays visible on what is large."""
    return sorted(outlines, key=lambda outline: -polygon_area(np.array(outline.corners, np.float64).reshape(-1, 2)))


def polygon_area(corners: np.ndarray) -> float:
    """Area inside a closed line, in the unit of the corners squared; `corners` is `(n, 2)` of x and y."""
    (x, y), (next_x, next_y) = corners.T, np.roll(corners, -1, axis=0).T
    return float(abs((x * next_y - next_x * y).sum()) / 2)


def outline_classes(names: Iterable[str], ignore_value: int | str | None) -> tuple[dict[int, str], tuple[str, ...]]:
    """The meaning of the values of masks that are drawn from outlines, and the classes in the order of the outputs.

    Args:
        names: of the outlines' classes, in order.
        ignore_value: the value that says nothing of its pixel; None: none of them.

    Returns:
        Value → name, with 0 for what no outline covers: "background", or "" where it is ignored; and the names.

    Raises:
        DataFormatError: no area has the value, which may be a colour or "none".

    Example:
        >>> outline_classes(["cat", "dog"], None)
        ({0: 'background', 1: 'cat', 2: 'dog'}, ('background', 'cat', 'dog'))
    """
    uncovered = "" if ignore_value == UNCOVERED else BACKGROUND
    values = {UNCOVERED: uncovered} | dict(enumerate((name for name in names if name != BACKGROUND), 1))
    if ignore_value is not None and ignore_value not in values:
        raise _no_such_value(values, ignore_value)
    if isinstance(ignore_value, int):
        values[ignore_value] = ""
    return values, tuple(dict.fromkeys(name for name in values.values() if name))


def _no_such_value(values: dict[int, str], ignore_value: int | str) -> DataFormatError:
    shown = [f"{value} ({name})" for value, name in list(values.items())[:_NUM_SHOWN]]
    return DataFormatError(
        f"There is no value {ignore_value} in areas that are drawn from outlines.",
        expected=", ".join(shown) + (f" and so on to {max(values)}" if len(values) > _NUM_SHOWN else ""),
        received=f"ignore_value={ignore_value!r}",
        hint="Leave out --ignore-value to ignore nothing, or use 0 to ignore pixels outside all outlines.",
    )
