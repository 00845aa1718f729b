"""Scores of good images and of defects."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from headstart.report import light, rule_horizontally, styled

NUM_BARS = 30


def score_histogram(scores: pd.DataFrame, *, good: str, threshold: float) -> Figure:
    """How many good images and how many defects have which score.

    Args:
        scores: `Report.tables["scores"]`.
        good: the class of good images.
        threshold: from which an image is reported; NaN draws no line.
    """
    values, is_good = scores["score"].to_numpy(), (scores["class"] == good).to_numpy()
    known = values if np.isnan(threshold) else np.append(values, threshold)
    edges = np.linspace(0, max(float(known.max()), 1e-12) * 1.02, NUM_BARS + 1)
    with styled():
        figure = Figure(figsize=(4.3, 3.2), layout="constrained")
        axes = figure.add_subplot()
        for name, chosen, colour in (("good", is_good, "muted"), ("defects", ~is_good, "accent")):
            axes.hist(values[chosen], bins=edges.tolist(), color=light(colour), alpha=0.6, label=name)
        if not np.isnan(threshold):
            axes.axvline(threshold, color=light("ink"), linewidth=1.2, linestyle=(0, (4, 3)))
        axes.set(xlabel="score", ylabel="test images")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="best", frameon=False)
        rule_horizontally(axes)
    return figure


def roc_figure(scores: pd.DataFrame, *, good: str) -> Figure:
    """Share of the defects that are reported against the share of the good images that are, as the threshold falls.

    Args:
        scores: `Report.tables["scores"]`, with good images and defects.
        good: the class of good images.
    """
    order = np.argsort(-scores["score"].to_numpy(), kind="stable")
    ranked, is_good = scores["score"].to_numpy()[order], (scores["class"] == good).to_numpy()[order]
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # equal scores are reported together
    rates = [np.append(0, np.cumsum(chosen)[ends] / chosen.sum()) for chosen in (is_good, ~is_good)]
    with styled():
        figure = Figure(figsize=(3.4, 3.2), layout="constrained")
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=light("ink"), linewidth=1.0, linestyle=(0, (4, 3)))
        axes.plot(*rates, color=light("accent"))
        axes.set(xlabel="false alarms", ylabel="defects found", xlim=(-0.01, 1.01), ylim=(-0.01, 1.03))
        rule_horizontally(axes)
    return figure
