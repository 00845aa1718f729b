"""`headstart predict`."""

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import OUTPUT, RunArgument, examples
from headstart.cli.progress import shown_progress
from headstart.cli.surroundings import Surroundings
from headstart.cli.tensorflow_noise import load_keras

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = examples(
    ("headstart predict runs/photos-vgg19-1 cat.jpg holiday/", "a picture and a folder; prints a table"),
    (
        "headstart predict runs/photos-vgg19-1 'new/*.png' --csv > answers.csv",
        "a pattern; the probability of every class",
    ),
)


def _one_format(context: typer.Context, value: bool) -> bool:
    if value and (context.params.get("as_json") or context.params.get("as_csv")):
        raise typer.BadParameter("--json and --csv exclude each other.")
    return value


def predict(
    context: typer.Context,
    run: RunArgument,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH", help="Pictures, folders (searched to the bottom) and patterns.", show_default=False
        ),
    ],
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Print one line of JSON instead of a table.", callback=_one_format, rich_help_panel=OUTPUT
        ),
    ] = False,
    as_csv: Annotated[
        bool,
        typer.Option("--csv", help="Print CSV instead of a table.", callback=_one_format, rich_help_panel=OUTPUT),
    ] = False,
) -> ExitCode | None:
    """Answer what pictures show, and how sure that is.

    Prints one row a file. A file that is no picture gets a row that says so; the others are answered, and the exit code
    is 3.
    """
    surroundings: Surroundings = context.obj
    load_keras(surroundings)
    from headstart.run import Run, predict as predict_paths  # noqa: I001, PLC0415  heavy

    with shown_progress(surroundings) as progress:
        answers = predict_paths(Run.load(run), paths, progress=progress)
    if as_json:
        surroundings.print_json([_answer(row) for row in answers.to_dict("records")])
    elif as_csv:
        surroundings.print_text(answers.to_csv(index=False).removesuffix("\n"))
    else:
        surroundings.print_result(_table(answers))
    return ExitCode.PARTIAL if (answers["error"] != "").any() else None


def _answer(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    """One answer as plain values: null where there is none."""
    if row["error"]:
        return {"path": row["path"], "prediction": None, "probability": None, "error": row["error"]}
    classes = {str(name)[2:-1]: value for name, value in row.items() if str(name).startswith("p(")}
    return {
        "path": row["path"],
        "prediction": row["prediction"],
        "probability": row["probability"],
        "error": None,
        "probabilities": classes,
    }


def _table(answers: "pd.DataFrame") -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("path", overflow="fold")
    table.add_column("prediction", overflow="fold")
    table.add_column("probability", justify="right")
    for row in answers.to_dict("records"):
        if row["error"]:
            table.add_row(Text(row["path"]), Text(row["error"], style="red"), "")
        else:
            table.add_row(Text(row["path"]), Text(row["prediction"], style="bold"), f"{row['probability']:.3f}")
    return table
