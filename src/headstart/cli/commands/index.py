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
        "with the embeddings of this run's model; writes indexes/photos-vgg19-1-1",
    ),
    (
        "headstart index mobilenetv2 holiday --out indexes/holiday",
        "with the embeddings of a pretrained network; labels are optional",
    ),
)
# Number of files shown of those that are left out; index.json lists all.
MAX_SHOWN = 5

ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="Folder written by `headstart train`, or name of a network from `headstart backbones`.",
        show_default=False,
    ),
]
DataArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="Folder of images, or a table. Class folders and tables give labels.",
        show_default=False,
    ),
]
OutOption = Annotated[
    Path | None,
    setting("New folder of the index.", metavar="FOLDER", default="indexes/DATA-MODEL-NUMBER", panel=OUTPUT),
]
MethodOption = Annotated[
    str,
    setting(
        "Search method; hnsw builds a graph for very many images and requires the extra headstart\\[similarity].",
        metavar="exact|hnsw",
        default="exact",
        panel=OUTPUT,
    ),
]
UnlabelledOption = Annotated[
    bool, typer.Option("--unlabelled", help="Do not use folder names as classes.", rich_help_panel=DATA)
]
EngineOption = Annotated[
    str | None,
    setting(
        "Library that computes the embeddings; auto selects the fastest for the processor.",
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
    """Store the embedding of every image, for the search of similar images.

    `headstart search` uses the index. If there are labels, each image is searched for among the others, and the command
    prints how often the images found have the same class (recall@k, MAP@R). Damaged files are left out; the data folder
    is never changed.
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
    # `build_index` checks both once more; here most mistakes are reported before TensorFlow takes seconds to load.
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
        Text(f"{len(made)} images, {made.facts['dimension']} numbers each; {len(left_out)} files left out")
    ]
    parts += [Text(f"  {file['path']}: {file['reason']}", style="dim") for file in left_out[:MAX_SHOWN]]
    if made.quality:
        parts += [
            Text(),
            _quality(made),
            Text("Copies of the query image are not counted. By chance: the value of a random order.", style="dim"),
        ]
    parts += [
        Text(),
        Text(f"Written to {shown_path(made.path)}"),
        Text(f"Next: headstart search {shown_path(made.path)} IMAGE --out sheet.png"),
    ]
    return Group(*parts)


def _quality(made: "SimilarityIndex") -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("images of the same class")
    for heading in ("value", "95 % interval", "by chance"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, metric in made.quality.items():
        words = name.replace("mean_average_precision_at_r", "MAP@R").replace("recall_at_", "recall@")
        table.add_row(words, f"{metric.value:.3f}", f"{metric.low:.3f}-{metric.high:.3f}", f"{metric.baseline:.3f}")
    return table
