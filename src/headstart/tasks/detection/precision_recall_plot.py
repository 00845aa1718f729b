"""What finding more boxes costs in false ones."""

import math

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from headstart.report import light, rule_horizontally, shortened, styled

COLUMNS = 3
LONGEST_NAME = 18  # characters in the title of a panel


def precision_recall_curves(curves: pd.DataFrame) -> Figure:
    """One panel per class with its precision-recall curve: precision of the boxes over recall, as the score falls.

    Args:
        curves: `Report.tables["precision_recall"]`, or the rows of some of its classes. Classes that no image shows
            have no panel.
    """
    known = [
        (str(name), curve) for name, curve in curves.groupby("class", sort=False) if curve["precision"].notna().all()
    ]
    columns = max(1, min(COLUMNS, len(known)))
    rows = max(1, math.ceil(len(known) / columns))
    with styled():
        figure = Figure(figsize=(2.0 * columns, 1.9 * rows), layout="constrained")
        for index, (name, curve) in enumerate(known):
            axes = figure.add_subplot(rows, columns, index + 1)
            axes.fill_between(curve["recall"], curve["precision"], color=light("accent"), alpha=0.12, linewidth=0)
            axes.plot(curve["recall"], curve["precision"], color=light("accent"))
            axes.set(xlim=(0, 1), ylim=(0, 1.03), xlabel="recall", ylabel="precision")
            axes.set_title(shortened(name, longest=LONGEST_NAME))
            axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            axes.set_xticks([0, 0.5, 1])
            axes.set_yticks([0, 0.5, 1])
            rule_horizontally(axes)
    return figure
