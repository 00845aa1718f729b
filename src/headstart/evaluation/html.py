"""The report as one HTML file: it loads nothing, and reads well on a phone, on a desk, at night and on paper."""

from pathlib import Path

import jinja2
from markupsafe import Markup

from headstart.evaluation import sections
from headstart.evaluation.content import ReportContent
from headstart.evaluation.embedding import inline_svg, picture_uri
from headstart.evaluation.plots import (
    MOST_CLASSES_WITH_NUMBERS,
    confusion_matrix,
    learning_curves,
    reliability_diagram,
)
from headstart.evaluation.report import MULTI_LABEL, Report
from headstart.evaluation.theme import COLOURS
from headstart.evaluation.wording import calibration_words, headline, honesty_facts, limits

CURVE_WORDS = {
    "accuracy": "Share of pictures named rightly in training and validation, by epoch",
    "loss": "Loss in training and validation, by epoch",
}

_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("headstart.evaluation"),
    autoescape=True,  # class and file names are the user's, who may have got them from anyone
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write_html(path: Path, content: ReportContent) -> None:
    """Writes the report page in one step: one self-contained file without scripts, whole or not there.

    Args:
        path: of the file, `report.html` as a rule; overwritten.
        content: everything on the page.
    """
    path = Path(path)
    partial = path.with_name(f"partial-{path.name}")
    # File names of old disks may hold bytes that are no text; a "?" in their place is better than no report.
    partial.write_text(render(content), encoding="utf-8", errors="replace")
    partial.replace(path)


def render(content: ReportContent) -> str:
    """The report page as text."""
    report = content.report
    return _ENVIRONMENT.get_template("report.html.j2").render(
        content=content,
        report=report,
        multi_label=report.kind == MULTI_LABEL,
        colours=COLOURS,
        headline=headline(report),
        limits=[*limits(report), *content.warnings],
        cards=sections.metric_cards(report),
        steps=sections.steps(content),
        samples={name: picture_uri(picture) for name, picture in content.samples.items()},
        class_counts=sections.class_count_table(content.class_counts),
        audit=sections.audit_table(content.audit_summary),
        curves=_curves(content),
        starts_from_probe=sections.probe_accuracy(content.history) is not None,
        class_rows=sections.class_rows(report),
        mistakes=[sections.mistake_card(mistake) for mistake in content.mistakes],
        calibration_words=calibration_words(report),
        reliability=_reliability(report),
        honesty=honesty_facts(report),
        extra_facts=sections.extra_facts(content),
        surroundings=sections.surroundings(content.environment),
        **_errors(report),
    )


def _curves(content: ReportContent) -> list[Markup]:
    """One small chart a quantity: two stand side by side on a desk and below each other on a phone."""
    history = content.history
    known = [name for name in CURVE_WORDS if name in history.columns and history[name].notna().any()]
    return [inline_svg(learning_curves(history, quantities=[name]), description=CURVE_WORDS[name]) for name in known]


def _reliability(report: Report) -> dict[str, Markup]:
    """Caption → diagram: of the answers as they are, and of what they would be without calibration."""
    words = calibration_words(report)
    after = inline_svg(reliability_diagram(report.calibration), description=f"Calibration. {words}")
    if report.honesty is None:
        return {"": after}
    before = reliability_diagram(report.honesty.calibration_before)
    description = f"Calibration before temperature scaling, with an error of {report.honesty.error_before:.3f}"
    return {"before calibration": inline_svg(before, description=description), "as it answers now": after}


def _errors(report: Report) -> dict[str, object]:
    """Which classes are taken for which: a table, a picture where a table would be too wide, or counts a label."""
    if report.kind == MULTI_LABEL:
        return {"label_rows": sections.label_rows(report), "confusion_rows": [], "confusion": None, "mixups": []}
    small = len(report.class_names) <= MOST_CLASSES_WITH_NUMBERS
    return {
        "label_rows": [],
        "confusion_rows": sections.confusion_rows(report) if small else [],
        "confusion": None if small else _confusion_figure(report),
        "mixups": sections.mixups(report),
    }


def _confusion_figure(report: Report) -> Markup:
    description = (
        f"Confusion matrix of {len(report.class_names)} classes; the list beside it names the commonest mix-ups."
    )
    return inline_svg(confusion_matrix(report.confusion, report.class_names), description=description)
