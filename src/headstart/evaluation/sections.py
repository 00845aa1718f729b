"""Turns the content of a report into the rows, shares and words that its page shows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from headstart.evaluation.content import PROBE, Mistake, ReportContent
from headstart.evaluation.embedding import picture_uri
from headstart.evaluation.report import Metric, Report
from headstart.evaluation.theme import HEAT_POWER
from headstart.evaluation.wording import METRIC_WORDS, duration, formatted

NUM_MIXUPS = 8


@dataclass(frozen=True)
class Scale:
    """Places on a line from its left to its right end, in per cent; None where undefined."""

    value: float | None
    low: float | None
    high: float | None
    baseline: float | None


@dataclass(frozen=True)
class MetricCard:
    """One metric as it is read."""

    title: str
    meaning: str
    value: str
    low: str
    high: str
    baseline: str
    scale: Scale


@dataclass(frozen=True)
class Step:
    """One of the steps from a pretrained network to the model."""

    title: str
    sentence: str
    facts: Mapping[str, object]
    learning_share: float | None  # of all parameters, per cent


@dataclass(frozen=True)
class Table:
    """A table of texts; numeric columns stand right."""

    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


def metric_cards(report: Report) -> list[MetricCard]:
    """One card a metric, in the report's order."""
    return [_metric_card(metric) for metric in report.metrics.values()]


def _metric_card(metric: Metric) -> MetricCard:
    title, meaning = METRIC_WORDS.get(metric.name, (metric.name, ""))
    numbers = {name: getattr(metric, name) for name in ("value", "low", "high", "baseline")}
    known = [number for number in numbers.values() if not math.isnan(number)]
    end = 1.0 if metric.name != "log_loss" else 1.08 * max([*known, 1e-9])
    places = {name: None if math.isnan(n) else round(100 * min(n / end, 1.0), 2) for name, n in numbers.items()}
    texts = {name: formatted(metric, number) for name, number in numbers.items()}
    return MetricCard(title=title, meaning=meaning, scale=Scale(**places), **texts)


def steps(content: ReportContent) -> list[Step]:
    """Loaded, froze, added, fine-tuned: what was done, with how much of the network learnt in each phase."""
    frozen = [phase for phase in content.phases if phase.get("unfreeze_from") is None]
    tuned = [phase for phase in content.phases if phase.get("unfreeze_from") is not None and phase["epochs"]]
    return [
        Step("Loaded", "A network that has already learnt to see.", content.facts.get("backbone", {}), None),
        *(_froze(phase, content) for phase in frozen),
        Step("Added", _added(content.history), content.facts.get("head", {}), None),
        *(_fine_tuned(phase, content.history) for phase in tuned),
    ]


def _froze(phase: Mapping[str, Any], content: ReportContent) -> Step:
    bank = content.facts.get("bank", {})
    once = " What it makes of each picture was computed once and kept." if bank else ""
    sentence = (
        f"What it knew was kept: {phase['num_frozen']:,} parameters stood still, "
        f"{phase['num_trainable']:,} were new.{once}"
    )
    learning = _phase_facts(phase, content.history) if phase["epochs"] else {}
    return Step("Froze", sentence, {**bank, **learning}, _learning_share(phase))


def _added(history: pd.DataFrame) -> str:
    sentence = "A new last part that answers with these classes."
    accuracy = probe_accuracy(history)
    if accuracy is None:
        return sentence
    return (
        f"{sentence} It starts from the solution of a linear probe, whose accuracy on the validation part "
        f"is {100 * accuracy:.1f} %."
    )


def probe_accuracy(history: pd.DataFrame) -> float | None:
    """Accuracy on the validation part of the linear probe that the head started from, if it did."""
    if "phase" not in history.columns:
        return None
    return next(iter(history.loc[history["phase"] == PROBE, "val_accuracy"]), None)


def _fine_tuned(phase: Mapping[str, Any], history: pd.DataFrame) -> Step:
    sentence = (
        f"From {phase['unfreeze_from']} upwards it learnt gently on these pictures: "
        f"{phase['num_trainable']:,} parameters learnt, {phase['num_frozen']:,} stood still."
    )
    return Step("Fine-tuned", sentence, _phase_facts(phase, history), _learning_share(phase))


