"""Predictions + targets → `Report`: numbers with intervals, figures, Grad-CAM, one HTML file.

Names are imported when first used: whoever only reads a report loads neither TensorFlow nor matplotlib.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headstart.evaluation.calibrating import fit_calibration
    from headstart.evaluation.calibration import Calibration
    from headstart.evaluation.content import Mistake, ReportContent
    from headstart.evaluation.detection import best_score_threshold, evaluate_detection
    from headstart.evaluation.galleries import grad_cam_gallery, mistake_gallery, picture_gallery
    from headstart.evaluation.heatmaps import grad_cam, overlay
    from headstart.evaluation.honesty import Honesty, Proportion
    from headstart.evaluation.html import write_html
    from headstart.evaluation.intervals_regression import RegressionIntervals
    from headstart.evaluation.metrics import evaluate_classification, evaluate_multi_label
    from headstart.evaluation.mistakes import most_confident_label_mistakes, most_confident_mistakes
    from headstart.evaluation.plots import (
        class_count_bars,
        confusion_matrix,
        learning_curves,
        recall_bars,
        reliability_diagram,
    )
    from headstart.evaluation.promises import measure_honesty
    from headstart.evaluation.rank_plot import accuracy_by_size
    from headstart.evaluation.regression import evaluate_regression
    from headstart.evaluation.report import Metric, Report
    from headstart.evaluation.segmentation import evaluate_segmentation
    from headstart.evaluation.thresholds import DEFAULT_COVERAGE, Thresholds, upper_quantile
    from headstart.evaluation.wording import headline, honesty_facts, limits

__all__ = [
    "DEFAULT_COVERAGE",
    "Calibration",
    "Honesty",
    "Metric",
    "Mistake",
    "Proportion",
    "RegressionIntervals",
    "Report",
    "ReportContent",
    "Thresholds",
    "accuracy_by_size",
    "best_score_threshold",
    "class_count_bars",
    "confusion_matrix",
    "evaluate_classification",
    "evaluate_detection",
    "evaluate_multi_label",
    "evaluate_regression",
    "evaluate_segmentation",
    "fit_calibration",
    "grad_cam",
    "grad_cam_gallery",
    "headline",
    "honesty_facts",
    "learning_curves",
    "limits",
    "measure_honesty",
    "mistake_gallery",
    "most_confident_label_mistakes",
    "most_confident_mistakes",
    "overlay",
    "picture_gallery",
    "recall_bars",
    "reliability_diagram",
    "upper_quantile",
    "write_html",
]

_MODULES = {
    "Calibration": "calibration",
    "DEFAULT_COVERAGE": "thresholds",
    "Honesty": "honesty",
    "Metric": "report",
    "Mistake": "content",
    "Proportion": "honesty",
    "RegressionIntervals": "intervals_regression",
    "Report": "report",
    "ReportContent": "content",
    "Thresholds": "thresholds",
    "accuracy_by_size": "rank_plot",
    "best_score_threshold": "detection",
    "class_count_bars": "plots",
    "confusion_matrix": "plots",
    "evaluate_classification": "metrics",
    "evaluate_detection": "detection",
    "evaluate_multi_label": "metrics",
    "evaluate_regression": "regression",
    "evaluate_segmentation": "segmentation",
    "fit_calibration": "calibrating",
    "grad_cam": "heatmaps",
    "grad_cam_gallery": "galleries",
    "headline": "wording",
    "honesty_facts": "wording",
    "learning_curves": "plots",
    "limits": "wording",
    "measure_honesty": "promises",
    "mistake_gallery": "galleries",
    "most_confident_label_mistakes": "mistakes",
    "most_confident_mistakes": "mistakes",
    "overlay": "heatmaps",
    "picture_gallery": "galleries",
    "recall_bars": "plots",
    "reliability_diagram": "plots",
    "upper_quantile": "thresholds",
    "write_html": "html",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
