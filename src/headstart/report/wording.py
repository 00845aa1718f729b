"""The sentences of a report: its headline, the limits of its numbers, and how calibration and coverage hold."""

import math

from headstart.report.content import page_of_report
from headstart.report.numbers_in_words import formatted, percent
from headstart.report.report import Report
from headstart.trust import FAMILIAR_SHARE, TrustMeasures

FEW_EXAMPLES = 100  # below this, a proportion's 95 % interval is some 20 points wide
FEW_PER_CLASS = 10


def limits(report: Report) -> list[str]:
    """Reasons for caution before relying on the numbers, one sentence each; empty if there are none."""
    found = (
        _size_limit(report),
        *page_of_report(report.kind).limits(report),
        *_trust_limits(report.trust),
    )
    return [sentence for sentence in found if sentence]


def _size_limit(report: Report) -> str:
    if report.num_examples >= FEW_EXAMPLES:
        return ""
    return (
        f"The test part has only {report.num_examples} {_images(report.num_examples)}. "
        "The numbers are uncertain; look at their intervals."
    )


def doubtless_limit(report: Report) -> str:
    """A sentence where the interval of the main metric shows no doubt; else empty."""
    metric = report.main_metric
    if math.isnan(metric.value):
        return "The main metric is undefined on these test images."
    if metric.low < metric.high:
        return ""
    return "All test images score the same, so the interval has no width and does not show the uncertainty."


def baseline_limit(report: Report, baseline: str) -> str:
    """A sentence where the main metric is not clearly better than the baseline, given in words; else empty."""
    metric = report.main_metric
    better = metric.low > metric.baseline if metric.higher_is_better else metric.high < metric.baseline
    if better or math.isnan(metric.value):
        return ""
    return f"The result is not clearly better than {baseline}."


def class_limits(report: Report, *, counted: str = "test images") -> tuple[str, ...]:
    """Sentences about classes with too few examples, or without any; `counted` names the examples."""
    table = report.per_class
    absent = table.loc[table["support"] == 0, "class"].tolist()
    few = table.loc[table["support"].between(1, FEW_PER_CLASS - 1), "class"].tolist()
    never = table.loc[(table["support"] > 0) & (table["recall"] == 0), "class"].tolist()
    return (
        f"No test image shows these classes, so nothing is known about them: {listed(absent)}." if absent else "",
        f"Fewer than {FEW_PER_CLASS} {counted} for these classes, so their numbers are uncertain: {listed(few)}."
        if few
        else "",
        f"Never predicted correctly: {listed(never)}." if never else "",
    )


def _trust_limits(trust: TrustMeasures | None) -> tuple[str, ...]:
    if trust is None:
        return ()
    less, strange = trust.covered.high < trust.coverage, trust.flagged.low > 1 - FAMILIAR_SHARE
    return (
        f"The conformal sets contain the true class for {percent(trust.covered.value)} of the test images; "
        f"{percent(trust.coverage)} was promised."
        if less
        else "",
        f"{percent(trust.flagged.value)} of the test images are out-of-distribution (unlike the images that the "
        "model learned from)."
        if strange
        else "",
    )


def listed(names: list[str], *, limit: int = 6) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(str(name) for name in names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


def _images(count: int) -> str:
    return "image" if count == 1 else "images"


def headline(report: Report) -> str:
    """The result in two or three short sentences with few technical terms."""
    return page_of_report(report.kind).headline(report)


def trust_facts(report: Report) -> dict[str, str]:
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
