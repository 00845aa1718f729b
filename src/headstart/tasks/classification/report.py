"""Values of the page for the classification of images."""

import math
from dataclasses import replace

import numpy as np
from markupsafe import Markup

from headstart.metrics import Proportion, wilson_interval
from headstart.report import (
    MOST_CLASSES_WITH_NUMBERS,
    Mistake,
    Report,
    ReportContent,
    ReportPage,
    baseline_limit,
    class_limits,
    confusion_figure,
    confusion_rows,
    inline_svg,
    of_hundred,
    percent,
    picture_uri,
    reliability_diagram,
)
from headstart.tasks.classification.spec import MULTI_LABEL
from headstart.trust import FAMILIAR_SHARE, TrustMeasures

NUM_MIXUPS = 8
WORD_GAP = 0.03  # a smaller gap between mean confidence and accuracy is not mentioned
WORD_ERROR = 0.05  # with a larger calibration error, the confidence of single predictions is unreliable


def classification_values(content: ReportContent) -> dict[str, object]:
    """Everything that `classification.html.j2` names beside what all kinds have."""
    report = content.report
    return {
        "multi_label": report.kind == MULTI_LABEL,
        "class_rows": class_rows(report),
        "mistakes": [mistake_card(mistake) for mistake in content.mistakes],
        "calibration_words": calibration_words(report),
        "reliability": _reliability(report),
        **_errors(report),
    }


def _reliability(report: Report) -> dict[str, Markup]:
    """Caption → reliability diagram, before and after calibration."""
    words = calibration_words(report)
    after = inline_svg(reliability_diagram(report.calibration), description=f"Calibration. {words}")
    if report.trust is None:
        return {"": after}
    before = reliability_diagram(report.trust.calibration_before)
    description = f"Calibration before temperature scaling, with an error of {report.trust.error_before:.3f}"
    return {"before calibration": inline_svg(before, description=description), "after calibration": after}


def _errors(report: Report) -> dict[str, object]:
    """The confusion matrix as a table, or as a figure if a table would be too wide; for several labels, counts."""
    if report.kind == MULTI_LABEL:
        return {"label_rows": label_rows(report), "confusion_rows": [], "confusion": None, "mixups": []}
    small = len(report.class_names) <= MOST_CLASSES_WITH_NUMBERS
    return {
        "label_rows": [],
        "confusion_rows": confusion_rows(report) if small else [],
        "confusion": None if small else confusion_figure(report),
        "mixups": mixups(report),
    }


def mixups(report: Report) -> list[dict[str, object]]:
    """The most frequent confusions: true, predicted, count, share of the true class in per cent."""
    errors = report.confusion.copy()
    np.fill_diagonal(errors, 0)
    order = np.argsort(-errors, axis=None, kind="stable")[:NUM_MIXUPS]
    cells = [divmod(int(cell), len(report.class_names)) for cell in order]
    return [
        {
            "true": report.class_names[true],
            "predicted": report.class_names[predicted],
            "count": int(errors[true, predicted]),
            "share": 100 * errors[true, predicted] / report.confusion[true].sum(),
        }
        for true, predicted in cells
        if errors[true, predicted]
    ]


def label_rows(report: Report) -> list[dict[str, object]]:
    """One row per label: numbers of true positives, false negatives and false positives."""
    return [
        {"name": name, "found": int(table[1, 1]), "missed": int(table[1, 0]), "false_alarms": int(table[0, 1])}
        for name, table in zip(report.class_names, report.confusion, strict=True)
    ]


def class_rows(report: Report) -> list[dict[str, object]]:
    """The table of classes with shares in per cent; None if undefined."""
    shares = ("precision", "recall", "recall_low", "recall_high", "f1")
    return [
        {
            "name": str(record["class"]),
            "support": int(record["support"]),
            **{key: None if math.isnan(record[key]) else 100 * float(record[key]) for key in shares},
        }
        for record in report.per_class.to_dict(orient="records")
    ]


def mistake_card(mistake: Mistake) -> dict[str, object]:
    """A mistake with its images as data URIs."""
    return {
        "picture": picture_uri(mistake.picture),
        "overlay": None if mistake.overlay is None else picture_uri(mistake.overlay),
        "true": mistake.true,
        "predicted": mistake.predicted,
        "sure": f"confidence {100 * mistake.probability:.0f} %",
        "name": mistake.name,
    }


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


def _promises(report: Report) -> dict[str, str]:
    trust = report.trust
    if trust is None:
        return {}
    what = "label" if report.kind == MULTI_LABEL else "class"
    return {
        "calibration error": f"{trust.error_before:.3f} before calibration, {trust.error_after:.3f} after",
        "log loss": f"{trust.loss_before:.3f} before calibration, {trust.loss_after:.3f} after",
        "temperature": _temperature(trust),
        "conformal sets": (
            f"contain the true {what} with a promised probability of {percent(trust.coverage)}; "
            f"measured {_with_interval(trust.covered)}; {trust.mean_set_size:.2f} {_plural(what)} per set"
        ),
        "accuracy without the least certain 10 %": _with_interval(trust.kept_accuracy),
        "images flagged as out-of-distribution (unfamiliar)": (
            f"{_with_interval(trust.flagged)}; {percent(1 - FAMILIAR_SHARE)} expected"
        ),
    }


def _temperature(trust: TrustMeasures) -> str:
    low, high = min(trust.temperature), max(trust.temperature)
    return f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}, one per label"


def _with_interval(share: Proportion) -> str:
    if math.isnan(share.value):
        return "–"
    return f"{percent(share.value)} ({100 * share.low:.1f}–{100 * share.high:.1f})"


def _plural(what: str) -> str:
    return "classes" if what == "class" else f"{what}s"


def _limits(report: Report) -> tuple[str, ...]:
    baseline = "always predicting the most common answer of the training images"
    return (_one_sided_limit(report), baseline_limit(report, baseline), *class_limits(report))


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


ONE_LABEL_PAGE = ReportPage(
    added="A new head, the last layers of the model, predicts one of the classes.",
    headline=_single_label_headline,
    limits=_limits,
    promises=_promises,
    template="classification.html.j2",
    values=classification_values,
    has_wilson_intervals=True,
)
SEVERAL_LABELS_PAGE = replace(
    ONE_LABEL_PAGE,
    added="A new head, the last layers of the model, predicts the labels.",
    headline=_multi_label_headline,
)
