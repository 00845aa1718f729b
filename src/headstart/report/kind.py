"""What a task states about a kind of report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headstart.task_spec import TASK_KINDS, Late, find_task

# What stands in a column: text, a number, a whole number from 0, or a number that may be undefined (None for NaN).
TEXT, NUMBER, COUNT, MAYBE = "text", "a number", "a whole number from 0", "a number or null"

Columns = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ReportKind:
    """The part of a task that describes a report; it loads without Matplotlib.

    Attributes:
        main_metric: the metric that the first sentence about a model states.
        metrics: metrics that sentences about a model state.
        baseline: the prediction that uses no image, with which every metric is compared, in words.
        per_class: columns of `Report.per_class`; the first one has the names.
        tables: name → columns of the tables that every report has.
        optional_tables: the same, of tables that a report may have.
        output_tables: names of tables with rows for each output.
        has_confidence: whether a report has bins of confidence.
        console: heading → column of the table of classes on the console; whole numbers are counts.
        page: address of the `ReportPage`.
    """

    main_metric: str
    metrics: Sequence[str]
    baseline: str
    per_class: Columns
    tables: Mapping[str, Columns] = field(default_factory=dict)
    optional_tables: Mapping[str, Columns] = field(default_factory=dict)
    output_tables: Sequence[str] = ()
    has_confidence: bool = False
    console: Mapping[str, str]
    page: Late


def kind_of_report(name: str) -> ReportKind:
    """The kind of a report.

    Args:
        name: a key of `TaskSpec.reports` of any task.

    Raises:
        KeyError: there is no kind of this name.
    """
    return _kinds()[name].load(ReportKind)


def known_kind(name: object) -> object:
    """The name of a kind.

    Raises:
        ValueError: there is no kind of this name.
    """
    *first, last = _kinds()
    if name not in (*first, last):
        raise ValueError(f"should be {', '.join(map(repr, first))} or {last!r}")
    return name


def _kinds() -> dict[str, Late]:
    return {name: kind for task in TASK_KINDS for name, kind in find_task(task).reports.items()}
