"""What a task states about the page of a report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from headstart.evaluation.content import ReportContent
from headstart.evaluation.report import Report
from headstart.evaluation.report_kind import kind_of_report


@dataclass(frozen=True, kw_only=True)
class ReportPage:
    """The part of a task that writes the page of a report.

    Attributes:
        added: a sentence about the new head.
        headline: function from a report to the result in two or three short sentences with few technical terms.
        limits: function from a report to reasons for caution; empty sentences are left out.
        promises: function from a report to what was promised and what the test images show, name → value.
        template: name of the template of the sections of this kind.
        values: function from the content of the page to the values that the template names.
        has_wilson_intervals: whether the metrics of single classes have Wilson intervals.
    """

    added: str
    headline: Callable[[Report], str]
    limits: Callable[[Report], Sequence[str]]
    promises: Callable[[Report], Mapping[str, str]] = lambda _: {}
    template: str
    values: Callable[[ReportContent], dict[str, object]]
    has_wilson_intervals: bool = False


def page_of_report(kind: str) -> ReportPage:
    """The page of a kind of report."""
    return kind_of_report(kind).page.load(ReportPage)
