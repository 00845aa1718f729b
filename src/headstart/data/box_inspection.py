"""What is wrong with the boxes of one image, and the boxes made right."""

from collections.abc import Iterable

import numpy as np

from headstart.data.annotations import Box, boxes_from_text, boxes_to_text
from headstart.data.boxes import clipped_boxes

# Shares of a side and sums of decimals end a hair beyond the image.
_MAX_ROUNDING = 1e-3


def inspect_boxes(target: str, size: tuple[int, int]) -> tuple[str, list[tuple[str, str]]]:
    """The target with boxes that can be learned from, and `(kind, detail)` of what had to be changed.

    Corners are put in order, what lies outside is cut off, and boxes without area and repeated ones are dropped.

    Args:
        target: of an image for detection.
        size: `(height, width)` of the upright image, in pixels.
    """
    boxes = boxes_from_text(target)
    found: dict[str, list[Box]] = {}
    kept: dict[Box, None] = {}
    for box in boxes:
        ordered = box._replace(
            x_min=min(box.x_min, box.x_max),
            y_min=min(box.y_min, box.y_max),
            x_max=max(box.x_min, box.x_max),
            y_max=max(box.y_min, box.y_max),
        )
        if ordered != box:
            found.setdefault("swapped_corners", []).append(box)
        inside = clipped_boxes(np.array([ordered[1:5]], np.float64), size)
        if not len(inside):
            found.setdefault("empty_box", []).append(box)
            continue
        if np.abs(inside[0] - ordered[1:5]).max() > _MAX_ROUNDING:
            found.setdefault("box_outside", []).append(box)
        x_min, y_min, x_max, y_max = (int(it) if it.is_integer() else it for it in inside[0].tolist())
        right = Box(box.name, x_min, y_min, x_max, y_max, box.ignored)
        if min(x_max - x_min, y_max - y_min) < 1 - _MAX_ROUNDING:
            found.setdefault("tiny_box", []).append(box)
        if right in kept:
            found.setdefault("duplicate_box", []).append(box)
        kept[right] = None
    findings = [(kind, _described(wrong, size)) for kind, wrong in found.items()]
    if not kept:
        findings.append(("background", f"none of {len(boxes)} boxes is left" if boxes else "no object is marked"))
    return boxes_to_text(kept), findings


def _described(boxes: Iterable[Box], size: tuple[int, int]) -> str:
    first, *others = boxes
    more = f" and {len(others)} more" if others else ""
    corners = ", ".join(f"{corner:g}" for corner in first[1:5])
    return f"'{first.name}' at {corners} in {size[1]} x {size[0]} pixels{more}"
