"""The text that a target is kept as, for every kind of task: one row of a CSV file holds it whatever it is."""

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

LABEL_SEPARATOR = ";"

_MAX_BINS = 10
_MIN_EXAMPLES_IN_BIN = 10


# Why an object is neither learned nor scored.
CROWD, DIFFICULT = "crowd", "difficult"
# As numbers in arrays; 0 is an object that counts.
IGNORED_CODES = {"": 0, CROWD: 1, DIFFICULT: 2}


class Box(NamedTuple):
    """One object: its class and where it is, in pixels of the upright image as it is stored.

    `ignored` is "" for an object that counts. `CROWD` (COCO's `iscrowd`: a region with many objects) and `DIFFICULT`
    (Pascal VOC's flag) are neither learned nor scored, and a predicted box that lies on them is no error.
    """

    name: str
    x_min: float
    y_min: float
    x_max: float
    y_max: float
    ignored: str = ""


class Outline(NamedTuple):
    """One area: its class and the corners around it, `x, y` after `x, y`, in pixels of the upright image."""

    name: str
    corners: tuple[float, ...]


class PixelMask(NamedTuple):
    """One area as runs of pixels: its class, the size of its image and the counts as `headstart.data.rle` has them."""

    name: str
    size: tuple[int, int]
    counts: str


Area = Outline | PixelMask


def boxes_to_text(boxes: Iterable[Box]) -> str:
    """Target of an image with these objects.

    Example:
        >>> boxes_to_text([Box("cat", 1, 2, 30, 40.5)])
        '[["cat", 1, 2, 30, 40.5]]'
        >>> boxes_to_text([Box("cat", 1, 2, 30, 40, CROWD)])
        '[["cat", 1, 2, 30, 40, "crowd"]]'
    """
    rows = [box if box.ignored else box[:5] for box in boxes]
    return json.dumps(rows, ensure_ascii=False, allow_nan=False)


def boxes_from_text(target: str) -> list[Box]:
    """Boxes from the text that `boxes_to_text` wrote."""
    return [Box(*box) for box in json.loads(target)]


def mask_to_text(path: str, *others: str) -> str:
    """Target of an image whose mask is the file at `path`, POSIX and relative to the root, united with other files.

    Example:
        >>> mask_to_text("masks/1.png"), mask_to_text("1_mask.png", "1_mask_1.png")
        ('{"mask": "masks/1.png"}', '{"mask": "1_mask.png", "others": ["1_mask_1.png"]}')
    """
    return json.dumps({"mask": path, **({"others": others} if others else {})}, ensure_ascii=False)


def outlines_to_text(outlines: Iterable[Area]) -> str:
    """Target of an image whose mask is drawn from areas, the later ones over the earlier ones.

    The name "" stands for an area of which no class is known: its pixels are ignored.

    Example:
        >>> outlines_to_text([Outline("cat", (0, 0, 4, 0, 4, 4)), PixelMask("dog", (2, 2), "04")])
        '{"polygons": [["cat", [0, 0, 4, 0, 4, 4]], ["dog", {"size": [2, 2], "counts": "04"}]]}'
    """
    rows = [
        (area.name, {"size": area.size, "counts": area.counts} if isinstance(area, PixelMask) else area.corners)
        for area in outlines
    ]
    return json.dumps({"polygons": rows}, ensure_ascii=False, allow_nan=False)


def mask_path(target: str) -> str | None:
    """Path of the mask file, `None` where the mask is drawn from outlines."""
    path = json.loads(target).get("mask")
    return None if path is None else str(path)


def mask_paths(target: str) -> list[str]:
    """Paths of all files that together are the mask; none where the mask is drawn from outlines."""
    content = json.loads(target)
    return [str(path) for path in (content["mask"], *content.get("others", ()))] if "mask" in content else []


def outlines_from_text(target: str) -> list[Area]:
    """Outlines from the text that `outlines_to_text` wrote; none for a mask file."""
    return [
        PixelMask(name, (shape["size"][0], shape["size"][1]), shape["counts"])
        if isinstance(shape, dict)
        else Outline(name, tuple(shape))
        for name, shape in json.loads(target).get("polygons", [])
    ]


def numbers_to_text(numbers: Iterable[float]) -> str:
    """Target of an image with these numbers.

    Example:
        >>> numbers_to_text([1.5, 2.0])
        '1.5;2.0'
    """
    return LABEL_SEPARATOR.join(repr(float(number)) for number in numbers)


def numbers_from_text(target: str) -> list[float]:
    """Numbers from the text that `numbers_to_text` wrote."""
    return [float(number) for number in target.split(LABEL_SEPARATOR)]


def box_array(target: str, number_of_class: Mapping[str, int]) -> np.ndarray:
    """`(objects, 6)` float64: x_min, y_min, x_max, y_max in pixels, number of the class, code of `IGNORED_CODES`.

    Ignored objects of a class that has no number are left out.
    """
    rows = [
        (*box[1:5], number_of_class[box.name], IGNORED_CODES[box.ignored])
        for box in boxes_from_text(target)
        if not box.ignored or box.name in number_of_class
    ]
    return np.array(rows, np.float64).reshape(len(rows), 6)


def bins_of_numbers(numbers: np.ndarray, names: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
    """Numbers sorted into ranges that hold about as many examples each, so that a split can balance them.

    Args:
        numbers: `(examples, columns)`.
        names: of the columns.

    Returns:
        Names of the ranges, those of the first column first, such as "age 20 to 35", and which example lies in which:
        `(examples, ranges)` of 0 and 1, int64. At most 10 ranges a column, with 10 examples each or more.
    """
    labels: list[str] = []
    matrices = [np.zeros((len(numbers), 0), np.int64)]
    num_bins = int(np.clip(len(numbers) // _MIN_EXAMPLES_IN_BIN, 1, _MAX_BINS))
    for name, values in zip(names, numbers.T, strict=True):
        if len(values) == 0:
            continue
        # Where many examples share a number, several edges fall on it; one of them is enough.
        inner = np.unique(np.quantile(values, np.linspace(0, 1, num_bins + 1)[1:-1]))
        places, bins = np.unique(np.searchsorted(inner, values, side="right"), return_inverse=True)
        for place in range(len(places)):
            inside = values[bins == place]
            labels.append(f"{name} {inside.min():g} to {inside.max():g}")
        matrices.append(np.eye(len(places), dtype=np.int64)[bins])
    return tuple(labels), np.concatenate(matrices, axis=1)
