"""`headstart search`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

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
from headstart.files import frame_csv

if TYPE_CHECKING:
    from headstart.similarity import QueryResult, SearchResults

EXAMPLES = examples(
    ("headstart search indexes/holiday new.jpg", "the twelve images most similar to this one"),
    (
        "headstart search indexes/holiday new/ --top 6 --out sheet.png",
        "six similar images for each image of a folder, drawn on a contact sheet",
    ),
)
ENDINGS = (".png", ".jpg", ".jpeg", ".webp")

Value = TypeVar("Value")


def _one_format(context: typer.Context, value: Value) -> Value:
    if value and any(context.params.get(name) for name in ("as_json", "as_csv")):
        raise typer.BadParameter("--json and --csv exclude each other.")
    return value


def _a_picture(value: Path | None) -> Path | None:
    if value is not None and value.suffix.lower() not in ENDINGS:
        raise typer.BadParameter(f"'{value}' must end in {', '.join(ENDINGS)}: the ending selects the format.")
    return value


IndexArgument = Annotated[
    Path, typer.Argument(metavar="INDEX", help="Folder written by `headstart index`.", show_default=False)
]
PicturesArgument = Annotated[
    list[str],
    typer.Argument(metavar="IMAGE", help="Images, folders (with all subfolders) and patterns.", show_default=False),
]
TopOption = Annotated[
    int,
    typer.Option(min=1, metavar="N", help=with_default("Number of similar images to show.", "12"), show_default=False),
]
MethodOption = Annotated[
    str | None,
    setting(
        "Search method: exact compares every image; hnsw uses the graph of the index.",
        metavar="exact|hnsw",
        default="hnsw if the index has a graph, otherwise exact",
        panel="Options",
    ),
]
ModelOption = Annotated[
    Path | None,
    setting(
        "New path of the run of the index, if it was moved.",
        metavar="RUN",
        default="the path in the index",
        panel=NETWORK,
    ),
]
WeightsOption = Annotated[
    Path | None,
    setting(
        "New path of the weights of the index, if they were moved.",
        metavar="FILE",
        default="the path in the index",
        panel=NETWORK,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        callback=_a_picture,
        metavar="FILE",
        help=with_default("Draw a contact sheet to a file that ends in .png, .jpg or .webp.", "none"),
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
    """Find the images of an index that are most similar to given images.

    Prints them with their labels and cosine distances, from 0 (equal) to 2. For an image of the index, the first result
    is the image itself. A file that is not an image is reported on stderr; the others are processed, and the exit code
    is 3.
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
    where = Text(f"Paths are relative to {shown_path(results.root)}", style="dim")
    return Group(*parts, where, *([] if sheet is None else [Text(f"Sheet: {shown_path(sheet)}")]))


def _table(query: "QueryResult") -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("distance", justify="right")
    has_labels = any(neighbour.label for neighbour in query.neighbours)
    if has_labels:
        table.add_column("label")
    table.add_column("image", overflow="fold")
    for rank, neighbour in enumerate(query.neighbours, start=1):
        label = [Text(neighbour.label)] if has_labels else []
        table.add_row(str(rank), f"{neighbour.distance:.4f}", *label, Text(neighbour.path))
    return table
