"""The sentences of a report: its headline, and how well calibration and promised coverage hold."""

import math
from collections.abc import Hashable, Mapping

from headstart.evaluation.honesty import Honesty, Proportion
from headstart.evaluation.numbers_in_words import BASELINE_WORDS, formatted, measured, of_hundred, percent
from headstart.evaluation.report import DETECTION, MULTI_LABEL, REGRESSION, SEGMENTATION, SINGLE_LABEL, Report
from headstart.evaluation.thresholds import FAMILIAR_SHARE

WORD_GAP = 0.03  # a smaller gap between mean confidence and accuracy is not mentioned
WORD_ERROR = 0.05  # with a larger calibration error, the confidence of single predictions is unreliable


def headline(report: Report) -> str:
    """The result in two or three short sentences with few technical terms."""
    return _HEADLINES[report.kind](report)


def _single_label_headline(report: Report) -> str:
    right, interval, baseline = _share_of_images(report)
    return (
        f"Distinguishes {len(report.class_names)} classes. {right} of 100 new images are classified correctly "
        f"{interval}. Always predicting the most common class would be correct for {baseline} of 100."
    )


def _multi_label_headline(report: Report) -> str:
    right, interval, baseline = _share_of_images(report)
    return (
        f"Recognises {len(report.class_names)} labels. {right} of 100 new images get exactly the right labels "
        f"{interval}. Always predicting the most common labels would be correct for {baseline} of 100."
    )


def _share_of_images(report: Report) -> tuple[str, str, str]:
    metric = report.main_metric
    right, low, high, baseline = (of_hundred(x) for x in (metric.value, metric.low, metric.high, metric.baseline))
    return right, f"(95 % interval {low}–{high})", baseline


def _detection_headline(report: Report) -> str:
    point = report.tables["operating_point"].iloc[0]
    number = len(report.class_names)
    if math.isnan(point["recall"]):
        return f"Detects objects of {_counted(number)}. The test images show no such object."
    correct = (
        ""
        if math.isnan(point["precision"])
        else f" {of_hundred(point['precision'])} of 100 predicted boxes are correct."
    )
    return (
        f"Detects objects of {_counted(number)}. {of_hundred(point['recall'])} of 100 objects in new images are found."
        f"{correct} mAP50 is {_with_interval_of(report)}."
    )


def _segmentation_headline(report: Report) -> str:
    right = of_hundred(report.metrics["pixel_accuracy"].value)
    baseline = formatted(report.main_metric, report.main_metric.baseline)
    return (
        f"Assigns one of {_counted(len(report.class_names))} to every pixel. {right} of 100 pixels of new images are "
        f"classified correctly. The mean IoU, the overlap of predicted and true areas, is {_with_interval_of(report)}; "
        f"1 is perfect. {_capitalized(BASELINE_WORDS[SEGMENTATION])} would give {baseline}."
    )


def _regression_headline(report: Report) -> str:
    names = report.class_names
    what = names[0] if len(names) == 1 else f"{len(names)} numbers"
    baseline = formatted(report.main_metric, report.main_metric.baseline)
    return (
        f"Predicts {what}. The average error on new images is {_with_interval_of(report)}. "
        f"{_capitalized(BASELINE_WORDS[REGRESSION])} would give an error of {baseline}."
    )


def _with_interval_of(report: Report) -> str:
    metric = report.main_metric
    value, low, high = (formatted(metric, number) for number in (metric.value, metric.low, metric.high))
    return f"{value} (95 % interval {low}–{high})"


def _counted(number: int) -> str:
    return f"{number} {'class' if number == 1 else 'classes'}"


def _capitalized(words: str) -> str:
    return words[0].upper() + words[1:]


_HEADLINES = {
    SINGLE_LABEL: _single_label_headline,
    MULTI_LABEL: _multi_label_headline,
    DETECTION: _detection_headline,
    SEGMENTATION: _segmentation_headline,
    REGRESSION: _regression_headline,
}


def calibration_words(report: Report) -> str:
    """Average confidence and accuracy of the model, and whether they agree."""
    bins = report.calibration[report.calibration["num_examples"] > 0]
    share = bins["num_examples"] / bins["num_examples"].sum()
    claimed, kept = float((share * bins["confidence"]).sum()), float((share * bins["accuracy"]).sum())
    gap = claimed - kept
    error = report.metrics["expected_calibration_error"].value
    if abs(gap) >= WORD_GAP:
        verdict = f"The model is {'overconfident' if gap > 0 else 'underconfident'}"
    elif error > WORD_ERROR:
        verdict = (
            "They agree only on average: for predictions of equal confidence, confidence and accuracy differ by "
            f"{100 * error:.0f} percentage points"
        )
    else:
        verdict = "The confidence is reliable"
    return (
        f"The average confidence is {100 * claimed:.0f} %, and {100 * kept:.0f} % of the predictions are correct. "
        f"{verdict}."
    )


def honesty_facts(report: Report) -> dict[str, str]:
    """What calibration promises and what the test images show, name → value; empty if nothing is promised."""
    if "intervals" in report.tables:
        rows = report.tables["intervals"].to_dict("records")
        return {f"interval of {row['output']}": _interval_fact(row) for row in rows}
    honesty = report.honesty
    if honesty is None:
        return {}
    what = "label" if report.kind == MULTI_LABEL else "class"
    return {
        "calibration error": f"{honesty.error_before:.3f} before calibration, {honesty.error_after:.3f} after",
        "log loss": f"{honesty.loss_before:.3f} before calibration, {honesty.loss_after:.3f} after",
        "temperature": _temperature(honesty),
        "conformal sets": (
            f"contain the true {what} with a promised probability of {percent(honesty.coverage)}; "
            f"measured {_with_interval(honesty.covered)}; {honesty.mean_set_size:.2f} {_plural(what)} per set"
        ),
        "accuracy without the least certain 10 %": _with_interval(honesty.kept_accuracy),
        "images flagged as out-of-distribution (unfamiliar)": (
            f"{_with_interval(honesty.flagged)}; {percent(1 - FAMILIAR_SHARE)} expected"
        ),
    }


def _interval_fact(row: Mapping[Hashable, float]) -> str:
    if math.isnan(row["half_width"]):
        return "none: too few validation images for an interval"
    held = f"{percent(row['covered'])} ({100 * row['covered_low']:.1f}–{100 * row['covered_high']:.1f})"
    if math.isnan(row["promised"]):
        return f"± {measured(row['half_width'])}; contains the true value for {held} of the test images"
    return (
        f"± {measured(row['half_width'])}; contains the true value with a promised probability of "
        f"{percent(row['promised'])}; measured {held}"
    )


def _temperature(honesty: Honesty) -> str:
    low, high = min(honesty.temperature), max(honesty.temperature)
    return f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}, one per label"


def _with_interval(share: Proportion) -> str:
    if math.isnan(share.value):
        return "–"
    return f"{percent(share.value)} ({100 * share.low:.1f}–{100 * share.high:.1f})"


def _plural(what: str) -> str:
    return "classes" if what == "class" else f"{what}s"
