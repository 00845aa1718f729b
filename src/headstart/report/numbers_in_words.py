"""Names, explanations and number formats of the metrics for readers of a report."""

import math

from headstart.metrics import Metric

# name → title, and a literal explanation
METRIC_WORDS = {
    "accuracy": ("Accuracy", "Share of images whose class is predicted correctly."),
    "balanced_accuracy": ("Balanced accuracy", "Accuracy of each class, averaged over classes."),
    "macro_f1": ("Macro F1", "F1, the harmonic mean of precision and recall, averaged over classes."),
    "micro_f1": ("Micro F1", "F1, the harmonic mean of precision and recall, over all labels together."),
    "subset_accuracy": ("Subset accuracy", "Share of images whose labels are all predicted correctly."),
    "mean_average_precision": (
        "Mean average precision",
        "How well the scores rank the images of each label above the others; 1 is perfect.",
    ),
    "roc_auc": (
        "ROC-AUC",
        "Probability that an image of a class gets a higher score for it than another image; 0.5 is guessing.",
    ),
    "hamming_loss": ("Hamming loss", "Share of wrong decisions about single labels. Lower is better."),
    "log_loss": ("Log loss", "Penalty for a low probability of the true class. Lower is better."),
    "expected_calibration_error": (
        "Calibration error",
        "Average difference between confidence and accuracy. Lower is better.",
    ),
    "map50": (
        "mAP50",
        "Mean average precision of boxes; a box counts as correct if it overlaps the true box with an IoU of 0.5.",
    ),
    "map": ("mAP50-95", "mAP averaged over overlaps (IoU) from 0.5 to 0.95, as in COCO."),
    "average_recall": ("Average recall", "Share of objects that are found, averaged over overlaps from 0.5 to 0.95."),
    "mean_iou": ("Mean IoU", "Overlap of predicted and true areas, averaged over classes; 1 is perfect."),
    "dice": ("Dice", "Overlap of areas as a Dice coefficient, averaged over classes; 1 is perfect."),
    "pixel_accuracy": ("Pixel accuracy", "Share of pixels whose class is predicted correctly."),
    "boundary_f": ("Boundary F", "Share of the outlines that are predicted at the right place; 1 is perfect."),
    "mean_absolute_error": (
        "Mean absolute error",
        "Average distance between prediction and true value. Lower is better.",
    ),
    "root_mean_squared_error": (
        "RMSE",
        "Root mean squared error: like the mean absolute error, but large errors count more. Lower is better.",
    ),
    "image_auroc": (
        "Image AUROC",
        "Probability that an image with a defect has a higher score than a good image; 0.5 is guessing.",
    ),
    "image_average_precision": (
        "Image average precision",
        "How well the scores rank images with defects above good images; 1 is perfect.",
    ),
    "pixel_auroc": (
        "Pixel AUROC",
        "Probability that a defective pixel has a higher score than a good pixel; 0.5 is guessing.",
    ),
    "pro": (
        "PRO",
        "Share of each defective area that is found, averaged over areas and over up to 30 % of false-positive pixels.",
    ),
    "r2": ("R²", "Share of the variance of the true values that is explained; predicting their mean gives 0."),
    "median_absolute_error": ("Median absolute error", "Half of the errors are smaller than this. Lower is better."),
}

PERCENT_METRICS = frozenset({"accuracy", "balanced_accuracy", "subset_accuracy", "pixel_accuracy"})
# In the unit of the numbers that are predicted.
UNIT_METRICS = frozenset({"mean_absolute_error", "root_mean_squared_error", "median_absolute_error"})


def formatted(metric: Metric, value: float) -> str:
    """The value of a metric as text: per cent for shares, the user's unit for errors, otherwise three decimals.

    An undefined value is shown as a dash.
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
    """A duration as text: "48 s", "3 min 5 s", "1 h 12 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s" if whole >= 10 else f"{seconds:.1f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def of_hundred(share: float) -> str:
    """A share as a number out of 100, rounded, but to 0 or 100 only if it is exactly that."""
    percent = 100 * share
    if 99.5 <= percent < 100 or 0 < percent <= 0.5:
        return f"{percent:.1f}" if 0.05 <= percent < 99.95 else ("under 0.1" if percent < 1 else "over 99.9")
    return f"{percent:.0f}"


def percent(share: float) -> str:
    """A share in per cent, with one decimal if it is not a whole number."""
    return f"{round(100 * share, 1):g} %"
