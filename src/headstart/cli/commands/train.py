"""`headstart train`."""

from pathlib import Path
from typing import Annotated

import typer

from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import (
    DATA,
    NETWORK,
    OUTPUT,
    TRAINING,
    GroupColumnOption,
    ImageSize,
    JsonOption,
    LabelColumnOption,
    PathColumnOption,
    SplitColumnOption,
    examples,
    parse_image_size,
    setting,
    with_default,
)
from headstart.cli.progress import shown_progress
from headstart.cli.summary import show_run
from headstart.cli.surroundings import Surroundings
from headstart.cli.tensorflow_noise import load_keras

EXAMPLES = examples(
    ("headstart train photos", "one folder per class inside 'photos'; VGG19 with ImageNet weights"),
    (
        "headstart train labels.csv --backbone mobilenetv2 --out runs/first",
        "labels from a table, a small and fast network, a folder of your choice",
    ),
)


def train(  # noqa: PLR0913, PLR0917  one parameter an option
    context: typer.Context,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="Folder with one folder of pictures per class, or a table of paths and labels (.csv, .tsv, .parquet). "
            "It is only read. With --recipe it may be left out.",
            show_default=False,
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        setting(
            "Pretrained network to start from; `headstart backbones` lists them.",
            metavar="NAME",
            default="vgg19",
            panel=NETWORK,
        ),
    ] = None,
    weights: Annotated[
        str | None,
        setting(
            "Where its weights come from. Only imagenet may need a download, once.",
            metavar="imagenet|builtin|none|FILE",
            default="builtin if there are such, else imagenet",
            panel=NETWORK,
        ),
    ] = None,
    image_size: Annotated[
        ImageSize | None,
        typer.Option(
            parser=parse_image_size,
            metavar="SIZE|HEIGHTxWIDTH",
            help=with_default("Pixels that the network sees: fewer are faster.", "the backbone's own"),
            show_default=False,
            rich_help_panel=NETWORK,
        ),
    ] = None,
    resize_mode: Annotated[
        str | None,
        setting(
            "How a picture gets that size: distorted, with bars, or without its edges.",
            metavar="stretch|pad|crop",
            default="stretch",
            panel=NETWORK,
        ),
    ] = None,
    frozen_epochs: Annotated[
        int | None,
        setting("Most epochs for the new layers alone, all below frozen.", metavar="N", default="10", panel=TRAINING),
    ] = None,
    epochs: Annotated[
        int | None,
        setting("Most epochs of fine-tuning; 0 for none.", metavar="N", default="15", panel=TRAINING),
    ] = None,
    unfreeze_from: Annotated[
        str | None,
        setting(
            "Lowest stage that fine-tuning changes; `headstart backbones NAME` lists them.",
            metavar="STAGE",
            default="the topmost",
            panel=TRAINING,
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        setting(
            "Highest learning rate of fine-tuning; lower stages get less.",
            metavar="RATE",
            default="0.0003",
            panel=TRAINING,
        ),
    ] = None,
    batch_size: Annotated[
        int | None, setting("Pictures a training step.", metavar="N", default="32", panel=TRAINING)
    ] = None,
    augment: Annotated[
        str | None,
        setting(
            "How far training pictures are varied at random.",
            metavar="none|light|medium|strong|0-10",
            default="medium",
            panel=TRAINING,
        ),
    ] = None,
    seed: Annotated[
        int | None, setting("The same seed gives the same result.", metavar="N", default="0", panel=TRAINING)
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml",
            help="Settings to start from, such as a run's recipe.toml; options typed beside it win.",
            show_default=False,
            rich_help_panel=DATA,
        ),
    ] = None,
    path_column: PathColumnOption = None,
    label_column: LabelColumnOption = None,
    split_column: SplitColumnOption = None,
    group_column: GroupColumnOption = None,
    out: Annotated[
        Path | None,
        setting("New folder for the run.", metavar="FOLDER", default="runs/DATA-BACKBONE-NUMBER", panel=OUTPUT),
    ] = None,
    as_json: JsonOption = False,
) -> ExitCode | None:
    """Train a classifier on a folder of pictures, test it and write its report.

    Loads a pretrained network, freezes it, adds new layers and trains them, then fine-tunes the upper stages. Prints
    the accuracy on pictures set aside for testing and where the run folder lies: model, report, numbers and everything
    needed to repeat it.
    """
    given = dict(locals())
    from headstart.data import read_dataset  # noqa: PLC0415  heavy imports wait until a command needs them
    from headstart.options import OPTIONS, recipe_from_options  # noqa: PLC0415

    options = {name: value for name, value in given.items() if name in OPTIONS}
    settings = recipe_from_options(options, recipe_path=recipe).resolved()
    # Read once more by the run: most mistakes are told at once instead of after the seconds that TensorFlow takes.
    columns = settings.data.model_dump(exclude={"path", "fractions"})
    read_dataset(settings.data.path, **columns)

    surroundings: Surroundings = context.obj
    load_keras(surroundings)
    from headstart.run import train as train_run  # noqa: PLC0415

    with shown_progress(surroundings) as progress:
        run = train_run(recipe=settings, out=out, progress=progress)
    show_run(run, surroundings, as_json=as_json)
    return None
