"""Rows, shares and texts of the HTML page, from the content of a report."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from headstart.metrics import Metric
from headstart.report.content import PROBE, AnnotatedPicture, PhaseValues, ReportContent, page_of_report
from headstart.report.embedding import picture_uri
from headstart.report.numbers_in_words import METRIC_WORDS, UNIT_METRICS, duration, formatted
from headstart.report.report import Report

LARGEST_EXAMPLE = 480  # pixels per side: names written on an image stay readable


@dataclass(frozen=True)
class Scale:
    """Positions on a horizontal line, in per cent of its length; None if undefined."""

    value: float | None
    low: float | None
    high: float | None
    baseline: float | None

    @classmethod
    def of(cls, *, end: float = 1.0, **numbers: float) -> "Scale":
        """Positions of numbers on a line from 0 to `end`; numbers outside are placed at the nearer end."""
        places = {
            name: None if math.isnan(number) else round(100 * min(max(number / end, 0.0), 1.0), 2)
            for name, number in numbers.items()
        }
        return cls(**{"baseline": None, **places})


@dataclass(frozen=True)
class MetricCard:
    """Texts and scale of one metric on the page."""

    title: str
    meaning: str
    value: str
    low: str
    high: str
    baseline: str
    scale: Scale


@dataclass(frozen=True)
class BarRow:
    """One row of a `BarTable`: a class or a number, its main metric as a scale, and all metrics as texts."""

    name: str
    scale: Scale
    cells: tuple[str, ...]


@dataclass(frozen=True)
class BarTable:
    """One row per class; the second column is drawn and written."""

    columns: tuple[str, ...]
    rows: tuple[BarRow, ...]


@dataclass(frozen=True)
class Step:
    """One of the steps from a pretrained network to the model."""

    title: str
    sentence: str
    facts: Mapping[str, object]
    learning_share: float | None  # of all parameters, per cent


@dataclass(frozen=True)
class Table:
    """A table of texts; numeric columns are aligned to the right."""

    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


def metric_cards(report: Report) -> list[MetricCard]:
    """One card per metric, in the order of the report."""
    return [_metric_card(metric) for metric in report.metrics.values()]


def _metric_card(metric: Metric) -> MetricCard:
    title, meaning = METRIC_WORDS.get(metric.name, (metric.name, ""))
    numbers = {name: getattr(metric, name) for name in ("value", "low", "high", "baseline")}
    known = [number for number in numbers.values() if not math.isnan(number)]
    bounded = metric.name != "log_loss" and metric.name not in UNIT_METRICS
    scale = Scale.of(end=1.0 if bounded else 1.08 * max([*known, 1e-9]), **numbers)
    texts = {name: formatted(metric, number) for name, number in numbers.items()}
    return MetricCard(title=title, meaning=meaning, scale=scale, **texts)


def steps(content: ReportContent) -> list[Step]:
    """The steps loaded, froze, added and fine-tuned, with the share of the network that was trained in each."""
    frozen = [phase for phase in content.phases if phase.get("unfreeze_from") is None]
    tuned = [phase for phase in content.phases if phase.get("unfreeze_from") is not None and phase["epochs"]]
    return [
        Step("Loaded", "A network that was pretrained on other images.", content.facts.get("backbone", {}), None),
        *(_froze(phase, content) for phase in frozen),
        Step("Added", _added(content), content.facts.get("head", {}), None),
        *(_fine_tuned(phase, content.history) for phase in tuned),
    ]


def _froze(phase: PhaseValues, content: ReportContent) -> Step:
    bank = content.facts.get("bank", {})
    once = " The activations of the frozen layers were computed once and stored in a feature bank." if bank else ""
    sentence = (
        f"The pretrained layers did not change: {phase['num_frozen']:,} parameters were frozen, "
        f"{phase['num_trainable']:,} were new.{once}"
    )
    learning = _phase_facts(phase, content.history) if phase["epochs"] else {}
    return Step("Froze", sentence, {**bank, **learning}, _learning_share(phase))


def _added(content: ReportContent) -> str:
    sentence = page_of_report(content.report.kind).added
    if not starts_from_probe(content.history):
        return sentence
    accuracy = probe_accuracy(content.history)
    if accuracy is None:
        return f"{sentence} It starts from the solution of a linear probe."
    return (
        f"{sentence} It starts from the solution of a linear probe, whose accuracy on the validation part "
        f"is {100 * accuracy:.1f} %."
    )


def starts_from_probe(history: pd.DataFrame) -> bool:
    """Whether a linear probe gave the head its first weights."""
    return "phase" in history.columns and bool((history["phase"] == PROBE).any())


def probe_accuracy(history: pd.DataFrame) -> float | None:
    """Accuracy on the validation part of the linear probe that the head started from, if both are known."""
    if not starts_from_probe(history) or "val_accuracy" not in history.columns:
        return None
    accuracy = history.loc[history["phase"] == PROBE, "val_accuracy"].iloc[0]
    return None if pd.isna(accuracy) else float(accuracy)


def _fine_tuned(phase: PhaseValues, history: pd.DataFrame) -> Step:
    sentence = (
        f"The layers from {phase['unfreeze_from']} upwards were trained on these images at a low learning rate: "
        f"{phase['num_trainable']:,} parameters were trained, {phase['num_frozen']:,} were frozen."
    )
    return Step("Fine-tuned", sentence, _phase_facts(phase, history), _learning_share(phase))


def _phase_facts(phase: PhaseValues, history: pd.DataFrame) -> dict[str, object]:
    """Facts of a phase; early stopping can make the number of epochs smaller than planned."""
    planned = phase["epochs"]
    run = int((history["phase"] == phase["name"]).sum()) if "phase" in history.columns else planned
    return {
        "epochs": f"{run}" if run == planned else f"{run} of at most {planned}",
        **_kept_epoch(phase, history),
        "learning rate": _rate(phase),
        "time": duration(float(phase["seconds"])),
    }


def _rate(phase: PhaseValues) -> str:
    """The learning rate of the phase, and how often it was lowered because the validation loss rose."""
    restarts = phase.get("num_restarts", 0)
    if not restarts:
        return f"{phase['learning_rate']:g}"
    times = "once" if restarts == 1 else f"{restarts} times"
    return f"{phase['learning_rate']:g}, lowered {times} to {phase['last_learning_rate']:.2g} (validation loss rose)"


def _kept_epoch(phase: PhaseValues, history: pd.DataFrame) -> dict[str, object]:
    """The epoch whose weights the model has: the one with the lowest validation loss of the whole run."""
    if not {"phase", "val_loss"} <= set(history.columns) or history["val_loss"].isna().all():
        return {}
    best = history.iloc[int(np.nanargmin(history["val_loss"]))]
    return {
        "kept epoch": f"{best['epoch']}" if best["phase"] == phase["name"] else f"none ({best['phase']} was better)"
    }


def _learning_share(phase: PhaseValues) -> float:
    total = phase["num_trainable"] + phase["num_frozen"]
    return round(100 * phase["num_trainable"] / total, 2) if total else 0.0


def extra_facts(content: ReportContent) -> dict[str, Mapping[str, object]]:
    """The facts that no step shows."""
    return {heading: values for heading, values in content.facts.items() if heading not in ("backbone", "bank", "head")}


def surroundings(environment: Mapping[str, object]) -> dict[str, object]:
    """Versions and machine under names without underscores; lists are joined with commas."""
    return {name.replace("_", " "): _listed(value) for name, value in environment.items()}


def _listed(value: object) -> object:
    return (", ".join(map(str, value)) or "none") if isinstance(value, list | tuple) else value


def audit_table(summary: pd.DataFrame) -> Table:
    """The findings of the audit, with their kinds as words."""
    kinds = {"kind": [str(kind).replace("_", " ") for kind in summary["kind"]]} if "kind" in summary.columns else {}
    return table_of(summary.assign(**kinds))


def table_of(frame: pd.DataFrame) -> Table:
    """A data frame as texts: separated thousands, short decimals, a dash for missing values."""
    return Table(
        columns=tuple(str(column) for column in frame.columns),
        numeric=tuple(pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes),
        rows=tuple(tuple(_text(value) for value in row) for row in frame.itertuples(index=False, name=None)),
    )


def share(value: float) -> str:
    """Per cent without decimals; a dash if undefined."""
    return "–" if math.isnan(value) else f"{100 * value:.0f}\u00a0%"


def decimals(value: float) -> str:
    """Three decimals; a dash if undefined."""
    return "–" if math.isnan(value) else f"{value:.3f}"


def example_card(example: AnnotatedPicture, *, with_picture: bool = True) -> dict[str, object]:
    """An example as data URIs: the image itself if asked for, then with the true and with the predicted marks."""
    plain = {"image": example.picture} if with_picture else {}
    shown = {**plain, "true": example.true, "predicted": example.predicted}
    uris = {
        words: picture_uri(picture, largest_side=LARGEST_EXAMPLE)
        for words, picture in shown.items()
        if picture is not None
    }
    return {"caption": example.caption, "name": example.name, "pictures": uris}


def class_count_table(class_counts: pd.DataFrame) -> Table:
    """Images per class (rows) and part (columns), with sums."""
    frame = class_counts.rename_axis("class").rename(index=str)
    frame = frame.assign(all=frame.sum(axis=1)) if frame.shape[1] > 1 else frame
    totals = frame.sum().to_frame("all classes").T
    return table_of(pd.concat([frame, totals]).rename_axis("class").reset_index())


def _text(value: object) -> str:
    if isinstance(value, float | np.floating):
        return "–" if math.isnan(value) else _decimal(float(value))
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return f"{value:,}"
    return "–" if value is None or value is pd.NA else str(value)


def _decimal(value: float) -> str:
    """Short decimals, but every digit of a whole number: a count is a float where its column misses another."""
    return f"{value:,.0f}" if value.is_integer() or abs(value) >= 1000 else f"{value:,.4g}"
