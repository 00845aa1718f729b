"""`headstart rank`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table

from headstart.cli.console import Text
from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import (
    NETWORK,
    OUTPUT,
    BankDirOption,
    JsonOption,
    examples,
    reading_options,
    setting,
    with_default,
)
from headstart.cli.progress import shown_progress
from headstart.cli.recipe_options import (
    EngineOption,
    FormatOption,
    GroupColumnOption,
    IgnoreValueOption,
    ImageSizeOption,
    LabelColumnOption,
    PathColumnOption,
    ResizeModeOption,
    SeedOption,
    SplitColumnOption,
    TaskOption,
)
from headstart.cli.summary import shown_path
from headstart.cli.surroundings import Surroundings
from headstart.cli.tensorflow_noise import load_keras

if TYPE_CHECKING:
    from headstart.data import ReadingOptions
    from headstart.options import RankOptions
    from headstart.run import RankedBackbone, Ranking

EXAMPLES = examples(
    ("headstart rank photos", "a short list of networks, and all networks with weights on this machine"),
    (
        "headstart rank photos --backbones mobilenetv2,resnet50 --out runs/rank",
        "two networks; writes a table and a chart to a folder",
    ),
)
# Metric of probe and neighbours → heading of the probe's column, and an explanation if the heading needs one.
MEASURES = {
    "accuracy": ("probe, 95 %", ""),
    "average_precision": (
        "probe AP, 95 %",
        "AP is the mean average precision: for each label, how well its images are ranked above the others.",
    ),
    "balanced_accuracy": (
        "balanced probe, 95 %",
        "Scored on positions in the images: the share of correct predictions per class, averaged over all classes "
        "and the background.",
    ),
    "r2": (
        "probe R², 95 %",
        "R² is the share of the variance of the numbers that is explained; below 0, the mean is a better guess.",
    ),
}


def parse_weights(texts: list[str] | None) -> dict[str, str]:
    """Network → source of its weights.

    Raises:
        typer.BadParameter: a text is not NAME=FILE.
    """
    sources = {}
    for text in [piece for given in texts or () for piece in re.split(r",(?=[\w-]+=)", given)]:
        name, separator, source = text.partition("=")
        if not (name and separator and source):
            raise typer.BadParameter(
                f"'{text}' is not NAME=FILE. Expected, for example, mobilenetv2=FILE.h5 or vgg16=none."
            )
        sources[name] = source
    return sources


def _check_weights(texts: list[str] | None) -> list[str] | None:
    parse_weights(texts)
    return texts


DataArgument = Annotated[
    str, typer.Argument(metavar="DATA", help="Folder or table, as for `headstart train`.", show_default=False)
]
BackbonesOption = Annotated[
    str | None,
    setting(
        "Networks to compare; `headstart backbones` lists all.",
        metavar="NAME,NAME...|all",
        default="a short list, and all with weights on this machine",
        panel=NETWORK,
    ),
]
WeightsOption = Annotated[
    list[str] | None,
    typer.Option(
        callback=_check_weights,
        metavar="NAME=FILE",
        help=with_default(
            "Weights of a network; can be given several times or separated by commas. NAME=none: random weights.",
            "built-in weights, or ImageNet weights on this machine",
        ),
        show_default=False,
        rich_help_panel=NETWORK,
    ),
]
DownloadOption = Annotated[
    bool,
    typer.Option("--download", help="Download ImageNet weights that are not on this machine.", rich_help_panel=NETWORK),
]
OutOption = Annotated[
    Path | None,
    setting("Folder for rank.json, rank.csv and rank.png.", metavar="FOLDER", default="none", panel=OUTPUT),
]


def rank(  # noqa: PLR0913, PLR0917  one parameter an option
    context: typer.Context,
    data: DataArgument,
    task: TaskOption = None,
    format: FormatOption = None,  # noqa: A002  the option's name
    ignore_value: IgnoreValueOption = None,
    backbones: BackbonesOption = None,
    weights: WeightsOption = None,
    download: DownloadOption = False,
    image_size: ImageSizeOption = None,
    resize_mode: ResizeModeOption = None,
    engine: EngineOption = None,
    bank_dir: BankDirOption = None,
    seed: SeedOption = None,
    path_column: PathColumnOption = None,
    label_column: LabelColumnOption = None,
    split_column: SplitColumnOption = None,
    group_column: GroupColumnOption = None,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> ExitCode | None:
    """Compare networks on your images before training.

    Each network computes its frozen features of every image once. A linear probe, nearest neighbours and LogME measure
    how well these features predict the classes, the numbers or, for boxes and masks, the class at each position of an
    image. The test images of `headstart train` are not used. Nothing is downloaded unless --download is given.
    """
    surroundings: Surroundings = context.obj
    sources = parse_weights(weights)
    reading = reading_options(
        format=format,
        ignore_value=ignore_value,
        path_column=path_column,
        label_column=label_column,
        split_column=split_column,
        group_column=group_column,
    )
    _check_data(data, task, reading)
    load_keras(surroundings)
    from headstart.run import rank_backbones  # noqa: PLC0415

    network = {"image_size": image_size, "resize_mode": resize_mode, "engine": engine}
    settings = _settings({"data": data, "task": task, "seed": seed, **reading, **network})
    with shown_progress(surroundings) as progress:
        ranking = rank_backbones(
            data,
            backbones=backbones,
            weights=sources,
            download=download,
            out=out,
            bank_dir=bank_dir,
            progress=progress,
            **settings,
        )
    if as_json:
        surroundings.print_json(ranking.facts())
    else:
        surroundings.print_result(_shown(ranking, out))
    return None


def _check_data(data: str, task: str | None, reading: "ReadingOptions") -> None:
    """Read the data once before the ranking does, so that most mistakes are reported before TensorFlow is loaded."""
    from headstart.data import read_dataset  # noqa: PLC0415  heavy imports wait until a command needs them

    read_dataset(data, task=task, **reading)


def _settings(options: Mapping[str, object]) -> "RankOptions":
    """The options of the command, as values of the types that a ranking takes."""
    from headstart.options import recipe_from_options  # noqa: PLC0415

    recipe = recipe_from_options(options)
    return {
        "task": recipe.task,
        "image_size": recipe.backbone.image_size,
        "resize_mode": recipe.images.resize_mode,
        "engine": recipe.bank.engine,
        "seed": recipe.seed,
        **recipe.data.reading_options(),
    }


def _shown(ranking: "Ranking", out: Path | None) -> Group:
    counts = ranking.data["num_examples"]
    used = counts["train"] + counts["validation"]
    names = ranking.data["class_names"]
    what = f"with {len(names)} classes" if len(names) > 1 else f"with one class, '{names[0]}'"
    if ranking.measure == "r2":
        what = f"with {len(names)} numbers each" if len(names) > 1 else f"with the number '{names[0]}'"
    about = Text(
        f"Ranked on the {used} images of the training and validation parts, {what}. "
        f"The {counts['test']} test images were not used."
    )
    parts: list[RenderableType] = [_table(ranking), Text(), about]
    if meaning := MEASURES[ranking.measure][1]:
        parts.append(Text(meaning))
    if len(ranking.ranked) > 1:
        parts.append(Text("If the intervals of two networks overlap, these images do not show which one is better."))
    if ranking.not_ranked:
        parts += [Text(), Text("Not ranked:"), _not_ranked(ranking)]
    if out is not None:
        parts += [Text(), Text(f"Written to {shown_path(out.expanduser().absolute())}: rank.json, rank.csv, rank.png")]
    return Group(*parts)


def _table(ranking: "Ranking") -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    # Names are copied into commands: on a narrow terminal, the interval is broken first.
    table.add_column("network", min_width=max(len(one.name) for one in ranking.ranked))
    table.add_column("weights", no_wrap=True)
    table.add_column(MEASURES[ranking.measure][0], justify="right")
    for heading in ("kNN", "LogME", "input", "MB", "images/s", "s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in ranking.ranked:
        table.add_row(*_cells(one))
    return table


def _cells(one: "RankedBackbone") -> tuple[str, ...]:
    scores, (height, width) = one.scores, one.image_size
    known = {"none": "random", "imagenet": "imagenet", "builtin": "builtin"}
    speed = one.pictures_per_second
    between = "-" if scores.probe_low >= 0 else " to "
    return (
        one.name,
        known.get(one.weights, "file"),
        f"{scores.probe_score:.3f} {scores.probe_low:.2f}{between}{scores.probe_high:.2f}",
        f"{scores.knn_score:.3f}",
        f"{scores.logme:.2f}",
        str(height) if height == width else f"{height}x{width}",
        f"{one.megabytes:.0f}",
        "bank" if speed is None else f"{speed:.3g}",
        f"{one.build_seconds + one.bank_seconds + one.scoring_seconds:.1f}",
    )


def _not_ranked(ranking: "Ranking") -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in ranking.not_ranked:
        table.add_row(f"  {one.name}", Text(one.reason, style="dim"))
    return table
