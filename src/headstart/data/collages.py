"""Training images put together from parts of others, each around an object, so that several objects lie side by side.

A detector that has only seen images with one object draws one box around all that a new image shows. Bochkovskiy et
al. (arXiv 2004.10934, section 3.3) put four whole images together; here each cell shows an object and what is around
it, so that objects stay as large as they are.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from headstart.data.annotations import IGNORED_CODES, Box, boxes_to_text
from headstart.data.boxes import clipped_boxes, moved_boxes
from headstart.data.dataset import Dataset
from headstart.data.images import open_rgb
from headstart.data.targets import MIN_VISIBLE
from headstart.files import file_sha256

# Columns and rows of cells; the seam between two lies somewhere in the middle third or so.
_LAYOUTS = ((2, 1), (1, 2), (2, 2))
_SEAM = (0.35, 0.65)
_ROOM = (1.0, 1.7)  # sides of what a cell shows, times those of its object


def draw_collages(dataset: Dataset, folder: Path, *, count: int, image_size: tuple[int, int], seed: int) -> Dataset:
    """Writes collages of a data set's images as PNG files, and gives them with their boxes as a data set.

    Args:
        dataset: for detection, audited; at least one image has a box.
        folder: where the files go; files there are overwritten.
        count: how many.
        image_size: `(height, width)` of each in pixels.
        seed: collage k depends on it, on k and on the images alone.

    Raises:
        UnreadableImageError: an image became unreadable after it was audited.
    """
    folder.mkdir(parents=True, exist_ok=True)
    marked, paths = dataset.marked_boxes(), dataset.paths()
    shown = [(paths[row], marked[row]) for row in range(len(dataset)) if (marked[row][:, 5] == 0).any()]

    def draw(number: int) -> dict[str, object]:
        random = np.random.default_rng((seed, number))
        picture, placed = _collage(shown, image_size, random)
        path = folder / f"{number:04}.png"
        picture.save(path)
        target = boxes_to_text(_plain_box(box, dataset.class_names) for box in placed)
        return {"path": str(path), "target": target, "sha256": file_sha256(path)}

    with ThreadPoolExecutor() as pool:
        frame = pd.DataFrame(list(pool.map(draw, range(count))))
    height, width = image_size
    frame = frame.assign(group="", split="train", near_hash="0" * 16, height=height, width=width, duplicate_group=-1)
    return Dataset(frame=frame, class_names=dataset.class_names, root=folder, task=dataset.task)


def _collage(
    shown: list[tuple[Path, np.ndarray]], image_size: tuple[int, int], random: np.random.Generator
) -> tuple[Image.Image, np.ndarray]:
    """An image, and the boxes in it: `(n, 6)` as in `Dataset.marked_boxes`."""
    height, width = image_size
    num_columns, num_rows = _LAYOUTS[random.integers(len(_LAYOUTS))]
    columns, rows = _seams(width, num_columns, random), _seams(height, num_rows, random)
    picture = Image.new("RGB", (width, height))
    placed = []
    for left, right in pairwise(columns):
        for top, bottom in pairwise(rows):
            path, boxes = shown[random.integers(len(shown))]
            size = (right - left, bottom - top)
            original = open_rgb(path)
            objects = boxes[boxes[:, 5] == 0]
            view = _view_around(objects[random.integers(len(objects)), :4], original.size, size, random)
            picture.paste(original.resize(size, Image.Resampling.BILINEAR, box=tuple(view)), (left, top))
            moved = moved_boxes(boxes, _onto(view, size))
            for is_kept, min_visible in ((moved[:, 5] == 0, MIN_VISIBLE), (moved[:, 5] > 0, 0.0)):
                inside = clipped_boxes(moved[is_kept], size[::-1], min_visible=min_visible)
                placed.append(inside + np.array([left, top, left, top, 0, 0]))
    return picture, np.concatenate(placed)


def _plain_box(box: np.ndarray, class_names: tuple[str, ...]) -> Box:
    x_min, y_min, x_max, y_max = (round(float(side), 2) for side in box[:4])
    return Box(class_names[int(box[4])], x_min, y_min, x_max, y_max, list(IGNORED_CODES)[int(box[5])])


def _seams(side: int, num_cells: int, random: np.random.Generator) -> tuple[int, ...]:
    return (0, side) if num_cells == 1 else (0, round(side * random.uniform(*_SEAM)), side)


def _view_around(
    box: np.ndarray, original: tuple[int, int], cell: tuple[int, int], random: np.random.Generator
) -> np.ndarray:
    """The part of an image that a cell shows: `xyxy`, in the proportions of the cell as far as the image reaches.

    Args:
        box: `xyxy` of the object, which is shown whole.
        original: `(width, height)` of the image.
        cell: `(width, height)` of the cell.
        random: the collage's own.
    """
    width, height = (box[2:] - box[:2]) * random.uniform(*_ROOM)
    proportion = cell[0] / cell[1]
    sides = np.minimum((max(width, height * proportion), max(height, width / proportion)), original)
    # The window's upper left corner, so that the object and nothing outside the image is seen.
    first = np.maximum(box[2:] - sides, 0)
    last = np.minimum(box[:2], original - sides)
    corner = random.uniform(np.minimum(first, last), np.maximum(first, last))
    return np.concatenate([corner, np.minimum(corner + sides, original)])


def _onto(view: np.ndarray, cell: tuple[int, int]) -> np.ndarray:
    """`(3, 3)`: where a place of the image lies in the cell that shows `view`."""
    scale_x, scale_y = np.array(cell) / (view[2:] - view[:2])
    return np.array([[scale_x, 0, -view[0] * scale_x], [0, scale_y, -view[1] * scale_y], [0, 0, 1]])
