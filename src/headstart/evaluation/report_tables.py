"""Which columns a report of each kind has, as far as pages, sentences and model cards use them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

# What stands in a column: text, a number, a whole number from 0, or a number that may be undefined (None for NaN).
TEXT, NUMBER, COUNT, MAYBE = "text", "a number", "a whole number from 0", "a number or null"

Columns = Mapping[str, str]
Rows = Sequence[Mapping[str, object]]


_CLASSES = {"class": TEXT, "support": COUNT, **dict.fromkeys(("precision", "recall"), MAYBE)}
_LABELS = {**_CLASSES, **dict.fromkeys(("recall_low", "recall_high", "f1"), MAYBE)}
_BOXES = {**_CLASSES, **dict.fromkeys(("ap50", "ap50_low", "ap50_high", "ap"), MAYBE)}
_MASKS = {**_CLASSES, **dict.fromkeys(("iou", "iou_low", "iou_high", "dice", "boundary_f", "pixels"), MAYBE)}
_ERRORS = ("mean_absolute_error", "median_absolute_error", "root_mean_squared_error", "mean_error")
_NUMBERS = {"output": TEXT, **dict.fromkeys((*_ERRORS, "error_low", "error_high", "baseline", "r2"), MAYBE)}

# Kind → columns of `per_class`.
PER_CLASS: Mapping[str, Columns] = MappingProxyType(
    {
        "single-label": _LABELS,
        "multi-label": _LABELS,
        "detection": _BOXES,
        "segmentation": _MASKS,
        "regression": _NUMBERS,
    }
)
_PICTURES = {"example": COUNT, "score": MAYBE}
# Kind → name → columns of the tables that every report of the kind has.
TABLES: Mapping[str, Mapping[str, Columns]] = MappingProxyType(
    {
        "single-label": {},
        "multi-label": {},
        "detection": {
            "operating_point": {
                "score_threshold": NUMBER, "recall": MAYBE, "precision": MAYBE, "boxes": COUNT, "answers": COUNT
            },
            "errors": {"kind": TEXT, "count": COUNT, "meaning": TEXT},
            "mixups": {"true": TEXT, "predicted": TEXT, "count": COUNT},
            "precision_recall": {"class": TEXT, "recall": MAYBE, "precision": MAYBE},
            "pictures": _PICTURES,
        },
        "segmentation": {
            "mixups": {"true": TEXT, "predicted": TEXT, "pixels": COUNT, "share": MAYBE},
            "pictures": _PICTURES,
        },
        "regression": {"answers": {"output": TEXT, "true": NUMBER, "predicted": NUMBER}, "pictures": _PICTURES},
    }
)  # fmt: skip
# Kind → metrics that sentences about a model state.
METRICS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "single-label": ("accuracy", "expected_calibration_error"),
        "multi-label": ("subset_accuracy", "expected_calibration_error"),
        "detection": ("map50",),
        "segmentation": ("mean_iou", "pixel_accuracy"),
        "regression": ("mean_absolute_error",),
    }
)
# Where there are intervals.
INTERVALS: Columns = MappingProxyType(
    {"output": TEXT, **dict.fromkeys(("half_width", "promised", "covered", "covered_low", "covered_high"), MAYBE)}
)
# Tables with a row for each output, or one row.
_NEVER_EMPTY = frozenset({"operating_point", "errors", "answers", "pictures", "precision_recall"})


def check_tables(kind: str, names: Sequence[str], per_class: Rows, tables: Mapping[str, Rows]) -> None:
    """Refuses tables without what is used of them.

    Args:
        kind: of report.
        names: of classes or outputs.
        per_class: one row for each of them.
        tables: name → rows.

    Raises:
        ValueError: a table, a column or a row for a name is missing, or a cell holds something else.
    """
    _check_rows("per_class", per_class, PER_CLASS[kind])
    for name, columns in TABLES[kind].items():
        if name not in tables or (name in _NEVER_EMPTY and not tables[name]):
            raise ValueError(f"should have a table '{name}' with rows")
        _check_rows(name, tables[name], columns)
    if kind == "regression":
        _check_rows("intervals", tables.get("intervals", []), INTERVALS)
        for name in ("answers", "intervals") if "intervals" in tables else ("answers",):
            if {row["output"] for row in tables[name]} != set(names):
                raise ValueError(f"should have rows for each output in '{name}'")


def _check_rows(name: str, rows: Rows, columns: Columns) -> None:
    for row in rows:
        for column, content in columns.items():
            if column not in row or not _is(row[column], content):
                raise ValueError(f"should have {content} as '{column}' in every row of '{name}'")


def _is(value: object, content: str) -> bool:
    if content == TEXT:
        return isinstance(value, str)
    if value is None:
        return content == MAYBE
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return content != COUNT or (value >= 0 and value == int(value))
