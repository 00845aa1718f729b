"""The sentences of a report: its headline, and how well calibration and promised coverage hold."""

from headstart.evaluation.numbers_in_words import formatted
from headstart.evaluation.report import Report
from headstart.evaluation.report_page import page_of_report


def headline(report: Report) -> str:
    """The result in two or three short sentences with few technical terms."""
    return page_of_report(report.kind).headline(report)


def honesty_facts(report: Report) -> dict[str, str]:
    """What calibration promises and what the test images show, name → value; empty if nothing is promised."""
    return dict(page_of_report(report.kind).promises(report))


def with_interval_of(report: Report) -> str:
    """The main metric with its interval."""
    metric = report.main_metric
    value, low, high = (formatted(metric, number) for number in (metric.value, metric.low, metric.high))
    return f"{value} (95 % interval {low}–{high})"


def counted_classes(number: int) -> str:
    """A number of classes in words."""
    return f"{number} {'class' if number == 1 else 'classes'}"


def capitalized(words: str) -> str:
    """The words as the beginning of a sentence."""
    return words[0].upper() + words[1:]
