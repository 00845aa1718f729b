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
    ("headstart rank photos", "a short list of networks, and all whose weights are on this machine"),
    (
        "headstart rank photos --backbones mobilenetv2,resnet50 --out runs/rank",
        "these two, with table and chart in a folder",
    ),
)
# What probe and neighbours are scored by → heading of the probe's column, and what it means where no name says it.
MEASURES = {
    "accuracy": ("probe, 95 %", ""),
    "average_precision": (
        "probe AP, 95 %",
        "AP is the mean average precision: of each label how well its pictures are ranked before the others.",
    ),
    "balanced_accuracy": (
        "balanced probe, 95 %",
        "Scored on places in the pictures: of each class, background counted, the share told rightly, averaged.",
    ),
    "r2": (
        "probe R², 95 %",
        "R² is the share of the variance of the numbers that is explained; below 0 is worse than their mean.",
    ),
}


def parse_weights(texts: list[str] | None) -> dict[str, str]:
    """Network → where its weights come from.

    Raises:
        typer.BadParameter: a text is not NAME=FILE.
    """
    sources = {}
    for text in [piece for given in texts or () for piece in re.split(r",(?=[\w-]+=)", given)]:
        name, separator, source = text.partition("=")
        if not (name and separator and source):
            raise typer.BadParameter(f"'{text}' names no weights. Expected such as mobilenetv2=FILE.h5 or vgg16=none.")
        sources[name] = source
    return sources


def _check_weights(texts: list[str] | None) -> list[str] | None:
    parse_weights(texts)
    return texts


DataArgument = Annotated[
    str, typer.Argument(metavar="DATA", help="Folder or table, as `headstart train` takes it.", show_default=False)
]
BackbonesOption = Annotated[
    str | None,
    setting(
        "Networks to compare; `headstart backbones` lists them.",
        metavar="NAME,NAME...|all",
        default="a short list, and all whose weights are on this machine",
        panel=NETWORK,
    ),
]
WeightsOption = Annotated[
    list[str] | None,
    typer.Option(
        callback=_check_weights,
        metavar="NAME=FILE",
        help=with_default(
            "Where a network's weights come from; several times, or joined by commas. NAME=none draws random ones.",
            "built in, or ImageNet's if they are on this machine",
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
    """Compare networks on your pictures before training one.

    Each network looks at every picture once, frozen; a linear probe, nearest neighbours and LogME say how well what it
    sees tells your classes apart, your numbers, or, for boxes and masks, which class each place in a picture shows. The
    pictures that `headstart train` sets aside for testing take no part. Nothing is downloaded unless --download is
    given.
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
    """Reads the data, as the ranking does once more: most mistakes are told before TensorFlow is loaded."""
    from headstart.data import read_dataset  # noqa: PLC0415  heavy imports wait until a command needs them

    read_dataset(data, task=task, **reading)


def _settings(options: Mapping[str, object]) -> "RankOptions":
    """What was typed, as values of the types that a ranking takes."""
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
    what = f"of {len(names)} classes" if len(names) > 1 else f"of one class, '{names[0]}'"
    if ranking.measure == "r2":
        what = f"with {len(names)} numbers each" if len(names) > 1 else f"with the number '{names[0]}'"
    about = Text(
        f"Ranked on {used} pictures {what}, the training and validation parts; "
        f"the {counts['test']} of the test part took no part."
    )
    parts: list[RenderableType] = [_table(ranking), Text(), about]
    if meaning := MEASURES[ranking.measure][1]:
        parts.append(Text(meaning))
    if len(ranking.ranked) > 1:
        parts.append(Text("Where intervals overlap, these pictures do not tell which network is better."))
    if ranking.not_ranked:
        parts += [Text(), Text("Not ranked:"), _not_ranked(ranking)]
    if out is not None:
        parts += [Text(), Text(f"Written to {shown_path(out.expanduser().absolute())}: rank.json, rank.csv, rank.png")]
    return Group(*parts)


def _table(ranking: "Ranking") -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    # Names are there to be typed again: at the width of a narrow terminal the interval is broken first.
    table.add_column("network", min_width=max(len(one.name) for one in ranking.ranked))
    table.add_column("weights", no_wrap=True)
    table.add_column(MEASURES[ranking.measure][0], justify="right")
    for heading in ("kNN", "LogME", "input", "MB", "pict./s", "s"):
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
