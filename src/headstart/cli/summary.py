"""The summary that `headstart train` prints at its end, and the plan of `--plan`."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table

from headstart.cli.console import Text
from headstart.cli.surroundings import Surroundings

if TYPE_CHECKING:
    from headstart.run import Plan, Run


def show_run(run: "Run", surroundings: Surroundings, *, as_json: bool) -> None:
    """Writes the result of a finished run: lines of text, or one line of JSON."""
    if as_json:
        surroundings.print_json(run_facts(run))
    else:
        surroundings.print_result(run_summary(run))


def show_plan(plan: "Plan", surroundings: Surroundings, *, as_json: bool) -> None:
    """Writes the plan of a run: lines of text, or one line of JSON with the whole recipe."""
    if as_json:
        recipe = plan.recipe.model_dump(mode="json")
        surroundings.print_json({**plan.facts(), "expected_minutes": round(plan.minutes, 2), "recipe": recipe})
        return
    steps = Table.grid(padding=(0, 2))
    for step, seconds in plan.seconds.items():
        steps.add_row(f"  {step}", Text(f"about {seconds:.0f} s", style="dim"))
    surroundings.print_result(Group(*(Text(line) for line in plan.lines), Text(), steps))


def run_facts(run: "Run") -> dict[str, object]:
    """The result of a run as values for JSON; `seconds` are those of each step and each phase."""
    report = run.report
    metric = report.main_metric
    return {
        f"test_{metric.name}": metric.value,
        "interval": [metric.low, metric.high],
        f"baseline_{metric.name}": metric.baseline,
        "num_test_examples": report.num_examples,
        "run": str(run.path),
        "report": str(run.html_path),
        "model": str(run.model_path),
        "seconds": run.fact("seconds"),
    }


def run_summary(run: "Run") -> Group:
    """The result of a run in words, the paths of its files, and the next commands."""
    from headstart.report import headline, kind_of_report  # noqa: PLC0415  heavy

    report, metric = run.report, run.report.main_metric
    facts = Table.grid(padding=(0, 2))
    facts.add_row(f"test {metric.name.replace('_', ' ')}", Text(f"{metric.value:.3f}", style="bold green"))
    facts.add_row("95 % interval", f"{metric.low:.3f} to {metric.high:.3f}, on {report.num_examples} test images")
    facts.add_row("baseline", f"{metric.baseline:.3f}, by {kind_of_report(report.kind).baseline}")
    facts.add_row("report", Text(shown_path(run.html_path), overflow="fold"))
    facts.add_row("model", Text(shown_path(run.model_path), overflow="fold"))
    next_steps = Table.grid(padding=(0, 2))
    folder = shown_path(run.path)
    next_steps.add_row(f"headstart predict {folder} IMAGE...", Text("predict new images", style="dim"))
    next_steps.add_row(f"headstart evaluate {folder} --data DATA", Text("test on other labelled images", style="dim"))
    indented = Padding(next_steps, (0, 0, 0, 2), expand=False)
    return Group(Text(headline(report)), Text(), facts, Text(), Text("Next:"), indented)


def shown_path(path: Path) -> str:
    """A path relative to the working directory if it is inside it, otherwise absolute; quoted if a shell needs it."""
    here = Path.cwd()
    text = str(path.relative_to(here) if path.is_relative_to(here) else path)
    return f"'{text}'" if " " in text else text
