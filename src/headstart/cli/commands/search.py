"""`headstart search`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from headstart.cli.console import Text
from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import NETWORK, OUTPUT, examples, setting, with_default
from headstart.cli.progress import shown_progress
from headstart.cli.summary import shown_path
from headstart.cli.surroundings import Surroundings
from headstart.cli.tensorflow_noise import load_keras
from headstart.writing import frame_csv

if TYPE_CHECKING:
    from headstart.similarity import QueryResult, SearchResults

EXAMPLES = examples(
    ("headstart search indexes/holiday new.jpg", "the twelve pictures most like this one"),
    ("headstart search indexes/holiday new/ --top 6 --out sheet.png", "of each picture in a folder, to look at"),
)
ENDINGS = (".png", ".jpg", ".jpeg", ".webp")


def _one_format(context: typer.Context, value: Any) -> Any:
    if value and any(context.params.get(name) for name in ("as_json", "as_csv")):
        raise typer.BadParameter("--json and --csv exclude each other.")
    return value


def _a_picture(value: Path | None) -> Path | None:
    if value is not None and value.suffix.lower() not in ENDINGS:
        raise typer.BadParameter(f"'{value}' must end in {', '.join(ENDINGS)}: that says what is written.")
    return value


IndexArgument = Annotated[
    Path, typer.Argument(metavar="INDEX", help="Folder that `headstart index` made.", show_default=False)
]
PicturesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="PICTURE", help="Pictures, folders (searched to the bottom) and patterns.", show_default=False
    ),
]
TopOption = Annotated[
    int,
    typer.Option(min=1, metavar="N", help=with_default("How many of the nearest.", "12"), show_default=False),
]
MethodOption = Annotated[
    str | None,
    setting(
        "exact compares every picture; hnsw follows the graph that the index was made with.",
        metavar="exact|hnsw",
        default="hnsw where there is a graph",
        panel="Options",
    ),
]
ModelOption = Annotated[
    Path | None,
    setting("The index's run, where it was moved.", metavar="RUN", default="where it was", panel=NETWORK),
]
WeightsOption = Annotated[
    Path | None,
    setting("The index's weights, where they were moved.", metavar="FILE", default="where they were", panel=NETWORK),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        callback=_a_picture,
        metavar="FILE",
        help=with_default("Draw a sheet of the pictures, in a file that ends in .png, .jpg or .webp.", "none"),
        show_default=False,
        rich_help_panel=OUTPUT,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option(
        "--json", help="Print one line of JSON instead of text.", callback=_one_format, rich_help_panel=OUTPUT
    ),
]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV.", callback=_one_format, rich_help_panel=OUTPUT)]


def search(  # noqa: PLR0913, PLR0917  one parameter an option
    context: typer.Context,
    index: IndexArgument,
    pictures: PicturesArgument,
    top: TopOption = 12,
    method: MethodOption = None,
    model: ModelOption = None,
    weights: WeightsOption = None,
    out: OutOption = None,
    as_json: JsonOption = False,
    as_csv: CsvOption = False,
) -> ExitCode | None:
    """Find the pictures of an index that are most like others.

    Prints them with their labels and cosine distances, from 0 (the same) to 2. A picture of the index finds itself
    first. A file that is no picture is named on stderr; the others are searched for, and the exit code is 3.
    """
    surroundings: Surroundings = context.obj
    from headstart.similarity import SimilarityIndex, needs_model, search_index, write_sheet  # noqa: PLC0415  heavy

    opened = SimilarityIndex.load(index)
    if needs_model(opened, pictures):
        load_keras(surroundings)
    with shown_progress(surroundings) as progress:
        results = search_index(
            opened, pictures, top=top, method=method, model=model, weights=weights, progress=progress
        )
        for query in results.queries:
            if query.error is not None:
                progress.say(query.error)
    sheet = None if out is None else write_sheet(results, out)
    if as_json:
        surroundings.print_json({**results.facts(), "sheet": None if sheet is None else str(sheet)})
    elif as_csv:
        surroundings.print_text(frame_csv(results.frame).removesuffix("\n"))
    else:
        surroundings.print_result(_shown(results, sheet))
    return ExitCode.PARTIAL if results.num_unreadable else None


def _shown(results: "SearchResults", sheet: Path | None) -> Group:
    parts: list[RenderableType] = []
    for query in results.queries:
        if query.error is None:
            parts += [Text(str(query.path), style="bold"), _table(query), Text()]
    where = Text(f"Paths start from {shown_path(results.root)}", style="dim")
    return Group(*parts, where, *([] if sheet is None else [Text(f"Sheet: {shown_path(sheet)}")]))


def _table(query: "QueryResult") -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("distance", justify="right")
    has_labels = any(neighbour.label for neighbour in query.neighbours)
    if has_labels:
        table.add_column("label")
    table.add_column("picture", overflow="fold")
    for rank, neighbour in enumerate(query.neighbours, start=1):
        label = [Text(neighbour.label)] if has_labels else []
        table.add_row(str(rank), f"{neighbour.distance:.4f}", *label, Text(neighbour.path))
    return table
