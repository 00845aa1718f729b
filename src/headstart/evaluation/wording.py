"""The report in plain words: what a manager reads first, and what the numbers cannot say."""

import math

import pandas as pd

from headstart.evaluation.honesty import Honesty, Proportion
from headstart.evaluation.intervals import wilson_interval
from headstart.evaluation.report import MULTI_LABEL, Metric, Report
from headstart.evaluation.thresholds import FAMILIAR_SHARE

FEW_EXAMPLES = 100  # below this, a proportion's 95 % interval is some 20 points wide
FEW_PER_CLASS = 10
WORD_GAP = 0.03  # less between confidence and accuracy is not worth a word

# name → what it is called, and what it says in one sentence
METRIC_WORDS = {
    "accuracy": ("Accuracy", "How many pictures are named rightly."),
    "balanced_accuracy": ("Balanced accuracy", "The same, every class counting alike."),
    "macro_f1": ("Macro F1", "Found and not confused, averaged over classes."),
    "micro_f1": ("Micro F1", "Found and not confused, common labels counting more."),
    "subset_accuracy": ("All labels right", "How many pictures have every label right."),
    "mean_average_precision": ("Mean average precision", "How well each label ranks its own pictures first."),
    "roc_auc": ("ROC-AUC", "How often the right class is ranked first; chance is 0.5."),
    "hamming_loss": ("Hamming loss", "Share of wrong yes and no. Lower is better."),
    "log_loss": ("Log loss", "Price of being sure and wrong. Lower is better."),
    "expected_calibration_error": ("Calibration error", "Gap between confidence and accuracy. Lower is better."),
}

PERCENT_METRICS = frozenset({"accuracy", "balanced_accuracy", "subset_accuracy"})


def headline(report: Report) -> str:
    """The result in one sentence without a technical word but "interval"."""
    metric = report.main_metric
    right, low, high, baseline = (_of_hundred(x) for x in (metric.value, metric.low, metric.high, metric.baseline))
    num_classes = len(report.class_names)
    interval = f"(95 % interval {low}–{high})"
    if report.kind == MULTI_LABEL:
        return (
            f"Recognises {num_classes} labels; every label right on {right} of 100 new pictures {interval}; "
            f"always giving the commonest labels would be right on {baseline}."
        )
    return (
        f"Recognises {num_classes} kinds; right on {right} of 100 new pictures {interval}; "
        f"guessing the commonest class would be right on {baseline}."
    )


def formatted(metric: Metric, value: float) -> str:
    """A metric's value as it is read: per cent for shares of pictures, else three decimals; a dash where undefined."""
    if math.isnan(value):
        return "–"
    return f"{100 * value:.1f} %" if metric.name in PERCENT_METRICS else f"{value:.3f}"


def calibration_words(report: Report) -> str:
    """What the model claims on average beside what it keeps."""
    bins = report.calibration[report.calibration["num_examples"] > 0]
    share = bins["num_examples"] / bins["num_examples"].sum()
    claimed, kept = float((share * bins["confidence"]).sum()), float((share * bins["accuracy"]).sum())
    gap = claimed - kept
    if abs(gap) < WORD_GAP:
        verdict = "its confidence can be taken at its word"
    else:
        verdict = f"on the whole it is too {'sure' if gap > 0 else 'modest'}"
    return (
        f"On average it claims {100 * claimed:.0f} % confidence and is right {100 * kept:.0f} % of the time: {verdict}."
    )


def honesty_facts(report: Report) -> dict[str, str]:
    """What the calibration promised and how it was kept, name → value; empty where nothing was promised."""
    honesty = report.honesty
    if honesty is None:
        return {}
    what = "label" if report.kind == MULTI_LABEL else "class"
    return {
        "calibration error": f"{honesty.error_before:.3f} before, {honesty.error_after:.3f} after",
        "log loss": f"{honesty.loss_before:.3f} before, {honesty.loss_after:.3f} after",
        "temperature": _temperature(honesty),
        f"sets of every likely {what}": (
            f"promised to hold the true {what} {_percent(honesty.coverage)} of the time, "
            f"did so {_with_interval(honesty.covered)}; {honesty.mean_set_size:.2f} {_plural(what)} a set on average"
        ),
        "without the least certain tenth": f"right on {_with_interval(honesty.kept_accuracy)}",
        "flagged as foreign": f"{_with_interval(honesty.flagged)}; {_percent(1 - FAMILIAR_SHARE)} expected",
    }


