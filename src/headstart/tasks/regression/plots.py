"""Numbers against what they should be."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from headstart.report import light, rule_horizontally, shortened, styled

LONGEST_NAME = 40  # characters in the title of a figure


def answer_scatter(answers: pd.DataFrame) -> Figure:
    """Predicted over true numbers; the dashed line marks equal numbers.

    Args:
        answers: `Report.tables["answers"]`, the rows of one output.
    """
    with styled():
        figure, axes = _axes(answers)
        ends = [float(answers[["true", "predicted"]].min().min()), float(answers[["true", "predicted"]].max().max())]
        axes.plot(ends, ends, color=light("ink"), linewidth=1.2, linestyle=(0, (4, 3)))
        _dots(axes, answers["true"], answers["predicted"])
        axes.set(xlabel="true", ylabel="predicted")
    return figure


def residual_plot(answers: pd.DataFrame, *, half_width: float = float("nan")) -> Figure:
    """The error of each prediction, in the order of the predictions; the band is the prediction interval.

    Args:
        answers: `Report.tables["answers"]`, the rows of one output.
        half_width: of the interval; NaN draws none.
    """
    with styled():
        figure, axes = _axes(answers)
        if not np.isnan(half_width):
            axes.axhspan(-half_width, half_width, color=light("accent"), alpha=0.12, linewidth=0)
        axes.axhline(0, color=light("ink"), linewidth=1.2, linestyle=(0, (4, 3)))
        _dots(axes, answers["predicted"], answers["predicted"] - answers["true"])
        axes.set(xlabel="predicted", ylabel="predicted − true")
    return figure


def _axes(answers: pd.DataFrame) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(4.3, 3.4), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(shortened(str(next(iter(answers["output"]), "")), longest=LONGEST_NAME))
    rule_horizontally(axes)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    return figure, axes


def _dots(axes: Axes, across: pd.Series, up: pd.Series) -> None:
    axes.plot(
        across, up, linestyle="none", marker="o", markersize=4, color=light("accent"), alpha=0.45, markeredgewidth=0
    )
