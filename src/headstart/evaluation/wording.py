"""The report in plain words: what a manager reads first, and whether it may be believed."""

import math
from collections.abc import Hashable, Mapping

from headstart.evaluation.honesty import Honesty, Proportion
from headstart.evaluation.numbers_in_words import BASELINE_WORDS, formatted, measured, of_hundred, percent
from headstart.evaluation.report import DETECTION, MULTI_LABEL, REGRESSION, SEGMENTATION, SINGLE_LABEL, Report
from headstart.evaluation.thresholds import FAMILIAR_SHARE

WORD_GAP = 0.03  # a smaller gap between mean confidence and accuracy is not mentioned
WORD_ERROR = 0.05  # a larger calibration error means that single answers are not as sure as they say


def headline(report: Report) -> str:
    """The result in one sentence with as few technical words as its kind allows."""
    return _HEADLINES[report.kind](report)


def _single_label_headline(report: Report) -> str:
    right, interval, baseline = _share_of_pictures(report)
    return (
        f"Recognises {len(report.class_names)} kinds; right on {right} of 100 new pictures {interval}; "
        f"guessing the commonest class would be right on {baseline}."
    )


def _multi_label_headline(report: Report) -> str:
    right, interval, baseline = _share_of_pictures(report)
    return (
        f"Recognises {len(report.class_names)} labels; every label right on {right} of 100 new pictures {interval}; "
        f"always giving the commonest labels would be right on {baseline}."
    )


def _share_of_pictures(report: Report) -> tuple[str, str, str]:
    metric = report.main_metric
    right, low, high, baseline = (of_hundred(x) for x in (metric.value, metric.low, metric.high, metric.baseline))
    return right, f"(95 % interval {low}–{high})", baseline


def _detection_headline(report: Report) -> str:
    point = report.tables["operating_point"].iloc[0]
    number = len(report.class_names)
    if math.isnan(point["recall"]):
        return f"Finds {_counted(number, 'kind')} of object, but the test pictures show none of them."
    right = (
        "" if math.isnan(point["precision"]) else f"; {of_hundred(point['precision'])} of 100 boxes it draws are right"
    )
    return (
        f"Finds {_counted(number, 'kind')} of object: {of_hundred(point['recall'])} of 100 on new pictures{right} "
        f"(mAP50 {_with_interval_of(report)})."
    )


def _segmentation_headline(report: Report) -> str:
    right = of_hundred(report.metrics["pixel_accuracy"].value)
    baseline = formatted(report.main_metric, report.main_metric.baseline)
    return (
        f"Tells {_counted(len(report.class_names), 'kind')} of area apart: {right} of 100 pixels of new pictures are "
        f"named rightly. Areas overlap with the true ones by {_with_interval_of(report)}, where 1 is perfect; "
        f"{BASELINE_WORDS[SEGMENTATION]} would reach {baseline}."
    )


def _regression_headline(report: Report) -> str:
    names = report.class_names
    what = names[0] if len(names) == 1 else f"{len(names)} numbers"
    baseline = formatted(report.main_metric, report.main_metric.baseline)
    return (
        f"Estimates {what}; off by {_with_interval_of(report)} on average on new pictures; "
        f"{BASELINE_WORDS[REGRESSION]} would be off by {baseline}."
    )


def _with_interval_of(report: Report) -> str:
    metric = report.main_metric
    value, low, high = (formatted(metric, number) for number in (metric.value, metric.low, metric.high))
    return (
        f"{value} (95 % interval {low}–{high})" if report.kind != DETECTION else f"{value}, 95 % interval {low}–{high}"
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


_HEADLINES = {
    SINGLE_LABEL: _single_label_headline,
    MULTI_LABEL: _multi_label_headline,
    DETECTION: _detection_headline,
    SEGMENTATION: _segmentation_headline,
    REGRESSION: _regression_headline,
}


def calibration_words(report: Report) -> str:
    """What the model claims on average beside what it keeps."""
    bins = report.calibration[report.calibration["num_examples"] > 0]
    share = bins["num_examples"] / bins["num_examples"].sum()
    claimed, kept = float((share * bins["confidence"]).sum()), float((share * bins["accuracy"]).sum())
    gap = claimed - kept
    error = report.metrics["expected_calibration_error"].value
    if abs(gap) >= WORD_GAP:
        verdict = f"on the whole it is too {'sure' if gap > 0 else 'modest'}"
    elif error > WORD_ERROR:
        verdict = f"right on average, but answers of equal confidence miss their accuracy by {100 * error:.0f} points"
    else:
        verdict = "its confidence can be taken at its word"
    return (
        f"On average it claims {100 * claimed:.0f} % confidence and is right {100 * kept:.0f} % of the time: {verdict}."
    )


def honesty_facts(report: Report) -> dict[str, str]:
    """What was promised and how it was kept, name → value; empty where nothing was promised."""
    if "intervals" in report.tables:
        rows = report.tables["intervals"].to_dict("records")
        return {f"interval around {row['output']}": _interval_fact(row) for row in rows}
    honesty = report.honesty
    if honesty is None:
        return {}
    what = "label" if report.kind == MULTI_LABEL else "class"
    return {
        "calibration error": f"{honesty.error_before:.3f} before, {honesty.error_after:.3f} after",
        "log loss": f"{honesty.loss_before:.3f} before, {honesty.loss_after:.3f} after",
        "temperature": _temperature(honesty),
        f"sets of every likely {what}": (
            f"promised to hold the true {what} {percent(honesty.coverage)} of the time, "
            f"did so {_with_interval(honesty.covered)}; {honesty.mean_set_size:.2f} {_plural(what)} a set on average"
        ),
        "without the least certain tenth": f"right on {_with_interval(honesty.kept_accuracy)}",
        "flagged as foreign": f"{_with_interval(honesty.flagged)}; {percent(1 - FAMILIAR_SHARE)} expected",
    }


def _interval_fact(row: Mapping[Hashable, float]) -> str:
    if math.isnan(row["half_width"]):
        return "none: validation has too few pictures to promise one"
    promise = (
        "" if math.isnan(row["promised"]) else f"promised to hold the truth {percent(row['promised'])} of the time, "
    )
    held = f"{percent(row['covered'])} ({100 * row['covered_low']:.1f}–{100 * row['covered_high']:.1f})"
    return f"{measured(row['half_width'])} either way; {promise}{'did so' if promise else 'held the truth'} {held}"


def _temperature(honesty: Honesty) -> str:
    low, high = min(honesty.temperature), max(honesty.temperature)
    return f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}, one a label"


def _with_interval(share: Proportion) -> str:
    if math.isnan(share.value):
        return "–"
    return f"{percent(share.value)} ({100 * share.low:.1f}–{100 * share.high:.1f})"


def _plural(what: str) -> str:
    return "classes" if what == "class" else f"{what}s"