def _temperature(honesty: Honesty) -> str:
    low, high = min(honesty.temperature), max(honesty.temperature)
    return f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}, one a label"


def _with_interval(share: Proportion) -> str:
    if math.isnan(share.value):
        return "–"
    return f"{_percent(share.value)} ({100 * share.low:.1f}–{100 * share.high:.1f})"


def _percent(share: float) -> str:
    return f"{round(100 * share, 1):g} %"


def _plural(what: str) -> str:
    return "classes" if what == "class" else f"{what}s"


def duration(seconds: float) -> str:
    """Time as it is said: "48 s", "3 min 5 s", "1 h 12 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s" if whole >= 10 else f"{seconds:.1f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def limits(report: Report) -> list[str]:
    """What to keep in mind before relying on the numbers, each a sentence; empty when nothing stands out."""
    found = (
        _size_limit(report),
        _one_sided_limit(report),
        _baseline_limit(report),
        *_class_limits(report.per_class),
        *_honesty_limits(report.honesty),
    )
    return [sentence for sentence in found if sentence]


def _size_limit(report: Report) -> str:
    if report.num_examples >= FEW_EXAMPLES:
        return ""
    return (
        f"The test set has only {report.num_examples} {_pictures(report.num_examples)}: "
        "trust the intervals more than the numbers."
    )


def _one_sided_limit(report: Report) -> str:
    metric = report.main_metric
    if 0 < metric.value < 1:
        return ""
    right = round(metric.value * report.num_examples)
    low, high = wilson_interval(right, report.num_examples)
    verdict = "All" if metric.value > 0 else "None"
    return (
        f"{verdict} of {report.num_examples} test pictures {'is' if verdict == 'None' else 'are'} right, "
        "so resampling them cannot show doubt: "
        f"between {_of_hundred(float(low))} and {_of_hundred(float(high))} of 100 remain possible (Wilson interval)."
    )


def _baseline_limit(report: Report) -> str:
    metric = report.main_metric
    if metric.low > metric.baseline:
        return ""
    return "The result is not clearly better than always giving the commonest answer of the training pictures."


def _class_limits(per_class: pd.DataFrame) -> tuple[str, ...]:
    absent = per_class.loc[per_class["support"] == 0, "class"].tolist()
    few = per_class.loc[per_class["support"].between(1, FEW_PER_CLASS - 1), "class"].tolist()
    never = per_class.loc[(per_class["support"] > 0) & (per_class["recall"] == 0), "class"].tolist()
    return (
        f"No test picture shows {_listed(absent)}: nothing is known about these." if absent else "",
        f"Fewer than {FEW_PER_CLASS} test pictures show {_listed(few)}: their rows below are rough." if few else "",
        f"Never recognised: {_listed(never)}." if never else "",
    )


def _honesty_limits(honesty: Honesty | None) -> tuple[str, ...]:
    if honesty is None:
        return ()
    less, strange = honesty.covered.high < honesty.coverage, honesty.flagged.low > 1 - FAMILIAR_SHARE
    return (
        f"Prediction sets hold the truth {_percent(honesty.covered.value)} of the time, "
        f"where {_percent(honesty.coverage)} was promised."
        if less
        else "",
        f"{_percent(honesty.flagged.value)} of these pictures look foreign to the model: "
        "they are unlike those it learned from."
        if strange
        else "",
    )


def _listed(names: list[str], *, limit: int = 6) -> str:
    shown = ", ".join(str(name) for name in names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


def _pictures(count: int) -> str:
    return "picture" if count == 1 else "pictures"


def _of_hundred(share: float) -> str:
    """Rounded to whole pictures, but never to 0 or 100 unless it is."""
    percent = 100 * share
    if 99.5 <= percent < 100 or 0 < percent <= 0.5:
        return f"{percent:.1f}" if 0.05 <= percent < 99.95 else ("under 0.1" if percent < 1 else "over 99.9")
    return f"{percent:.0f}"