def _phase_facts(phase: Mapping[str, Any], history: pd.DataFrame) -> dict[str, object]:
    """Epochs as they were run, which early stopping makes fewer than were planned."""
    planned = phase["epochs"]
    run = int((history["phase"] == phase["name"]).sum()) if "phase" in history.columns else planned
    return {
        "epochs": f"{run}" if run == planned else f"{run} of at most {planned}",
        "learning rate": f"{phase['learning_rate']:g}",
        "time": duration(float(phase["seconds"])),
    }


def _learning_share(phase: Mapping[str, Any]) -> float:
    total = phase["num_trainable"] + phase["num_frozen"]
    return round(100 * phase["num_trainable"] / total, 2) if total else 0.0


def extra_facts(content: ReportContent) -> dict[str, Mapping[str, object]]:
    """The facts that no step shows."""
    return {heading: values for heading, values in content.facts.items() if heading not in ("backbone", "bank", "head")}


def surroundings(environment: Mapping[str, object]) -> dict[str, object]:
    """Versions and the like under names without underscores; a list is spelt out."""
    return {name.replace("_", " "): _listed(value) for name, value in environment.items()}


def _listed(value: object) -> object:
    return (", ".join(map(str, value)) or "none") if isinstance(value, list | tuple) else value


def audit_table(summary: pd.DataFrame) -> Table:
    """What the audit found, its kinds as words."""
    kinds = {"kind": [str(kind).replace("_", " ") for kind in summary["kind"]]} if "kind" in summary.columns else {}
    return table_of(summary.assign(**kinds))


def table_of(frame: pd.DataFrame) -> Table:
    """Any frame as texts: thousands separated, short decimals, a dash for what is missing."""
    return Table(
        columns=tuple(str(column) for column in frame.columns),
        numeric=tuple(pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes),
        rows=tuple(tuple(_text(value) for value in row) for row in frame.itertuples(index=False, name=None)),
    )


def class_count_table(class_counts: pd.DataFrame) -> Table:
    """Classes down, splits and their sum across, totals below."""
    frame = class_counts.rename_axis("class").rename(index=str)
    frame = frame.assign(all=frame.sum(axis=1)) if frame.shape[1] > 1 else frame
    totals = frame.sum().to_frame("all classes").T
    return table_of(pd.concat([frame, totals]).rename_axis("class").reset_index())


def mixups(report: Report) -> list[dict[str, Any]]:
    """The pairs most often confused, the commonest first: true, predicted, count, share of the true class."""
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


def confusion_rows(report: Report) -> list[dict[str, Any]]:
    """One row a true class: name and cells, each with count, share of the row in per cent and colour depth 0 to 1."""
    rows = []
    for name, counts in zip(report.class_names, report.confusion, strict=True):
        shares = counts / max(int(counts.sum()), 1)
        cells = [
            {"count": int(count), "share": 100 * share, "depth": round(float(share) ** HEAT_POWER, 3)}
            for count, share in zip(counts, shares, strict=True)
        ]
        rows.append({"name": name, "cells": cells})
    return rows


def label_rows(report: Report) -> list[dict[str, Any]]:
    """One row a label of a multi-label report: how often it was found, missed and given without reason."""
    return [
        {"name": name, "found": int(table[1, 1]), "missed": int(table[1, 0]), "false_alarms": int(table[0, 1])}
        for name, table in zip(report.class_names, report.confusion, strict=True)
    ]


def class_rows(report: Report) -> list[dict[str, Any]]:
    """The per-class table with shares in per cent; None where undefined."""
    shares = ("precision", "recall", "recall_low", "recall_high", "f1")
    return [
        {
            "name": str(record["class"]),
            "support": int(record["support"]),
            **{key: None if math.isnan(record[key]) else 100 * float(record[key]) for key in shares},
        }
        for record in report.per_class.to_dict(orient="records")
    ]


def mistake_card(mistake: Mistake) -> dict[str, Any]:
    """A mistake with its pictures as text."""
    return {
        "picture": picture_uri(mistake.picture),
        "overlay": None if mistake.overlay is None else picture_uri(mistake.overlay),
        "true": mistake.true,
        "predicted": mistake.predicted,
        "sure": f"{100 * mistake.probability:.0f} % sure",
        "name": mistake.name,
    }


def _text(value: object) -> str:
    if isinstance(value, float | np.floating):
        return "–" if math.isnan(value) else _decimal(float(value))
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return f"{value:,}"
    return "–" if value is None or value is pd.NA else str(value)


def _decimal(value: float) -> str:
    """Short decimals, but every digit of a whole number: a count is a float where its column misses another."""
    return f"{value:,.0f}" if value.is_integer() or abs(value) >= 1000 else f"{value:,.4g}"
