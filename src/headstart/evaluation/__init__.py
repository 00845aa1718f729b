"""Predictions + targets → `Report`: numbers with intervals, figures, Grad-CAM, one HTML file.

Names are imported when first used: whoever only reads a report loads neither TensorFlow nor matplotlib.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.evaluation.calibrating import fit_calibration
    from headstart.evaluation.calibration import Calibration
    from headstart.evaluation.caveats import baseline_limit, class_limits, doubtless_limit, limits, listed
    from headstart.evaluation.confusion import ConfusionRow, confusion_figure, confusion_rows
    from headstart.evaluation.content import AnnotatedPicture, Mistake, PhaseValues, ReportContent
    from headstart.evaluation.drawing import draw_boxes, draw_mask
    from headstart.evaluation.embedding import inline_svg, picture_uri
    from headstart.evaluation.examples import shown_picture, worst_examples
    from headstart.evaluation.galleries import grad_cam_gallery, mistake_gallery, picture_gallery
    from headstart.evaluation.heatmaps import grad_cam, overlay
    from headstart.evaluation.honesty import Honesty, Proportion
    from headstart.evaluation.html import write_html
    from headstart.evaluation.intervals import (
        WEIGHTS_PER_CHUNK,
        bootstrap_weights,
        percentile_interval,
        resampled_scores,
        wilson_interval,
    )
    from headstart.evaluation.numbers_in_words import UNIT_METRICS, formatted, measured, of_hundred, percent
    from headstart.evaluation.plots import (
        MOST_CLASSES_WITH_NUMBERS,
        class_count_bars,
        confusion_matrix,
        learning_curves,
        recall_bars,
        reliability_diagram,
    )
    from headstart.evaluation.rank_plot import accuracy_by_size
    from headstart.evaluation.ranking import average_precision, macro_average, mean_of_defined, roc_auc
    from headstart.evaluation.reliability import Answers, calibration_table, expected_calibration_error
    from headstart.evaluation.report import Metric, Report
    from headstart.evaluation.report_kind import COUNT, MAYBE, NUMBER, TEXT, ReportKind, kind_of_report
    from headstart.evaluation.report_page import ReportPage, page_of_report
    from headstart.evaluation.scoring import scored_metrics
    from headstart.evaluation.sections import BarRow, BarTable, Scale, decimals, example_card, share, table_of
    from headstart.evaluation.theme import class_colours, light, rule_horizontally, shortened, styled
    from headstart.evaluation.thresholds import DEFAULT_COVERAGE, FAMILIAR_SHARE, Thresholds, upper_quantile
    from headstart.evaluation.wording import capitalized, counted_classes, headline, honesty_facts, with_interval_of

_MODULE_OF = {
    "COUNT": "report_kind",
    "DEFAULT_COVERAGE": "thresholds",
    "FAMILIAR_SHARE": "thresholds",
    "MAYBE": "report_kind",
    "MOST_CLASSES_WITH_NUMBERS": "plots",
    "NUMBER": "report_kind",
    "TEXT": "report_kind",
    "UNIT_METRICS": "numbers_in_words",
    "WEIGHTS_PER_CHUNK": "intervals",
    "AnnotatedPicture": "content",
    "Answers": "reliability",
    "BarRow": "sections",
    "BarTable": "sections",
    "Calibration": "calibration",
    "ConfusionRow": "confusion",
    "Honesty": "honesty",
    "Metric": "report",
    "Mistake": "content",
    "PhaseValues": "content",
    "Proportion": "honesty",
    "Report": "report",
    "ReportContent": "content",
    "ReportKind": "report_kind",
    "ReportPage": "report_page",
    "Scale": "sections",
    "Thresholds": "thresholds",
    "accuracy_by_size": "rank_plot",
    "average_precision": "ranking",
    "baseline_limit": "caveats",
    "bootstrap_weights": "intervals",
    "calibration_table": "reliability",
    "capitalized": "wording",
    "class_colours": "theme",
    "class_count_bars": "plots",
    "class_limits": "caveats",
    "confusion_figure": "confusion",
    "confusion_matrix": "plots",
    "confusion_rows": "confusion",
    "counted_classes": "wording",
    "decimals": "sections",
    "doubtless_limit": "caveats",
    "draw_boxes": "drawing",
    "draw_mask": "drawing",
    "example_card": "sections",
    "expected_calibration_error": "reliability",
    "fit_calibration": "calibrating",
    "formatted": "numbers_in_words",
    "grad_cam": "heatmaps",
    "grad_cam_gallery": "galleries",
    "headline": "wording",
    "honesty_facts": "wording",
    "inline_svg": "embedding",
    "learning_curves": "plots",
    "light": "theme",
    "limits": "caveats",
    "listed": "caveats",
    "macro_average": "ranking",
    "mean_of_defined": "ranking",
    "measured": "numbers_in_words",
    "mistake_gallery": "galleries",
    "of_hundred": "numbers_in_words",
    "overlay": "heatmaps",
    "percent": "numbers_in_words",
    "percentile_interval": "intervals",
    "picture_gallery": "galleries",
    "picture_uri": "embedding",
    "recall_bars": "plots",
    "reliability_diagram": "plots",
    "kind_of_report": "report_kind",
    "page_of_report": "report_page",
    "resampled_scores": "intervals",
    "roc_auc": "ranking",
    "rule_horizontally": "theme",
    "scored_metrics": "scoring",
    "share": "sections",
    "shortened": "theme",
    "shown_picture": "examples",
    "styled": "theme",
    "table_of": "sections",
    "upper_quantile": "thresholds",
    "wilson_interval": "intervals",
    "with_interval_of": "wording",
    "worst_examples": "examples",
    "write_html": "html",
}

__all__ = [
    "COUNT",
    "DEFAULT_COVERAGE",
    "FAMILIAR_SHARE",
    "MAYBE",
    "MOST_CLASSES_WITH_NUMBERS",
    "NUMBER",
    "TEXT",
    "UNIT_METRICS",
    "WEIGHTS_PER_CHUNK",
    "AnnotatedPicture",
    "Answers",
    "BarRow",
    "BarTable",
    "Calibration",
    "ConfusionRow",
    "Honesty",
    "Metric",
    "Mistake",
    "PhaseValues",
    "Proportion",
    "Report",
    "ReportContent",
    "ReportKind",
    "ReportPage",
    "Scale",
    "Thresholds",
    "accuracy_by_size",
    "average_precision",
    "baseline_limit",
    "bootstrap_weights",
    "calibration_table",
    "capitalized",
    "class_colours",
    "class_count_bars",
    "class_limits",
    "confusion_figure",
    "confusion_matrix",
    "confusion_rows",
    "counted_classes",
    "decimals",
    "doubtless_limit",
    "draw_boxes",
    "draw_mask",
    "example_card",
    "expected_calibration_error",
    "fit_calibration",
    "formatted",
    "grad_cam",
    "grad_cam_gallery",
    "headline",
    "honesty_facts",
    "inline_svg",
    "kind_of_report",
    "learning_curves",
    "light",
    "limits",
    "listed",
    "macro_average",
    "mean_of_defined",
    "measured",
    "mistake_gallery",
    "of_hundred",
    "overlay",
    "page_of_report",
    "percent",
    "percentile_interval",
    "picture_gallery",
    "picture_uri",
    "recall_bars",
    "reliability_diagram",
    "resampled_scores",
    "roc_auc",
    "rule_horizontally",
    "scored_metrics",
    "share",
    "shortened",
    "shown_picture",
    "styled",
    "table_of",
    "upper_quantile",
    "wilson_interval",
    "with_interval_of",
    "worst_examples",
    "write_html",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
