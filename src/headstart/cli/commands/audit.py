"""`headstart audit`."""

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from headstart.cli.console import Text
from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import JsonOption, examples, reading_options
from headstart.cli.progress import shown_progress
from headstart.cli.recipe_options import (
    FormatOption,
    GroupColumnOption,
    IgnoreValueOption,
    LabelColumnOption,
    MinPerClassOption,
    PathColumnOption,
    SplitColumnOption,
    TaskOption,
)
from headstart.cli.surroundings import Surroundings

if TYPE_CHECKING:
    from headstart.data import Audit

EXAMPLES = examples(
    ("headstart audit photos", "checks every file of the folder"),
    ("headstart audit labels.csv --json > audit.json", "checks the images of a table; writes every finding as JSON"),
)
MAX_FILES_SHOWN = 20
# The table shows up to this number of files of each finding before it shows more files of any finding.
NUM_FILES_FIRST = 5
STYLES = {"error": "red", "warning": "yellow", "note": "dim"}


def audit(  # noqa: PLR0913, PLR0917  one parameter an option
    context: typer.Context,
    data: Annotated[
        str,
        typer.Argument(metavar="DATA", help="Folder or table, as for `headstart train`.", show_default=False),
    ],
    task: TaskOption = None,
    format: FormatOption = None,  # noqa: A002  the option's name
    ignore_value: IgnoreValueOption = None,
    min_per_class: MinPerClassOption = None,
    path_column: PathColumnOption = None,
    label_column: LabelColumnOption = None,
    split_column: SplitColumnOption = None,
    group_column: GroupColumnOption = None,
    as_json: JsonOption = False,
) -> ExitCode | None:
    """Check every image and its annotations before training.

    Reports damaged images, copies, images in unusual formats, and equal images under different labels. Nothing is
    written or changed. `headstart train` begins with the same check. The exit code is 4 if there are files that
    training would leave out, and 0 if there are only warnings and notes.
    """
    surroundings: Surroundings = context.obj
    from headstart.data import audit_data  # noqa: PLC0415  heavy

    reading = reading_options(
        format=format,
        ignore_value=ignore_value,
        path_column=path_column,
        label_column=label_column,
        split_column=split_column,
        group_column=group_column,
    )
    with shown_progress(surroundings) as progress:
        found = audit_data(data, task=task, min_per_class=min_per_class or 1, progress=progress, **reading)
    if as_json:
        surroundings.print_json(json.loads(found.to_json()))
    else:
        surroundings.print_result(_tables(found))
    return ExitCode.FINDINGS if found.left_out else None


def _tables(found: "Audit") -> Group:
    dataset = found.dataset
    counts = f"{found.num_files} files, {len(dataset)} usable, {dataset.num_classes} classes"
    if found.findings.empty:
        return Group(Text(f"{counts}. No problems found."))
    return Group(Text(f"{counts}."), Text(), _summary_table(found), *_files_table(found))


def _summary_table(found: "Audit") -> Table:
    table = Table("severity", "finding", box=None, pad_edge=False)
    table.add_column("count", justify="right")
    table.add_column("meaning")
    for row in found.summary().to_dict("records"):
        severity, kind = row["severity"], row["kind"].replace("_", " ")
        table.add_row(Text(severity, style=STYLES[severity]), kind, str(row["count"]), row["meaning"])
    return table


def _files_table(found: "Audit") -> list[RenderableType]:
    """The first files of each error and warning, and notes on the whole data set, but no notes on single files."""
    findings = found.findings
    serious = findings[(findings["severity"] != "note") | (findings["path"] == "")]
    if serious.empty:
        return []
    table = Table(box=None, pad_edge=False)
    for name in ("file", "finding", "detail"):
        table.add_column(name, overflow="fold")
    is_late = serious.groupby("kind").cumcount() >= NUM_FILES_FIRST
    shown = serious.loc[is_late.sort_values(kind="stable").index[:MAX_FILES_SHOWN]].sort_index()
    for row in shown.to_dict("records"):
        kind = Text(row["kind"].replace("_", " "), style=STYLES[row["severity"]])
        table.add_row(Text(row["path"] or "(all)"), kind, Text(row["detail"]))
    num_more = len(serious) - len(shown)
    more = [Text(f"... and {num_more} more; --json lists all of them.", style="dim")] if num_more > 0 else []
    return [Text(), table, *more]
