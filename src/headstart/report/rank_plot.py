"""The chart of a ranking: how well a probe on each backbone does, beside how large the backbone is."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter
from matplotlib.transforms import Bbox

from headstart.report.theme import light, rule_horizontally, styled

# Where a name may stand beside its dot, the best place first: points right and up, and which side faces the dot.
PLACES = (
    (6, 5, "left"),
    (6, -11, "left"),
    (-6, 5, "right"),
    (-6, -11, "right"),
    (6, 16, "left"),
    (6, -22, "left"),
    (-6, 16, "right"),
    (-6, -22, "right"),
    (14, 28, "left"),
    (14, -34, "left"),
    (-14, 28, "right"),
    (-14, -34, "right"),
    (14, 42, "left"),
    (14, -48, "left"),
)
# What a ranking may be scored by → how the chart calls it.
TITLES = {
    "accuracy": "Linear probe, accuracy with 95 % interval",
    "average_precision": "Linear probe, mean average precision with 95 % interval",
    "balanced_accuracy": "Linear probe on positions, balanced accuracy with 95 % interval",
    "r2": "Ridge regression, R² with 95 % interval",
}
NEAR = 11  # points: names further away from their dot are led to it by a line

Row = Mapping[Hashable, Any]  # of a table, as pandas gives it


def accuracy_by_size(ranking: pd.DataFrame, *, measure: str = "accuracy") -> Figure:
    """The probe's score of each backbone with its 95 % interval, over the size of its weights; random ones are hollow.

    Args:
        ranking: one row per backbone: name, weights, megabytes, probe_low, probe_high and the score, named after its
            measure: probe_accuracy.
        measure: what the score measures, a key of `TITLES`.
    """
    ranking = ranking.rename(columns={f"probe_{measure}": "score"})
    with styled():
        figure = Figure(figsize=(6.4, 4.2), layout="constrained")
        FigureCanvasAgg(figure)  # measures names
        axes = figure.add_subplot()
        for row in ranking.to_dict("records"):
            _draw_backbone(axes, row)
        _set_axes(axes, ranking)
        axes.set_title(TITLES[measure])
        if measure != "r2":  # the others are shares
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        figure.draw_without_rendering()
        _name_dots(axes, ranking)
    return figure


def _draw_backbone(axes: Axes, row: Row) -> None:
    value = row["score"]
    spread = [[max(0.0, value - row["probe_low"])], [max(0.0, row["probe_high"] - value)]]
    axes.errorbar(
        row["megabytes"],
        value,
        yerr=spread,
        fmt="o",
        color=light("accent"),
        markerfacecolor=light("ground") if row["weights"] == "none" else light("accent"),
        ecolor=light("faint"),
        elinewidth=1.4,
    )


def _set_axes(axes: Axes, ranking: pd.DataFrame) -> None:
    axes.set_xscale("log")
    # Room on both sides: names are as wide as an octave or two.
    axes.set_xlim(ranking["megabytes"].min() / 2, ranking["megabytes"].max() * 3)
    axes.xaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    has_random = (ranking["weights"] == "none").any()
    axes.set_xlabel(f"megabytes of weights{', hollow: random weights' if has_random else ''}")
    rule_horizontally(axes)


def _name_dots(axes: Axes, ranking: pd.DataFrame) -> None:
    """Writes each name where it covers no other name, dot or interval; where all places are taken, at the first."""
    taken = [box for row in ranking.to_dict("records") for box in _boxes(axes, row)]
    for row in ranking.to_dict("records"):
        taken.append(_name_dot(axes, row, taken))


def _boxes(axes: Axes, row: Row) -> tuple[Bbox, Bbox]:
    """The dot and the interval, in pixels."""
    heights = ("score", "probe_low", "probe_high")
    (x, y), (_, low), (_, high) = axes.transData.transform([(row["megabytes"], row[name]) for name in heights])
    return Bbox.from_extents(x - 5, y - 5, x + 5, y + 5), Bbox.from_extents(x - 2, low, x + 2, high)


def _name_dot(axes: Axes, row: Row, taken: list[Bbox]) -> Bbox:
    dot = (row["megabytes"], row["score"])
    text = axes.annotate(row["name"], dot, (0, 0), textcoords="offset points", fontsize=8, color=light("ink"))
    for right, up, side in (*PLACES, PLACES[0]):  # the last one stays where none is free
        text.set(position=(right, up), horizontalalignment=side)
        box = text.get_window_extent()
        if _is_free(box, axes, taken):
            break
    if abs(up) > NEAR:
        line = {"arrowstyle": "-", "color": light("muted"), "linewidth": 0.5, "shrinkA": 0, "shrinkB": 3}
        axes.annotate("", dot, (right, up + 3), textcoords="offset points", arrowprops=line)
    return box


def _is_free(box: Bbox, axes: Axes, taken: list[Bbox]) -> bool:
    inside = axes.get_window_extent()
    fits = box.x0 >= inside.x0 and box.x1 <= inside.x1 and box.y0 >= inside.y0 and box.y1 <= inside.y1 + 8
    return fits and not any(box.overlaps(other) for other in taken)
