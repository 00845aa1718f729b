"""Values of the page for anomaly detection."""

import math
from pathlib import Path

import numpy as np

from headstart.data import GOOD, read_defect_mask
from headstart.report import (
    AnnotatedPicture,
    BarRow,
    BarTable,
    Report,
    ReportContent,
    ReportPage,
    Scale,
    baseline_limit,
    decimals,
    doubtless_limit,
    draw_mask,
    example_card,
    inline_svg,
    listed,
    measured,
    percent,
    share,
    shown_picture,
    with_interval_of,
)
from headstart.tasks.anomaly.heat import draw_heat
from headstart.tasks.anomaly.plots import roc_figure, score_histogram
from headstart.tasks.anomaly.predictor import ImageScore
from headstart.tasks.anomaly.report_kinds import ANOMALIES

FEW_DEFECTS = 10


def anomaly_values(content: ReportContent) -> dict[str, object]:
    """Everything that `anomaly.html.j2` names beside what all kinds have."""
    report = content.report
    scores, promise = report.tables["scores"], report.tables["promise"].iloc[0]
    both = set(scores["class"]) > {GOOD}
    return {
        "class_table": _class_table(report),
        "histogram": inline_svg(
            score_histogram(scores, good=GOOD, threshold=float(promise["threshold"])),
            description="Numbers of good and defective test images by score",
        ),
        "roc": inline_svg(roc_figure(scores, good=GOOD), description="ROC curve of the test images") if both else None,
        "examples": [example_card(example) for example in content.examples],
    }


def _class_table(report: Report) -> BarTable:
    rows = tuple(
        BarRow(
            name=str(row["class"]),
            scale=Scale.of(value=row["reported"], low=row["reported_low"], high=row["reported_high"]),
            cells=(
                share(row["reported"]),
                decimals(row["auroc"]),
                measured(row["median_score"]),
                f"{int(row['support']):,}",
            ),
        )
        for row in report.per_class.to_dict("records")
    )
    return BarTable(("images", "reported", "AUROC", "median score", "images"), rows)


def anomaly_example(
    picture: np.ndarray, score: ImageScore, *, sort: str, mask: Path | None, name: str = ""
) -> AnnotatedPicture:
    """An image, the same with the mask of its defect, and the same under its heat map.

    Args:
        picture: `(h, w, 3)` RGB 0-255.
        score: the prediction for it.
        sort: `GOOD` or the name of the defect.
        mask: file of the mask; None without one.
        name: of the image, such as its file name.
    """
    shown = shown_picture(picture)
    marked = None
    if mask is not None:
        whole = draw_mask(picture, read_defect_mask(mask).astype(np.uint8), 2)
        marked = shown_picture(whole)
    heat = score.heat()
    hot = None if heat is None else shown_picture(draw_heat(picture, heat, score.level))
    verdict = "reported" if score.is_defect else "not reported"
    wrong = score.is_defect == (sort == GOOD)
    kind = ("false alarm: " if sort == GOOD else "missed: ") if wrong else ""
    return AnnotatedPicture(
        picture=shown,
        true=marked,
        predicted=hot,
        name=name,
        caption=f"{kind}{sort}, {verdict}, p-value {score.p_value:.3f}",
    )


def _headline(report: Report) -> str:
    promise = report.tables["promise"].iloc[0]
    found = (
        "An image with a defect has a higher score than a good image with a probability of "
        f"{with_interval_of(report)}; 0.5 is guessing."
        if not math.isnan(report.main_metric.value)
        else "The test part does not have both good images and defects, so that nothing is known about defects."
    )
    return (
        f"Learned from good images only. {found} At most {percent(promise['rate'])} of good images are to be reported; "
        f"of the good test images it was {_share(promise['false_alarms'])}."
    )


def _share(value: float) -> str:
    return "unknown" if math.isnan(value) else percent(value)


def _limits(report: Report) -> tuple[str, ...]:
    table, promise = report.per_class, report.tables["promise"].iloc[0]
    few = table.loc[(table["class"] != GOOD) & (table["support"] < FEW_DEFECTS), "class"].tolist()
    return (
        doubtless_limit(report),
        baseline_limit(report, ANOMALIES.baseline),
        f"Fewer than {FEW_DEFECTS} test images of these defects, so that their numbers are uncertain: {listed(few)}."
        if few
        else "",
        f"{percent(promise['false_alarms'])} of the good test images are reported; at most {percent(promise['rate'])} "
        "was promised."
        if promise["low"] > promise["rate"]
        else "",
        f"{int(promise['num_calibration'])} good validation images cannot promise less than "
        f"{percent(1 / (1 + promise['num_calibration']))} false alarms."
        if promise["rate"] * (1 + promise["num_calibration"]) < 1 + 1e-6
        else "",
    )


def _promises(report: Report) -> dict[str, str]:
    promise = report.tables["promise"].iloc[0]
    measured_share = (
        "no good test images"
        if math.isnan(promise["false_alarms"])
        else f"{percent(promise['false_alarms'])} ({100 * promise['low']:.1f}–{100 * promise['high']:.1f})"
    )
    return {
        "promised rate of false alarms": f"at most {percent(promise['rate'])}, from "
        f"{int(promise['num_calibration'])} good validation images",
        "false alarms among the good test images": measured_share,
        "score above which an image is reported": measured(promise["threshold"]),
    }


PAGE = ReportPage(
    added="A memory of good places was chosen. Every place of a new image is compared with it.",
    headline=_headline,
    limits=_limits,
    promises=_promises,
    template="anomaly.html.j2",
    values=anomaly_values,
    has_wilson_intervals=True,
)
