"""Predictions + targets → `Report`: numbers with intervals, figures, Grad-CAM, one HTML file.

Names are imported when first used: whoever only reads a report loads neither TensorFlow nor matplotlib.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.evaluation.calibrating import fit_calibration
    from headstart.evaluation.calibration import Calibration
    from headstart.evaluation.caveats import limits
    from headstart.evaluation.content import AnnotatedPicture, Mistake, PhaseValues, ReportContent
    from headstart.evaluation.detection import best_score_threshold, evaluate_detection
    from headstart.evaluation.drawing import draw_boxes, draw_mask
    from headstart.evaluation.examples import (
        detection_example,
        regression_example,
        segmentation_example,
        worst_examples,
    )
    from headstart.evaluation.galleries import grad_cam_gallery, mistake_gallery, picture_gallery
    from headstart.evaluation.heatmaps import grad_cam, overlay
    from headstart.evaluation.honesty import Honesty, Proportion
    from headstart.evaluation.html import write_html
    from headstart.evaluation.intervals_regression import RegressionIntervals
    from headstart.evaluation.metrics import evaluate_classification, evaluate_multi_label
    from headstart.evaluation.mistakes import most_confident_label_mistakes, most_confident_mistakes
    from headstart.evaluation.numbers_in_words import BASELINE_WORDS, UNIT_METRICS, formatted, measured
    from headstart.evaluation.plots import (
        class_count_bars,
        confusion_matrix,
        learning_curves,
        recall_bars,
        reliability_diagram,
    )
    from headstart.evaluation.precision_recall_plot import precision_recall_curves
    from headstart.evaluation.promises import measure_honesty
    from headstart.evaluation.rank_plot import accuracy_by_size
    from headstart.evaluation.regression import evaluate_regression
    from headstart.evaluation.regression_plots import answer_scatter, residual_plot
    from headstart.evaluation.report import Metric, Report
    from headstart.evaluation.segmentation import evaluate_segmentation
    from headstart.evaluation.theme import class_colours
    from headstart.evaluation.thresholds import DEFAULT_COVERAGE, Thresholds, upper_quantile
    from headstart.evaluation.wording import headline, honesty_facts

__all__ = [
    "BASELINE_WORDS",
    "DEFAULT_COVERAGE",
    "UNIT_METRICS",
    "AnnotatedPicture",
    "Calibration",
    "Honesty",
    "Metric",
    "Mistake",
    "PhaseValues",
    "Proportion",
    "RegressionIntervals",
    "Report",
    "ReportContent",
    "Thresholds",
    "accuracy_by_size",
    "answer_scatter",
    "best_score_threshold",
    "class_colours",
    "class_count_bars",
    "confusion_matrix",
    "detection_example",
    "draw_boxes",
    "draw_mask",
    "evaluate_classification",
    "evaluate_detection",
    "evaluate_multi_label",
    "evaluate_regression",
    "evaluate_segmentation",
    "fit_calibration",
    "formatted",
    "grad_cam",
    "grad_cam_gallery",
    "headline",
    "honesty_facts",
    "learning_curves",
    "limits",
    "measure_honesty",
    "measured",
    "mistake_gallery",
    "most_confident_label_mistakes",
    "most_confident_mistakes",
    "overlay",
    "picture_gallery",
    "precision_recall_curves",
    "recall_bars",
    "regression_example",
    "reliability_diagram",
    "residual_plot",
    "segmentation_example",
    "upper_quantile",
    "worst_examples",
    "write_html",
]

_MODULE_OF = {
    "BASELINE_WORDS": "numbers_in_words",
    "AnnotatedPicture": "content",
    "Calibration": "calibration",
    "DEFAULT_COVERAGE": "thresholds",
    "Honesty": "honesty",
    "Metric": "report",
    "Mistake": "content",
    "Proportion": "honesty",
    "RegressionIntervals": "intervals_regression",
    "Report": "report",
    "PhaseValues": "content",
    "ReportContent": "content",
    "Thresholds": "thresholds",
    "UNIT_METRICS": "numbers_in_words",
    "accuracy_by_size": "rank_plot",
    "answer_scatter": "regression_plots",
    "best_score_threshold": "detection",
    "class_colours": "theme",
    "class_count_bars": "plots",
    "confusion_matrix": "plots",
    "detection_example": "examples",
    "draw_boxes": "drawing",
    "draw_mask": "drawing",
    "evaluate_classification": "metrics",
    "evaluate_detection": "detection",
    "evaluate_multi_label": "metrics",
    "evaluate_regression": "regression",
    "evaluate_segmentation": "segmentation",
    "fit_calibration": "calibrating",
    "formatted": "numbers_in_words",
    "grad_cam": "heatmaps",
    "grad_cam_gallery": "galleries",
    "headline": "wording",
    "honesty_facts": "wording",
    "learning_curves": "plots",
    "limits": "caveats",
    "measure_honesty": "promises",
    "measured": "numbers_in_words",
    "mistake_gallery": "galleries",
    "most_confident_label_mistakes": "mistakes",
    "most_confident_mistakes": "mistakes",
    "overlay": "heatmaps",
    "picture_gallery": "galleries",
    "precision_recall_curves": "precision_recall_plot",
    "recall_bars": "plots",
    "regression_example": "examples",
    "reliability_diagram": "plots",
    "residual_plot": "regression_plots",
    "segmentation_example": "examples",
    "upper_quantile": "thresholds",
    "worst_examples": "examples",
    "write_html": "html",
}

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
