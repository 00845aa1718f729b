"""Metrics + predictions → `Report`: its JSON, sentences, figures, Grad-CAM, and one HTML file.

Names are imported when first used: whoever only reads a report loads neither TensorFlow nor matplotlib.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.report.confusion import ConfusionRow, confusion_figure, confusion_rows
    from headstart.report.content import (
        AnnotatedPicture,
        Mistake,
        PhaseValues,
        ReportContent,
        ReportPage,
        page_of_report,
    )
    from headstart.report.drawing import draw_boxes, draw_mask, shown_picture
    from headstart.report.embedding import inline_svg, picture_uri
    from headstart.report.galleries import grad_cam_gallery, mistake_gallery, picture_gallery
    from headstart.report.heatmaps import grad_cam, overlay
    from headstart.report.html import write_html
    from headstart.report.kind import COUNT, MAYBE, NUMBER, TEXT, ReportKind, kind_of_report
    from headstart.report.numbers_in_words import UNIT_METRICS, formatted, measured, of_hundred, percent
    from headstart.report.plots import (
        MOST_CLASSES_WITH_NUMBERS,
        class_count_bars,
        confusion_matrix,
        learning_curves,
        recall_bars,
        reliability_diagram,
    )
    from headstart.report.rank_plot import accuracy_by_size
    from headstart.report.report import Report, worst_examples
    from headstart.report.sections import BarRow, BarTable, Scale, decimals, example_card, share, table_of
    from headstart.report.theme import class_colours, light, rule_horizontally, shortened, styled
    from headstart.report.wording import (
        baseline_limit,
        capitalized,
        class_limits,
        counted_classes,
        doubtless_limit,
        headline,
        limits,
        listed,
        trust_facts,
        with_interval_of,
    )

_MODULE_OF = {
    "AnnotatedPicture": "content",
    "BarRow": "sections",
    "BarTable": "sections",
    "COUNT": "kind",
    "ConfusionRow": "confusion",
    "MAYBE": "kind",
    "MOST_CLASSES_WITH_NUMBERS": "plots",
    "Mistake": "content",
    "NUMBER": "kind",
    "PhaseValues": "content",
    "Report": "report",
    "ReportContent": "content",
    "ReportKind": "kind",
    "ReportPage": "content",
    "Scale": "sections",
    "TEXT": "kind",
    "UNIT_METRICS": "numbers_in_words",
    "accuracy_by_size": "rank_plot",
    "baseline_limit": "wording",
    "capitalized": "wording",
    "class_colours": "theme",
    "class_count_bars": "plots",
    "class_limits": "wording",
    "confusion_figure": "confusion",
    "confusion_matrix": "plots",
    "confusion_rows": "confusion",
    "counted_classes": "wording",
    "decimals": "sections",
    "doubtless_limit": "wording",
    "draw_boxes": "drawing",
    "draw_mask": "drawing",
    "example_card": "sections",
    "formatted": "numbers_in_words",
    "grad_cam": "heatmaps",
    "grad_cam_gallery": "galleries",
    "headline": "wording",
    "trust_facts": "wording",
    "inline_svg": "embedding",
    "kind_of_report": "kind",
    "learning_curves": "plots",
    "light": "theme",
    "limits": "wording",
    "listed": "wording",
    "measured": "numbers_in_words",
    "mistake_gallery": "galleries",
    "of_hundred": "numbers_in_words",
    "overlay": "heatmaps",
    "page_of_report": "content",
    "percent": "numbers_in_words",
    "picture_gallery": "galleries",
    "picture_uri": "embedding",
    "recall_bars": "plots",
    "reliability_diagram": "plots",
    "rule_horizontally": "theme",
    "share": "sections",
    "shortened": "theme",
    "shown_picture": "drawing",
    "styled": "theme",
    "table_of": "sections",
    "with_interval_of": "wording",
    "worst_examples": "report",
    "write_html": "html",
}

__all__ = [
    "COUNT",
    "MAYBE",
    "MOST_CLASSES_WITH_NUMBERS",
    "NUMBER",
    "TEXT",
    "UNIT_METRICS",
    "AnnotatedPicture",
    "BarRow",
    "BarTable",
    "ConfusionRow",
    "Mistake",
    "PhaseValues",
    "Report",
    "ReportContent",
    "ReportKind",
    "ReportPage",
    "Scale",
    "accuracy_by_size",
    "baseline_limit",
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
    "formatted",
    "grad_cam",
    "grad_cam_gallery",
    "headline",
    "inline_svg",
    "kind_of_report",
    "learning_curves",
    "light",
    "limits",
    "listed",
    "measured",
    "mistake_gallery",
    "of_hundred",
    "overlay",
    "page_of_report",
    "percent",
    "picture_gallery",
    "picture_uri",
    "recall_bars",
    "reliability_diagram",
    "rule_horizontally",
    "share",
    "shortened",
    "shown_picture",
    "styled",
    "table_of",
    "trust_facts",
    "with_interval_of",
    "worst_examples",
    "write_html",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
