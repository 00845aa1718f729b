"""The limits of the numbers of a report, as sentences."""

import math
from collections.abc import Hashable, Mapping

import pandas as pd

from headstart.evaluation.honesty import Honesty
from headstart.evaluation.intervals import wilson_interval
from headstart.evaluation.numbers_in_words import BASELINE_WORDS, of_hundred, percent
from headstart.evaluation.report import DETECTION, MULTI_LABEL, REGRESSION, SINGLE_LABEL, Report
from headstart.evaluation.thresholds import FAMILIAR_SHARE

FEW_EXAMPLES = 100  # below this, a proportion's 95 % interval is some 20 points wide
FEW_PER_CLASS = 10


def limits(report: Report) -> list[str]:
    """Reasons for caution before relying on the numbers, one sentence each; empty if there are none."""
    found = (
        _size_limit(report),
        _one_sided_limit(report) if report.kind in (SINGLE_LABEL, MULTI_LABEL) else _doubtless_limit(report),
        _baseline_limit(report),
        *(_output_limits(report) if report.kind == REGRESSION else _class_limits(report)),
        *_honesty_limits(report.honesty),
    )
    return [sentence for sentence in found if sentence]


def _size_limit(report: Report) -> str:
    if report.num_examples >= FEW_EXAMPLES:
        return ""
    return (
        f"The test part has only {report.num_examples} {_images(report.num_examples)}. "
        "The numbers are uncertain; look at their intervals."
    )


def _one_sided_limit(report: Report) -> str:
    metric = report.main_metric
    if 0 < metric.value < 1:
        return ""
    right = round(metric.value * report.num_examples)
    low, high = wilson_interval(right, report.num_examples)
    verdict = "All" if metric.value > 0 else "None"
    return (
        f"{verdict} of {report.num_examples} test images {'is' if verdict == 'None' else 'are'} correct, so the "
        "bootstrap interval has no width. "
        f"By the Wilson interval, the true value lies between {of_hundred(float(low))} and {of_hundred(float(high))} "
        "of 100."
    )


def _doubtless_limit(report: Report) -> str:
    metric = report.main_metric
    if math.isnan(metric.value):
        return "The main metric is undefined on these test images."
    if metric.low < metric.high:
        return ""
    return "All test images score the same, so the interval has no width and does not show the uncertainty."


def _baseline_limit(report: Report) -> str:
    metric = report.main_metric
    better = metric.low > metric.baseline if metric.higher_is_better else metric.high < metric.baseline
    if better or math.isnan(metric.value):
        return ""
    if report.kind in (SINGLE_LABEL, MULTI_LABEL):
        return "The result is not clearly better than always predicting the most common answer of the training images."
    return f"The result is not clearly better than {BASELINE_WORDS[report.kind]}."


def _class_limits(report: Report) -> tuple[str, ...]:
    table = report.per_class
    absent = table.loc[table["support"] == 0, "class"].tolist()
    few = table.loc[table["support"].between(1, FEW_PER_CLASS - 1), "class"].tolist()
    never = table.loc[(table["support"] > 0) & (table["recall"] == 0), "class"].tolist()
    shown = "test boxes" if report.kind == DETECTION else "test images"
    return (
        f"No test image shows these classes, so nothing is known about them: {_listed(absent)}." if absent else "",
        f"Fewer than {FEW_PER_CLASS} {shown} for these classes, so their numbers are uncertain: {_listed(few)}."
        if few
        else "",
        f"Never predicted correctly: {_listed(never)}." if never else "",
    )


def _output_limits(report: Report) -> tuple[str, ...]:
    table = report.per_class
    useless = table.loc[table["r2"] <= 0, "output"].tolist() if len(table) > 1 else []
    intervals = report.tables.get("intervals", pd.DataFrame()).to_dict("records")
    return (
        f"Not better than {BASELINE_WORDS[REGRESSION]}: {_listed(useless)}." if useless else "",
        *(_interval_limit(str(row["output"]), row) for row in intervals),
    )


def _interval_limit(output: str, row: Mapping[Hashable, float]) -> str:
    if math.isnan(row["half_width"]):
        return f"There are too few validation images for an interval of {output}."
    if math.isnan(row["promised"]) or row["covered_high"] >= row["promised"]:
        return ""
    return (
        f"The intervals of {output} contain the true value for {percent(row['covered'])} of the test images; "
        f"{percent(row['promised'])} was promised."
    )


def _honesty_limits(honesty: Honesty | None) -> tuple[str, ...]:
    if honesty is None:
        return ()
    less, strange = honesty.covered.high < honesty.coverage, honesty.flagged.low > 1 - FAMILIAR_SHARE
    return (
        f"The conformal sets contain the true class for {percent(honesty.covered.value)} of the test images; "
        f"{percent(honesty.coverage)} was promised."
        if less
        else "",
        f"{percent(honesty.flagged.value)} of the test images are out-of-distribution (unlike the images that the "
        "model learned from)."
        if strange
        else "",
    )


def _listed(names: list[str], *, limit: int = 6) -> str:
    shown = ", ".join(str(name) for name in names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


def _images(count: int) -> str:
    return "image" if count == 1 else "images"
