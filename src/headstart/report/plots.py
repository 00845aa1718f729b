"""Charts of a run, each a matplotlib `Figure` that belongs to nobody's global state."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from headstart.report.content import PROBE
from headstart.report.numbers_in_words import METRIC_WORDS
from headstart.report.theme import HEAT_POWER, heat_colours, light, rule_horizontally, shortened, styled

NO_QUANTITIES = frozenset({"phase", "epoch", "learning_rate", "seconds"})
MOST_CLASSES_WITH_NUMBERS = 20
SHORT_PHASES = {PROBE: "probe", "deep fine-tuning": "deep"}  # one epoch is as wide as a short word at most
LONGEST_NAME = 30  # characters: some 5 cm, which leaves half the narrowest figure to its data
LONGEST_LEVEL_NAME = 8  # longer ones below neighbouring columns would run into each other


def recorded_quantities(history: pd.DataFrame) -> list[str]:
    """What the history follows over the epochs, the loss last: columns with their `val_` twins as one."""
    numeric = [str(name) for name in history.columns if pd.api.types.is_numeric_dtype(history[name])]
    known = [name for name in numeric if name not in NO_QUANTITIES and history[name].notna().any()]
    return sorted(dict.fromkeys(name.removeprefix("val_") for name in known), key=lambda name: name == "loss")


def quantity_title(name: str) -> str:
    """A quantity as it is called."""
    return METRIC_WORDS[name][0] if name in METRIC_WORDS else name.replace("_", " ").capitalize()


def learning_curves(history: pd.DataFrame, *, quantities: Sequence[str] | None = None) -> Figure:
    """How training and validation went, epoch by epoch, with a line where a new phase begins.

    A linear probe, which is what training starts from, stands at epoch 0.

    Args:
        history: as in `ReportContent`: phase, and for each quantity a column of its name, one of `val_` + its name, or
            both.
        quantities: one panel each; those without a column are left out. None: all that the history has.
    """
    wanted = recorded_quantities(history) if quantities is None else quantities
    shown = [name for name in wanted if not {name, f"val_{name}"}.isdisjoint(history.columns)]
    with styled():
        figure = Figure(figsize=(4.3 * max(1, len(shown)), 2.9), layout="constrained")
        for index, name in enumerate(shown):
            _draw_curve(figure.add_subplot(1, len(shown), index + 1), history, quantity=name)
    return figure


def _draw_curve(axes: Axes, history: pd.DataFrame, *, quantity: str) -> None:
    phases = history["phase"].tolist()
    first = 0 if phases[:1] == [PROBE] else 1
    epochs = np.arange(first, first + len(history))
    lines = {"training": (quantity, light("muted")), "validation": (f"val_{quantity}", light("accent"))}
    for label, (column, colour) in lines.items():
        if column in history.columns:
            marker = "o" if len(history) == 1 else None
            axes.plot(epochs, history[column], color=colour, label=label, marker=marker)
    rule_horizontally(axes)
    axes.set_title(quantity_title(quantity), pad=24)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))
    axes.legend(loc="best", frameon=False, labelcolor="linecolor", handlelength=1.2)
    _mark_phases(axes, phases, first=first)


def _mark_phases(axes: Axes, phases: Sequence[str], *, first: int) -> None:
    """A dashed line between phases and each phase's name above its epochs, which count from `first`."""
    if not phases:
        return
    starts = [index for index, phase in enumerate(phases) if index == 0 or phase != phases[index - 1]]
    axes.set_xlim(first - 0.5, first + len(phases) - 0.5)
    for start, end in zip(starts, [*starts[1:], len(phases)], strict=True):
        if start:
            axes.axvline(first + start - 0.5, color=light("faint"), linewidth=0.8, linestyle=(0, (3, 3)))
        axes.text(
            first + (start + end - 1) / 2,
            1.03,
            SHORT_PHASES.get(phases[start], phases[start]),
            transform=axes.get_xaxis_transform(),
            ha="center",
            color=light("muted"),
            fontsize=8,
        )


