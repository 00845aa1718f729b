"""`headstart index`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from headstart.cli.console import Text
from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import BANK, DATA, OUTPUT, BankDirOption, JsonOption, examples, reading_options, setting
from headstart.cli.progress import shown_progress
from headstart.cli.recipe_options import (
    FormatOption,
    ImageSizeOption,
    LabelColumnOption,
    PathColumnOption,
    ResizeModeOption,
    WeightsOption,
)
from headstart.cli.summary import shown_path
from headstart.cli.surroundings import Surroundings
from headstart.cli.tensorflow_noise import load_keras

if TYPE_CHECKING:
    from headstart.similarity import SimilarityIndex

EXAMPLES = examples(
    (
        "headstart index runs/photos-vgg19-1 photos",
        "by what this run's model sees; writes indexes/photos-vgg19-1-1",
    ),
    ("headstart index mobilenetv2 holiday --out indexes/holiday", "by what a pretrained network sees, labels or not"),
)
# Shown of those that are left out; index.json names all.
MAX_SHOWN = 5

ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="Folder that `headstart train` made, or name of a network; `headstart backbones` lists these.",
        show_default=False,
    ),
]
DataArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="Any folder of pictures, or a table. Class folders and tables give labels.",
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None,
    setting("New folder for the index.", metavar="FOLDER", default="indexes/DATA-MODEL-NUMBER", panel=OUTPUT),
]
MethodOption = Annotated[
    str,
    setting(
        "How it will be searched; hnsw builds a graph, for very many pictures, with the extra headstart\\[similarity].",
        metavar="exact|hnsw",
        default="exact",
        panel=OUTPUT,
    ),
]
UnlabelledOption = Annotated[
    bool, typer.Option("--unlabelled", help="Take no class from a folder's name.", rich_help_panel=DATA)
]
EngineOption = Annotated[
    str | None,
    setting(
        "What computes the embeddings; auto takes the fastest that suits the processor.",
        metavar="auto|keras|openvino",
        default="auto",
        panel=BANK,
    ),
]


def index(  # noqa: PLR0913, PLR0917  one parameter an option
    context: typer.Context,
    model: ModelArgument,
    data: DataArgument,
    out: OutOption = None,
    method: MethodOption = "exact",
    unlabelled: UnlabelledOption = False,
    weights: WeightsOption = None,
    image_size: ImageSizeOption = None,
    resize_mode: ResizeModeOption = None,
    engine: EngineOption = None,
    bank_dir: BankDirOption = None,
    format: FormatOption = None,  # noqa: A002  the option's name
    path_column: PathColumnOption = None,
    label_column: LabelColumnOption = None,
    as_json: JsonOption = False,
) -> ExitCode | None:
    """Keep what a model sees in each picture, to find those that look alike.

    `headstart search` looks into the index. Where there are labels, each picture is searched for among the others, and
    shares of pictures that find their own class are printed. Damaged files are left out; the data folder is only read.
    """
    surroundings: Surroundings = context.obj
    from headstart.similarity import (  # noqa: PLC0415  heavy
        build_index,
        find_source,
        known_engine,
        known_resize_mode,
        list_pictures,
    )

    columns = reading_options(format=format or None, path_column=path_column or None, label_column=label_column or None)
    # Looked for once more by the index: most mistakes are told at once instead of after TensorFlow's seconds.
    find_source(model, weights=weights, image_size=image_size, resize_mode=resize_mode)
    list_pictures(data, labelled=not unlabelled, **columns)
    load_keras(surroundings)
    with shown_progress(surroundings) as progress:
        made = build_index(
            model,
            data,
            out=out,
            weights=weights,
            method=method,
            bank_dir=bank_dir,
            progress=progress,
            image_size=image_size,
            resize_mode=known_resize_mode(resize_mode),
            engine=known_engine(engine),
            labelled=not unlabelled,
            format=format,
            path_column=path_column,
            label_column=label_column,
        )
    if as_json:
        surroundings.print_json({"index": str(made.path), **made.facts})
    else:
        surroundings.print_result(_shown(made))
    return None


def _shown(made: "SimilarityIndex") -> Group:
    left_out = made.facts["left_out"]
    parts: list[RenderableType] = [
        Text(f"{len(made)} pictures, {made.facts['dimension']} numbers each; {len(left_out)} files left out")
    ]
    parts += [Text(f"  {file['path']}: {file['reason']}", style="dim") for file in left_out[:MAX_SHOWN]]
    if made.quality:
        parts += [
            Text(),
            _quality(made),
            Text("Its own copies left out; by chance is what a random order gives.", style="dim"),
        ]
    parts += [
        Text(),
        Text(f"Written to {shown_path(made.path)}"),
        Text(f"What next: headstart search {shown_path(made.path)} PICTURE --out sheet.png"),
    ]
    return Group(*parts)


def _quality(made: "SimilarityIndex") -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("pictures of the same class")
    for heading in ("share", "95 %", "by chance"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, metric in made.quality.items():
        words = name.replace("mean_average_precision_at_r", "MAP@R").replace("recall_at_", "recall@")
        table.add_row(words, f"{metric.value:.3f}", f"{metric.low:.3f}-{metric.high:.3f}", f"{metric.baseline:.3f}")
    return table
