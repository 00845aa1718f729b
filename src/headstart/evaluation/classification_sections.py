"""Values of the page for the classification of images."""

import math
from typing import NotRequired, TypedDict

import numpy as np
from markupsafe import Markup

from headstart.evaluation.content import Mistake, ReportContent
from headstart.evaluation.embedding import inline_svg, picture_uri
from headstart.evaluation.plots import MOST_CLASSES_WITH_NUMBERS, confusion_matrix, reliability_diagram
from headstart.evaluation.report import MULTI_LABEL, Report
from headstart.evaluation.theme import HEAT_POWER
from headstart.evaluation.wording import calibration_words

NUM_MIXUPS = 8


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
    if report.honesty is None:
        return {"": after}
    before = reliability_diagram(report.honesty.calibration_before)
    description = f"Calibration before temperature scaling, with an error of {report.honesty.error_before:.3f}"
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


def confusion_figure(report: Report) -> Markup:
    """The confusion matrix as a figure, for too many classes for a table."""
    description = (
        f"Confusion matrix of {len(report.class_names)} classes; the list below shows the most frequent confusions."
    )
    return inline_svg(confusion_matrix(report.confusion, report.class_names), description=description)


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


class ConfusionCell(TypedDict):
    """How often one class was answered for another, and how the cell looks."""

    count: int
    share: float
    depth: float
    words: NotRequired[str]


class ConfusionRow(TypedDict):
    """A true class, and a cell for each answer."""

    name: str
    cells: list[ConfusionCell]


def confusion_rows(report: Report) -> list[ConfusionRow]:
    """One row per true class: name and cells, each with count, share of the row in per cent and colour depth 0-1."""
    rows: list[ConfusionRow] = []
    for name, counts in zip(report.class_names, report.confusion, strict=True):
        shares = counts / max(int(counts.sum()), 1)
        cells: list[ConfusionCell] = [
            {"count": int(count), "share": 100 * share, "depth": round(float(share) ** HEAT_POWER, 3)}
            for count, share in zip(counts, shares, strict=True)
        ]
        rows.append({"name": name, "cells": cells})
    return rows


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
