"""The numbers of an evaluation as plain values, and the JSON file that stores them."""

import json
import math
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from headstart.errors import RunDamagedError
from headstart.files import UnusableFileError, check, read_plain, write_text
from headstart.metrics import Metric
from headstart.report.kind import kind_of_report
from headstart.report.schema import MetricSchema, ReportSchema
from headstart.trust import TrustMeasures

FORMAT_VERSION = 1
MAX_BYTES = 2**28  # the confusion matrix of thousands of classes


@dataclass(frozen=True, eq=False)
class Report:
    """The metrics of a model on examples that it has not seen.

    Attributes:
        kind: name of the `ReportKind`.
        metrics: name → metric, in the order to show them.
        per_class: one row per class, NaN where undefined: class, support, and what the kind has, such as precision,
            recall, recall_low, recall_high (Wilson), f1. In regression one row per number, with `output` for `class`.
        confusion: `(k, k)` counts of examples or of pixels, true class down, predicted class across; `(k, 2, 2)`, one
            such table per label, if multi-label; `(0, 0)` where there is none.
        class_names: in the order of the model's outputs; names of the numbers in regression.
        num_examples: how many examples were scored.
        calibration: one row a bin of confidence: low, high, num_examples, confidence, accuracy. NaN in empty bins. No
            rows where predictions are no classes of images.
        trust: what the run's calibration promised, and how it was kept; None where nothing was promised.
        tables: name → what a kind has beyond, such as `"errors"` of detection; the functions that evaluate say which.
    """

    kind: str
    metrics: Mapping[str, Metric]
    per_class: pd.DataFrame
    confusion: np.ndarray
    class_names: tuple[str, ...]
    num_examples: int
    calibration: pd.DataFrame
    trust: TrustMeasures | None = None
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def main_metric(self) -> Metric:
        """The metric of the first sentence about a model, such as the accuracy."""
        return self.metrics[kind_of_report(self.kind).main_metric]

    def to_json(self) -> dict[str, object]:
        """Everything in types JSON knows; NaN becomes None."""
        return {
            "format_version": FORMAT_VERSION,
            "kind": self.kind,
            "num_examples": self.num_examples,
            "class_names": list(self.class_names),
            "metrics": {name: _without_nan(asdict(metric)) for name, metric in self.metrics.items()},
            "per_class": _records(self.per_class),
            "confusion": self.confusion.tolist(),
            "calibration": _records(self.calibration),
            "honesty": None if self.trust is None else _nan_as_none(self.trust.to_plain()),
            **({"tables": {name: _records(table) for name, table in self.tables.items()}} if self.tables else {}),
        }

    def write(self, path: Path) -> None:
        """Writes the report as JSON."""
        text = json.dumps(self.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
        write_text(Path(path), text + "\n")

    @classmethod
    def read(cls, path: Path) -> "Report":
        """The report that `write` put there.

        Raises:
            RunDamagedError: the file is no report, or one of a later version.
        """
        try:
            content = read_plain(Path(path), max_bytes=MAX_BYTES)
            return _from_json(content, check(content, ReportSchema))
        except UnusableFileError as error:
            raise RunDamagedError(
                f"'{path}' is no evaluation report that this version can read.",
                expected=f"the JSON that an evaluation writes, format_version {FORMAT_VERSION}: {error.expected}",
                received=error.received,
                hint=error.hint("Evaluate the run again to write a new one."),
            ) from error


def worst_examples(report: Report, *, limit: int = 12) -> list[int]:
    """Which of the scored images to look at: the lowest scores first, equal ones as they stood.

    Args:
        report: of detection, segmentation or regression.
        limit: how many at most.

    Returns:
        Places in the predictions that were scored.
    """
    table = report.tables["pictures"].dropna(subset=["score"])
    return table.sort_values("score", kind="stable")["example"].head(limit).astype(int).tolist()


def _from_json(content: Mapping[str, Any], checked: ReportSchema) -> Report:
    """The report of plain values. Metrics and promises may have more, of a later version: it is ignored."""
    return Report(
        kind=content["kind"],
        metrics={name: _metric(metric) for name, metric in checked.metrics.items()},
        per_class=_frame(content["per_class"]),
        confusion=_confusion(content["confusion"], len(content["class_names"])),
        class_names=tuple(content["class_names"]),
        num_examples=content["num_examples"],
        calibration=_frame(content["calibration"]),
        trust=None if checked.honesty is None else TrustMeasures.from_plain(_with_nan(checked.honesty.model_dump())),
        tables={name: _frame(records) for name, records in content.get("tables", {}).items()},
    )


def _metric(checked: MetricSchema) -> Metric:
    return Metric(
        name=checked.name,
        value=_number(checked.value),
        low=_number(checked.low),
        high=_number(checked.high),
        baseline=_number(checked.baseline),
        num_examples=checked.num_examples,
        higher_is_better=checked.higher_is_better,
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _confusion(rows: list[object], num_classes: int) -> np.ndarray:
    if not rows:
        return np.zeros((0, 0), np.int64)
    try:
        counts = np.asarray(rows)
    except ValueError as error:  # rows of several lengths
        raise UnusableFileError("a table of counts", str(error)) from error
    is_table = counts.shape in ((num_classes, num_classes), (num_classes, 2, 2))
    if not is_table or counts.dtype.kind != "i" or counts.min() < 0:
        raise UnusableFileError("counts for each two classes", f"{counts.dtype} of shape {counts.shape}")
    return counts.astype(np.int64)


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    return [_without_nan(record) for record in frame.to_dict(orient="records")]


def _frame(records: list[dict[str, object]]) -> pd.DataFrame:
    return pd.DataFrame([_with_nan(record) for record in records])


def _without_nan(record: Mapping[str, object] | Mapping[Hashable, object]) -> dict[str, object]:
    return {str(key): _nan_as_none(value) for key, value in record.items()}


def _with_nan(record: Mapping[str, object]) -> dict[str, object]:
    return {key: _none_as_nan(value) for key, value in record.items()}


def _nan_as_none(value: object) -> object:
    if isinstance(value, Mapping):
        return _without_nan(value)
    if isinstance(value, list | tuple):
        return [_nan_as_none(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _none_as_nan(value: object) -> object:
    if isinstance(value, Mapping):
        return _with_nan(value)
    if isinstance(value, list):
        return [_none_as_nan(item) for item in value]
    return math.nan if value is None else value
