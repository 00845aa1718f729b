"""Figures made of images: samples, mistakes and their heat maps."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from headstart.report.content import Mistake
from headstart.report.theme import light, shortened, styled

CELL_INCHES = 1.7
LONGEST_NAME = 14  # characters: two of them and an arrow are as wide as a cell


def picture_gallery(pictures: Sequence[np.ndarray], titles: Sequence[str], *, columns: int = 6) -> Figure:
    """Images in rows, each under its title.

    Args:
        pictures: each `(h, w, 3)` RGB 0-255.
        titles: one each; `""` for none.
        columns: images per row.
    """
    with styled():
        figure, cells = _grid(len(pictures), columns=columns)
        for axes, picture, title in zip(cells, pictures, titles, strict=False):
            _show(axes, picture, title)
    return figure


def mistake_gallery(mistakes: Sequence[Mistake], *, columns: int = 6) -> Figure:
    """Mistakes as "true → predicted" with the probability of the wrong prediction.

    Args:
        mistakes: any number.
        columns: images per row.
    """
    return picture_gallery([mistake.picture for mistake in mistakes], [caption(m) for m in mistakes], columns=columns)


def grad_cam_gallery(mistakes: Sequence[Mistake], *, columns: int = 3) -> Figure:
    """Each image beside its heat; those without an overlay are left out.

    Args:
        mistakes: any number, with `overlay`.
        columns: pairs a row.
    """
    seen = [mistake for mistake in mistakes if mistake.overlay is not None]
    pictures = [picture for mistake in seen for picture in (mistake.picture, mistake.overlay) if picture is not None]
    titles = [title for mistake in seen for title in (caption(mistake), "heat map (Grad-CAM)")]
    return picture_gallery(pictures, titles, columns=2 * columns)


def caption(mistake: Mistake) -> str:
    """Two lines: true → predicted with long names shortened, and the confidence."""
    true, predicted = (shortened(name, longest=LONGEST_NAME) for name in (mistake.true, mistake.predicted))
    return f"{true} → {predicted}\nconfidence {100 * mistake.probability:.0f} %"


def _grid(count: int, *, columns: int) -> tuple[Figure, list[Axes]]:
    columns = max(1, min(columns, count))
    rows = max(1, math.ceil(count / columns))
    figure = Figure(figsize=(CELL_INCHES * columns, (CELL_INCHES + 0.4) * rows), layout="constrained")
    cells = list(np.ravel(figure.subplots(rows, columns, squeeze=False)))
    for axes in cells:
        axes.set_axis_off()
    return figure, cells


def _show(axes: Axes, picture: np.ndarray, title: str) -> None:
    axes.imshow(np.clip(picture, 0, 255).astype(np.uint8))
    axes.set_title(title, fontsize=8, color=light("ink"), pad=4, loc="left")
