"""How the numbers of a dense detector stand for boxes: one cell, one distance to each side.

A detector's logits are `(batch, rows, columns, num_classes + 4)`: how certain it is that an object of each class has
its middle in the cell, and how far the sides of its box lie from the middle of the cell. `decode_in_graph` uses
`keras.ops`, for models and exported files; `decode_grid` does the same in numpy.

References:
    Zhou et al. 2019, Objects as Points, arXiv 1904.07850: peaks of a heat map are objects.
    Tian et al. 2019, FCOS, arXiv 1904.01355: boxes as distances to four sides.
"""

import keras
import numpy as np

from headstart.data import Tensor

# What a side's logit of 0 stands for, in cells, and how far it may go: e^5 cells are more than any image.
UNIT_CELLS = 2.0
MAX_LOGIT = 5.0
_PEAK_SIZE = 3


def cell_centers(grid: tuple[int, int], image_size: tuple[int, int]) -> np.ndarray:
    """Middles of the cells: `(rows, columns, 2)` float32, `xy` in pixels of an image of `image_size`."""
    rows, columns = grid
    height, width = image_size
    y = (np.arange(rows) + 0.5) * height / rows
    x = (np.arange(columns) + 0.5) * width / columns
    return np.stack(np.meshgrid(x, y), axis=-1).astype("float32")


def cell_sizes(grid: tuple[int, int], image_size: tuple[int, int]) -> np.ndarray:
    """Width and height of a cell in pixels, `(2,)` float32."""
    return np.array([image_size[1] / grid[1], image_size[0] / grid[0]], "float32")


def grid_boxes(sides: Tensor, image_size: tuple[int, int]) -> Tensor:
    """Boxes of every cell.

    Args:
        sides: `(batch, rows, columns, 4)` logits of the distances to the left, upper, right and lower side.
        image_size: `(height, width)` of the image.

    Returns:
        `(batch, rows, columns, 4)`, `xyxy` in pixels.
    """
    grid = tuple(sides.shape[1:3])
    units = np.tile(cell_sizes(grid, image_size), 2) * UNIT_CELLS
    distances = keras.ops.exp(keras.ops.clip(sides, -MAX_LOGIT, MAX_LOGIT)) * units
    centers = cell_centers(grid, image_size)
    # Not `centers - ...`, by which numpy would take a Keras tensor for numbers.
    corners = [keras.ops.subtract(centers, distances[..., :2]), keras.ops.add(centers, distances[..., 2:])]
    return keras.ops.concatenate(corners, axis=-1)


def decode_in_graph(logits: Tensor, image_size: tuple[int, int], *, max_boxes: int) -> tuple[Tensor, Tensor, Tensor]:
    """The most certain peaks of a grid, by stock operations that exported files can hold.

    Args:
        logits: `(batch, rows, columns, num_classes + 4)`, a tensor or the output of a model.
        image_size: `(height, width)` of the image.
        max_boxes: how many to give.

    Returns:
        Boxes `(batch, n, 4)` `xyxy` in pixels, scores `(batch, n)` float32 from 0 to 1, falling, and classes
        `(batch, n)` int32; n is `max_boxes`, or fewer where the grid has fewer. What is no peak has score 0.
    """
    rows, columns, depth = logits.shape[1:]
    num_classes = depth - 4
    scores = keras.ops.sigmoid(logits[..., :num_classes])
    highest = keras.ops.max_pool(scores, _PEAK_SIZE, strides=1, padding="same")
    scores = keras.ops.reshape(
        scores * keras.ops.cast(scores >= highest, scores.dtype), (-1, rows * columns * num_classes)
    )
    scores, places = keras.ops.top_k(scores, min(max_boxes, rows * columns * num_classes))
    places = keras.ops.cast(places, "int32")
    boxes = keras.ops.reshape(grid_boxes(logits[..., num_classes:], image_size), (-1, rows * columns, 4))
    boxes = keras.ops.take_along_axis(boxes, keras.ops.expand_dims(places // num_classes, -1), axis=1)
    return boxes, scores, places % num_classes


def decode_grid(
    logits: np.ndarray, image_size: tuple[int, int], *, max_boxes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The outputs of `decode_in_graph`, computed with NumPy."""
    batch, rows, columns, depth = logits.shape
    num_classes = depth - 4
    scores = 1 / (1 + np.exp(-np.clip(logits[..., :num_classes].astype("float32"), -80, 80)))
    scores = np.where(scores >= _highest_around(scores), scores, 0).reshape(batch, -1)
    places = np.argsort(-scores, axis=1, kind="stable")[:, :max_boxes]
    sides = np.clip(logits[..., num_classes:].astype("float32"), -MAX_LOGIT, MAX_LOGIT)
    distances = np.exp(sides) * np.tile(cell_sizes((rows, columns), image_size), 2) * UNIT_CELLS
    centers = cell_centers((rows, columns), image_size)
    boxes = np.concatenate([centers - distances[..., :2], centers + distances[..., 2:]], axis=-1).reshape(batch, -1, 4)
    cells = np.repeat((places // num_classes)[..., np.newaxis], 4, axis=-1)
    return (
        np.take_along_axis(boxes, cells, axis=1),
        np.take_along_axis(scores, places, axis=1),
        (places % num_classes).astype("int32"),
    )


def _highest_around(scores: np.ndarray) -> np.ndarray:
    """The highest number of each cell and its eight neighbours, `(batch, rows, columns, classes)`."""
    padded = np.pad(scores, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (_PEAK_SIZE, _PEAK_SIZE), axis=(1, 2))
    highest: np.ndarray = windows.max(axis=(-2, -1))
    return highest
