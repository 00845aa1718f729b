"""The report as one self-contained HTML file that fits phones, screens in light and dark mode, and paper."""

from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from headstart.files import visible, write_text
from headstart.report import sections
from headstart.report.content import ReportContent, page_of_report
from headstart.report.embedding import inline_svg, picture_uri
from headstart.report.kind import kind_of_report
from headstart.report.plots import learning_curves, quantity_title, recorded_quantities
from headstart.report.theme import COLOURS
from headstart.report.wording import headline, limits, trust_facts


def _shown(value: object) -> object:
    """Names with every control and bidirectional character as an escape; what is HTML already stays."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("headstart.report"),
    autoescape=True,  # class and file names are the user's, who may have got them from anyone
    finalize=_shown,
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
    # File names of old disks may hold bytes that are no text; a "?" in their place is better than no report.
    write_text(Path(path), render(content), errors="replace")


def render(content: ReportContent) -> str:
    """The report page as text."""
    report = content.report
    page = page_of_report(report.kind)
    return _ENVIRONMENT.get_template("report.html.j2").render(
        content=content,
        report=report,
        has_wilson_intervals=page.has_wilson_intervals,
        kind_template=page.template,
        colours=COLOURS,
        headline=headline(report),
        baseline_words=kind_of_report(report.kind).baseline,
        limits=[*limits(report), *content.warnings],
        cards=sections.metric_cards(report),
        steps=sections.steps(content),
        samples={name: picture_uri(picture) for name, picture in content.samples.items()},
        class_counts=sections.class_count_table(content.class_counts),
        audit=sections.audit_table(content.audit_summary),
        curves=_curves(content.history),
        training_words=_training_words(content.history),
        starts_from_probe=sections.starts_from_probe(content.history),
        trust=trust_facts(report),
        extra_facts=sections.extra_facts(content),
        surroundings=sections.surroundings(content.environment),
        **page.values(content),
    )


def _curves(history: pd.DataFrame) -> list[Markup]:
    """One small chart a quantity: two stand side by side on a desk and below each other on a phone."""
    return [
        inline_svg(learning_curves(history, quantities=[name]), description=f"{_curve_words(name)}, by epoch")
        for name in recorded_quantities(history)
    ]


def _curve_words(name: str) -> str:
    words = {"accuracy": "Share of correct images"}.get(name, quantity_title(name))
    return f"{words} in training and validation"


def _training_words(history: pd.DataFrame) -> str:
    if "accuracy" in recorded_quantities(history):
        return "The validation accuracy should rise and the validation loss should fall"
    return "The validation loss should fall like the training loss"
