"""Which class the places of a feature map show, and a fair choice of places to score features on."""

import numpy as np
import pandas as pd

# A place that shows an object's edge, or several classes alike: neither right nor wrong could be said of it.
UNDECIDED = -1
# Of a box's height and width: what surely shows the object. Corners of a box mostly show what is behind it.
CORE = 0.5
MAX_PLACES = 4000  # more hardly narrow an interval that images decide; neighbours take time with the square
MAX_PLACES_A_PICTURE = 16  # of one class: neighbouring places say almost the same


def box_places(boxes: np.ndarray, grid: tuple[int, int], image_size: tuple[int, int], *, background: int) -> np.ndarray:
    """Class of every place of a map over an image with objects.

    A place shows an object where its centre lies in the middle half of the box, in height and width, or where it holds
    the box's centre; of several boxes the smallest. It shows background where its centre lies in no box.

    Args:
        boxes: `(n, 5)`, `xyxy` in pixels of the image and number of the class.
        grid: height and width of the map.
        image_size: `(height, width)` of the image.
        background: number for what no box covers.

    Returns:
        `grid` int64, `UNDECIDED` inside a box but not in its middle.
    """
    (height, width), (num_rows, num_columns) = image_size, grid
    rows = (np.arange(num_rows) + 0.5) * height / num_rows
    columns = (np.arange(num_columns) + 0.5) * width / num_columns
    places = np.full(grid, background, np.int64)
    for x_min, y_min, x_max, y_max, _ in boxes:
        places[np.ix_((rows >= y_min) & (rows <= y_max), (columns >= x_min) & (columns <= x_max))] = UNDECIDED
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    for x_min, y_min, x_max, y_max, number in boxes[np.argsort(-areas, kind="stable")]:
        x, y = (x_min + x_max) / 2, (y_min + y_max) / 2
        in_row = np.abs(rows - y) <= max(CORE * (y_max - y_min), height / num_rows) / 2
        in_column = np.abs(columns - x) <= max(CORE * (x_max - x_min), width / num_columns) / 2
        places[np.ix_(in_row, in_column)] = int(number)
    return places


def mask_places(mask: np.ndarray, grid: tuple[int, int], *, num_classes: int) -> np.ndarray:
    """Class of every place of a map over an image with a mask: the one of more than half of its pixels.

    Args:
        mask: `(height, width)` numbers of classes; from `num_classes` on nothing is known.
        grid: height and width of the map, at most as many as pixels.
        num_classes: how many classes there are.

    Returns:
        `grid` int64, `UNDECIDED` where no class has more than half.
    """
    (height, width), (num_rows, num_columns) = mask.shape, grid
    rows, columns = np.arange(height) * num_rows // height, np.arange(width) * num_columns // width
    place = (rows[:, None] * num_columns + columns).ravel()
    kinds = np.minimum(mask, num_classes).astype(np.int64).ravel()
    counts = np.bincount(place * (num_classes + 1) + kinds, minlength=num_rows * num_columns * (num_classes + 1))
    counts = counts.reshape(num_rows, num_columns, num_classes + 1)
    best = counts[..., :num_classes].argmax(axis=-1)
    decided = 2 * counts[..., :num_classes].max(axis=-1) > counts.sum(axis=-1)
    return np.where(decided, best, UNDECIDED)


def choose_places(
    places: np.ndarray,
    groups: np.ndarray,
    *,
    seed: int,
    min_groups: int,
    max_places: int = MAX_PLACES,
    max_a_picture: int = MAX_PLACES_A_PICTURE,
) -> pd.DataFrame:
    """Some places of each class, as many of a rare class as of a common one where there are so many.

    Args:
        places: `(pictures, height, width)` numbers of classes, or `UNDECIDED`.
        groups: `(pictures,)`, the same for images that are copies or belong together.
        seed: of the choice.
        min_groups: classes that fewer groups show are left out.
        max_places: in all.
        max_a_picture: of one class.

    Returns:
        Frame of `picture`, `row`, `column` and `number` of the class, in this order of images.
    """
    positions = np.argwhere(places != UNDECIDED)
    frame = pd.DataFrame(positions, columns=["picture", "row", "column"])
    frame["number"] = places[tuple(positions.T)]
    shown_by = frame.assign(group=groups[frame["picture"]]).groupby("number")["group"].nunique()
    enough = shown_by.index[shown_by >= min_groups]
    frame = frame[frame["number"].isin(enough)].sample(frac=1, random_state=seed)
    frame = frame.groupby(["picture", "number"]).head(max_a_picture)
    return frame.groupby("number").head(max_places // max(1, len(enough))).sort_index(ignore_index=True)
