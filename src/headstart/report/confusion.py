"""The confusion matrix on the page: as a table, or as a figure for many classes."""

from typing import NotRequired, TypedDict

from markupsafe import Markup

from headstart.report.embedding import inline_svg
from headstart.report.plots import confusion_matrix
from headstart.report.report import Report
from headstart.report.theme import HEAT_POWER


def confusion_figure(report: Report) -> Markup:
    """The confusion matrix as a figure, for too many classes for a table."""
    description = (
        f"Confusion matrix of {len(report.class_names)} classes; the list below shows the most frequent confusions."
    )
    return inline_svg(confusion_matrix(report.confusion, report.class_names), description=description)


class ConfusionCell(TypedDict):
    """One cell: how often a class was predicted for another, and its colours."""

    count: int
    share: float
    depth: float
    words: NotRequired[str]


class ConfusionRow(TypedDict):
    """A true class, and a cell for each prediction."""

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
