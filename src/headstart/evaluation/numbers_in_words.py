"""Numbers as they are read: what each metric is called, says and looks like."""

import math

from headstart.evaluation.report import DETECTION, MULTI_LABEL, REGRESSION, SEGMENTATION, SINGLE_LABEL, Metric

# name → what it is called, and what it says in one sentence
METRIC_WORDS = {
    "accuracy": ("Accuracy", "How many pictures are named rightly."),
    "balanced_accuracy": ("Balanced accuracy", "The same, every class counting alike."),
    "macro_f1": ("Macro F1", "Found and not confused, averaged over classes."),
    "micro_f1": ("Micro F1", "Found and not confused, common labels counting more."),
    "subset_accuracy": ("All labels right", "How many pictures have every label right."),
    "mean_average_precision": ("Mean average precision", "How well each label ranks its own pictures first."),
    "roc_auc": ("ROC-AUC", "Chance that an image of a class scores higher for it than another image; 0.5 is guessing."),
    "hamming_loss": ("Hamming loss", "Share of wrong yes and no. Lower is better."),
    "log_loss": ("Log loss", "Price of being sure and wrong. Lower is better."),
    "expected_calibration_error": ("Calibration error", "Gap between confidence and accuracy. Lower is better."),
    "map50": ("mAP50", "Objects found and named without false alarms; a box must overlap by half."),
    "map": ("mAP50-95", "The same, demanding ever tighter boxes."),
    "average_recall": ("Average recall", "Share of objects found by any answer, demanding ever tighter boxes."),
    "mean_iou": ("Mean IoU", "Overlap of answered and true areas, every class counting alike; 1 is perfect."),
    "dice": ("Dice", "Overlap by a milder rule, every class counting alike; 1 is perfect."),
    "pixel_accuracy": ("Pixel accuracy", "How many pixels are named rightly."),
    "boundary_f": ("Boundary F", "How much of the outlines lies where it should; 1 is perfect."),
    "mean_absolute_error": ("Mean error", "How far off an answer is on average. Lower is better."),
    "root_mean_squared_error": ("RMSE", "The same, large errors weighing more. Lower is better."),
    "r2": ("R²", "Share of the differences between pictures that is explained; the mean explains none."),
    "median_absolute_error": ("Median error", "Half of the answers are nearer than this. Lower is better."),
}

# kind → the answer that looks at no picture, which every metric is held against
BASELINE_WORDS = {
    SINGLE_LABEL: "always guessing the commonest class",
    MULTI_LABEL: "always giving each label's frequency",
    DETECTION: "drawing no box",
    SEGMENTATION: "giving every pixel the commonest class",
    REGRESSION: "always answering the training mean",
}

PERCENT_METRICS = frozenset({"accuracy", "balanced_accuracy", "subset_accuracy", "pixel_accuracy"})
# In the unit of the numbers that are predicted.
UNIT_METRICS = frozenset({"mean_absolute_error", "root_mean_squared_error", "median_absolute_error"})


def formatted(metric: Metric, value: float) -> str:
    """A metric's value as it is read: per cent for shares, the user's unit for errors, else three decimals.

    A dash stands where it is undefined.
    """
    if math.isnan(value):
        return "–"
    if metric.name in UNIT_METRICS:
        return measured(value)
    return f"{100 * value:.1f} %" if metric.name in PERCENT_METRICS else f"{value:.3f}"


def measured(value: float) -> str:
    """A number in the user's unit: three digits, and all of a large one before the point."""
    if math.isnan(value):
        return "–"
    if value and not 1e-4 <= abs(value) < 1e15:
        return f"{value:.2e}"
    decimals = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:,.{decimals}f}"


def duration(seconds: float) -> str:
    """Time as it is said: "48 s", "3 min 5 s", "1 h 12 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s" if whole >= 10 else f"{seconds:.1f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def of_hundred(share: float) -> str:
    """Rounded to whole pictures, but never to 0 or 100 unless it is."""
    percent = 100 * share
    if 99.5 <= percent < 100 or 0 < percent <= 0.5:
        return f"{percent:.1f}" if 0.05 <= percent < 99.95 else ("under 0.1" if percent < 1 else "over 99.9")
    return f"{percent:.0f}"


def percent(share: float) -> str:
    """A share of 1 in per cent, with one decimal where it has one."""
    return f"{round(100 * share, 1):g} %"
