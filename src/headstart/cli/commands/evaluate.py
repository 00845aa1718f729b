"""`headstart evaluate`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import DATA, JsonOption, RunArgument, examples, setting
from headstart.cli.progress import shown_progress
from headstart.cli.surroundings import Surroundings
from headstart.cli.tensorflow_noise import load_keras

if TYPE_CHECKING:
    from headstart.evaluation import Metric, Report

EXAMPLES = examples(
    ("headstart evaluate runs/photos-vgg19-1", "the run's own test pictures, which training never saw"),
    ("headstart evaluate runs/photos-vgg19-1 --data more-photos", "other pictures in folders of the same names"),
)


def evaluate(
    context: typer.Context,
    run: RunArgument,
    data: Annotated[
        str | None,
        setting(
            "Other labelled pictures, as `headstart train` takes them. Exact copies of what the run learned from "
            "are left out; nothing is written.",
            metavar="DATA",
            default="the run's own test pictures",
            panel=DATA,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> ExitCode | None:
    """Test a run: every number with its 95 % interval and its baseline.

    On the run's own test part, report.json and predictions.csv in the run's folder are written again.
    """
    surroundings: Surroundings = context.obj
    load_keras(surroundings)
    from headstart.run import Run, evaluate as evaluate_run  # noqa: I001, PLC0415  heavy

    with shown_progress(surroundings) as progress:
        loaded = Run.load(run)
        report = evaluate_run(loaded, data, progress=progress)
    if as_json:
        facts = {"run": str(loaded.path), "data": data, **report.to_json()}
        surroundings.print_json(facts)
    else:
        surroundings.print_result(report_tables(report))
    return None


def report_tables(report: "Report") -> Group:
    """What the report says in words, its metrics, and its classes."""
    from headstart.evaluation import headline, honesty_facts, limits  # noqa: PLC0415  heavy

    warnings = [Text(f"Note: {sentence}", style="yellow") for sentence in limits(report)]
    # The notes first: they speak of the rows below.
    above = (Text(headline(report)), *warnings)
    return Group(
        *above,
        *(Text(), _metrics_table(report)),
        *(Text(), _classes_table(report)),
        *(Text(), _facts_table(honesty_facts(report))),
    )


def _metrics_table(report: "Report") -> Table:
    table = Table("metric", title=f"{report.num_examples} pictures", title_justify="left", box=None, pad_edge=False)
    for name in ("value", "95 % interval", "baseline"):
        table.add_column(name, justify="right")
    for metric in report.metrics.values():
        table.add_row(_metric_name(metric), *(_number(metric.value), _interval(metric), _number(metric.baseline)))
    return table


def _classes_table(report: "Report") -> Table:
    table = Table("class", box=None, pad_edge=False)
    numbers = ["precision", "recall", "f1"]
    for name in [*numbers, "pictures"]:
        table.add_column(name, justify="right")
    for row in report.per_class.to_dict("records"):
        table.add_row(Text(str(row["class"])), *(_number(row[name]) for name in numbers), str(int(row["support"])))
    return table


def _facts_table(facts: dict[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(Text(name), Text(value))
    return table


def _metric_name(metric: "Metric") -> Text:
    name = Text(metric.name.replace("_", " "))
    return name if metric.higher_is_better else name.append(" (low is good)", style="dim")


def _interval(metric: "Metric") -> str:
    return f"{_number(metric.low)} to {_number(metric.high)}"


def _number(value: Any) -> str:
    return "-" if value != value else f"{value:.3f}"  # noqa: PLR0124  only NaN differs from itself