def confusion_matrix(confusion: np.ndarray, class_names: Sequence[str]) -> Figure:
    """True classes down, predicted classes across; the deeper, the larger the share of the true class.

    Args:
        confusion: `(k, k)` counts.
        class_names: `k` names, long ones shortened. Above 20 classes the numbers are left out, so that 100 stay
            readable.
    """
    num_classes = len(class_names)
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    size = float(np.clip(0.42 * num_classes + 1.8, 3.4, 13.0))
    with styled():
        figure = Figure(figsize=(size, size), layout="constrained")
        axes = figure.add_subplot()
        axes.pcolormesh(
            shares, cmap=heat_colours(), norm=PowerNorm(HEAT_POWER, 0, 1), edgecolors=light("line"), linewidth=0.4
        )
        axes.set(aspect="equal", xlabel="predicted", ylabel="true")
        axes.invert_yaxis()
        for spine in axes.spines.values():
            spine.set_visible(False)
        font_size = float(np.clip(330 / num_classes, 4.0, 9.0))
        positions = np.arange(num_classes) + 0.5
        names = [shortened(name, longest=LONGEST_NAME) for name in class_names]
        level = num_classes <= 4 and max(map(len, names)) <= LONGEST_LEVEL_NAME
        axes.set_xticks(positions, names, rotation=0 if level else 90, fontsize=font_size)
        axes.set_yticks(positions, names, fontsize=font_size)
        if num_classes <= MOST_CLASSES_WITH_NUMBERS:
            _write_counts(axes, confusion)
    return figure


def _write_counts(axes: Axes, confusion: np.ndarray) -> None:
    for (row, column), count in np.ndenumerate(confusion):
        if count:
            axes.text(column + 0.5, row + 0.5, str(count), ha="center", va="center")


def reliability_diagram(calibration: pd.DataFrame) -> Figure:
    """Accuracy at each level of confidence beside the dashed line of perfection, and how often each level occurs.

    Args:
        calibration: `Report.calibration`.

    References:
        Guo et al. 2017, On Calibration of Modern Neural Networks, arXiv 1706.04599, figure 1.
    """
    filled = calibration[calibration["num_examples"] > 0]
    width = (filled["high"] - filled["low"]) * 0.86
    centre = (filled["low"] + filled["high"]) / 2
    with styled():
        figure = Figure(figsize=(4.3, 4.2), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
        # Pale enough for the line to be seen before them: where it crosses the bars is what the diagram is about.
        upper.bar(centre, filled["accuracy"], width=width, color=light("accent"), alpha=0.65)
        upper.plot([0, 1], [0, 1], color=light("ink"), linewidth=1.2, linestyle=(0, (4, 3)))
        upper.annotate(
            "perfect", (0.22, 0.25), color=light("muted"), fontsize=8, rotation=40, rotation_mode="anchor", ha="center"
        )
        upper.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="right")
        lower.bar(centre, filled["num_examples"], width=width, color=light("faint"))
        lower.set(xlabel="confidence", ylabel="predictions")
        lower.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=2))
        upper.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        lower.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        for axes in (upper, lower):
            rule_horizontally(axes)
    return figure


def recall_bars(per_class: pd.DataFrame) -> Figure:
    """Share of each class that was recognised, with its 95 % interval.

    Args:
        per_class: `Report.per_class`. Classes without test examples have no bar.
    """
    known = per_class[per_class["support"] > 0].iloc[::-1]
    spread = np.stack([known["recall"] - known["recall_low"], known["recall_high"] - known["recall"]])
    with styled():
        figure = Figure(figsize=(6.4, 0.3 * len(known) + 1.0), layout="constrained")
        axes = figure.add_subplot()
        rows = np.arange(len(known))
        axes.barh(rows, known["recall"], height=0.62, color=light("accent"), alpha=0.85)
        axes.errorbar(
            known["recall"], rows, xerr=np.clip(spread, 0, 1), fmt="none", ecolor=light("ink"), elinewidth=1.1
        )
        _name_rows(axes, known["class"].tolist())
        axes.set(xlim=(0, 1.02), xlabel="recall, with 95 % interval")
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        _rule_vertically(axes)
    return figure


def class_count_bars(class_counts: pd.DataFrame) -> Figure:
    """How many examples each class has in each split.

    Args:
        class_counts: index class names, one column of counts a split.
    """
    shades = dict(zip(class_counts.columns, ("accent", "muted", "faint", "line"), strict=False))
    counts = class_counts.iloc[::-1]
    left = np.zeros(len(counts))
    with styled():
        figure = Figure(figsize=(6.4, 0.3 * len(counts) + 1.2), layout="constrained")
        axes = figure.add_subplot()
        for split, shade in shades.items():
            axes.barh(np.arange(len(counts)), counts[split], left=left, height=0.62, color=light(shade), label=split)
            left = left + counts[split].to_numpy()
        _name_rows(axes, counts.index.astype(str).tolist())
        axes.set_xlabel("pictures")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _rule_vertically(axes)
        figure.legend(loc="outside upper left", ncols=len(shades), frameon=False, handlelength=0.8)
    return figure


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Names the rows at once: labels that matplotlib makes when it draws take "$5" for a formula."""
    axes.set_yticks(np.arange(len(names)), [shortened(name, longest=LONGEST_NAME) for name in names])


def _rule_vertically(axes: Axes) -> None:
    axes.grid(visible=True, axis="x")
    axes.spines["bottom"].set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.margins(y=0.02)
