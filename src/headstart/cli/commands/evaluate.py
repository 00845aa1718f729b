"""`headstart evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.table import Table

from headstart.cli.console import Text
from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import DATA, TABLES, JsonOption, RunArgument, examples, setting
from headstart.cli.progress import shown_progress
from headstart.cli.recipe_options import FormatOption
from headstart.cli.surroundings import Surroundings
from headstart.cli.tensorflow_noise import load_keras

if TYPE_CHECKING:
    from headstart.metrics import Metric
    from headstart.report import Report

EXAMPLES = examples(
    ("headstart evaluate runs/photos-vgg19-1", "on the test images of the run, which training never used"),
    ("headstart evaluate runs/photos-vgg19-1 --data more-photos", "on other images, in folders with the same names"),
)
_AS_LEARNED = "as in the recipe of the run"
_IgnoreValueOption = Annotated[
    str | None,
    setting(
        "Mask value or colour of pixels of DATA that are not scored; none: 255 is a class.",
        metavar="N|#RRGGBB|none",
        default=_AS_LEARNED,
        panel=DATA,
    ),
]
_PathColumnOption = Annotated[
    str | None, setting("Column of DATA with the image path.", metavar="NAME", default=_AS_LEARNED, panel=TABLES)
]
_LabelColumnOption = Annotated[
    str | None, setting("Column of DATA with the label.", metavar="NAME", default=_AS_LEARNED, panel=TABLES)
]


def evaluate(  # noqa: PLR0913, PLR0917  one parameter an option
    context: typer.Context,
    run: RunArgument,
    data: Annotated[
        str | None,
        setting(
            "Other labelled images, as for `headstart train`. Exact copies of images that the run learned from are "
            "left out, and nothing is written. Or the new path of the run's own data, if it was moved: then its test "
            "images are scored, and the run stores the new path.",
            metavar="DATA",
            default="the test images of the run",
            panel=DATA,
        ),
    ] = None,
    format: FormatOption = None,  # noqa: A002  the option's name
    ignore_value: _IgnoreValueOption = None,
    path_column: _PathColumnOption = None,
    label_column: _LabelColumnOption = None,
    as_json: JsonOption = False,
) -> ExitCode | None:
    """Test a run: every metric with its 95 % interval and its baseline.

    On the test images of the run, report.json and predictions.csv in its folder are written again.
    """
    surroundings: Surroundings = context.obj
    load_keras(surroundings)
    from headstart.run import Run, evaluate as evaluate_run, find_moved_data  # noqa: I001, PLC0415  heavy

    with shown_progress(surroundings) as progress:
        loaded = Run.load(run)
        is_own = data is None or find_moved_data(loaded, Path(data)) is not None
        report = evaluate_run(
            loaded,
            data,
            format=format,
            ignore_value=ignore_value,
            path_column=path_column,
            label_column=label_column,
            progress=progress,
        )
    if as_json:
        part = "test" if is_own else "other"
        facts = {"run": str(loaded.path), "data": data, "part": part, **report.to_json()}
        surroundings.print_json(facts)
    else:
        surroundings.print_result(report_tables(report))
    return None


def report_tables(report: "Report") -> Group:
    """The report as text and tables: headline, notes, metrics, classes, calibration and, for boxes, types of error."""
    from headstart.report import headline, limits, trust_facts  # noqa: PLC0415  heavy

    warnings = [Text(f"Note: {sentence}", style="yellow") for sentence in limits(report)]
    # The notes first: they explain the rows below.
    above = (Text(headline(report)), *warnings)
    return Group(
        *above,
        *(Text(), _metrics_table(report)),
        *(Text(), _classes_table(report)),
        *(Text(), _facts_table(trust_facts(report))),
        *_errors_table(report),
    )


def _metrics_table(report: "Report") -> Table:
    table = Table("metric", title=f"{report.num_examples} images", title_justify="left", box=None, pad_edge=False)
    for name in ("value", "95 % interval", "baseline"):
        table.add_column(name, justify="right")
    for metric in report.metrics.values():
        value, low, high, baseline = (
            _number(metric.name, number) for number in (metric.value, metric.low, metric.high, metric.baseline)
        )
        table.add_row(_metric_name(metric), value, f"{low} to {high}", baseline)
    return table


def _classes_table(report: "Report") -> Table:
    from headstart.report import kind_of_report  # noqa: PLC0415  heavy

    row_name, columns = str(report.per_class.columns[0]), kind_of_report(report.kind).console
    table = Table(row_name, box=None, pad_edge=False)
    for heading in columns:
        table.add_column(heading, justify="right")
    for row in report.per_class.to_dict("records"):
        table.add_row(Text(str(row[row_name])), *(_number(column, row[column]) for column in columns.values()))
    return table


def _errors_table(report: "Report") -> tuple[Text, ...] | tuple[Text, Table]:
    """Types of error of boxes, with the score threshold at which they were counted."""
    if "errors" not in report.tables:
        return ()
    threshold = report.tables["operating_point"]["score_threshold"].iloc[0]
    title = f"errors, recall and precision of boxes with a score of at least {threshold:.2f}"
    table = Table("error", title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("count", justify="right")
    table.add_column("meaning")
    for row in report.tables["errors"].to_dict("records"):
        table.add_row(Text(str(row["kind"])), str(int(row["count"])), Text(str(row["meaning"])))
    return Text(), table


def _facts_table(facts: dict[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(Text(name), Text(value))
    return table


def _metric_name(metric: "Metric") -> Text:
    name = Text(metric.name.replace("_", " "))
    if not metric.higher_is_better:
        name.append(" (lower is better)", style="dim")
    return name


def _number(name: str, value: float) -> str:
    from headstart.report import UNIT_METRICS, measured  # noqa: PLC0415  heavy

    if value != value:  # noqa: PLR0124  only NaN differs from itself
        return "-"
    if name == "support":
        return str(int(value))
    return measured(value) if name in UNIT_METRICS else f"{value:.3f}"
