"""`headstart train`."""

from pathlib import Path
from typing import Annotated

import typer

from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import DATA, OUTPUT, JsonOption, examples, setting
from headstart.cli.progress import shown_progress
from headstart.cli.recipe_options import (
    AugmentOption,
    BackboneOption,
    BatchSizeOption,
    EpochsOption,
    FrozenEpochsOption,
    GroupColumnOption,
    ImageSizeOption,
    LabelColumnOption,
    LearningRateOption,
    PathColumnOption,
    ResizeModeOption,
    SeedOption,
    SplitColumnOption,
    UnfreezeFromOption,
    WeightsOption,
)
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

DataArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="DATA",
        help="Folder with one folder of pictures per class, or a table of paths and labels (.csv, .tsv, .parquet). "
        "It is only read. With --recipe it may be left out.",
        show_default=False,
    ),
]
RecipeOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.toml",
        help="Settings to start from, such as a run's recipe.toml; options typed beside it win.",
        show_default=False,
        rich_help_panel=DATA,
    ),
]
OutOption = Annotated[
    Path | None,
    setting("New folder for the run.", metavar="FOLDER", default="runs/DATA-BACKBONE-NUMBER", panel=OUTPUT),
]


def train(  # noqa: PLR0913, PLR0917  one parameter an option
    context: typer.Context,
    data: DataArgument = None,
    backbone: BackboneOption = None,
    weights: WeightsOption = None,
    image_size: ImageSizeOption = None,
    resize_mode: ResizeModeOption = None,
    frozen_epochs: FrozenEpochsOption = None,
    epochs: EpochsOption = None,
    unfreeze_from: UnfreezeFromOption = None,
    learning_rate: LearningRateOption = None,
    batch_size: BatchSizeOption = None,
    augment: AugmentOption = None,
    seed: SeedOption = None,
    recipe: RecipeOption = None,
    path_column: PathColumnOption = None,
    label_column: LabelColumnOption = None,
    split_column: SplitColumnOption = None,
    group_column: GroupColumnOption = None,
    out: OutOption = None,
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
