"""`headstart train`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from headstart.cli.parameters import (
    DATA,
    OUTPUT,
    TRAINING,
    BankDirOption,
    BankLimitOption,
    JsonOption,
    examples,
    setting,
)
from headstart.cli.progress import shown_progress
from headstart.cli.recipe_options import (
    AugmentOption,
    BackboneOption,
    BatchSizeOption,
    CollagesOption,
    DeepEpochsOption,
    EngineOption,
    EpochsOption,
    FlipsOption,
    FormatOption,
    FrozenEpochsOption,
    GroupColumnOption,
    IgnoreValueOption,
    ImageSizeOption,
    LabelColumnOption,
    LearningRateOption,
    MethodOption,
    MinPerClassOption,
    PathColumnOption,
    RateOption,
    ResizeModeOption,
    SeedOption,
    SplitColumnOption,
    TaskOption,
    UnfreezeFromOption,
    ViewsOption,
    WeightsOption,
)
from headstart.cli.summary import show_plan, show_run
from headstart.cli.surroundings import Surroundings
from headstart.cli.tensorflow_noise import load_keras

if TYPE_CHECKING:
    from headstart.recipe import Recipe

EXAMPLES = examples(
    ("headstart train photos", "one folder of images per class inside 'photos'; VGG19 with ImageNet weights"),
    (
        "headstart train labels.csv --backbone mobilenetv2 --minutes 5 --plan",
        "labels from a table, a small and fast network; shows how five minutes would be used, without training",
    ),
)

AUTO = "auto"
DataArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="DATA",
        help="Folder with one folder of images per class, a table of paths and labels (.csv, .tsv, .parquet), "
        "images with boxes (Pascal VOC, COCO, YOLO) or masks, or good images in train/good. It is never changed. "
        "Optional with --recipe.",
        show_default=False,
    ),
]
RecipeOption = Annotated[
    str,
    typer.Option(
        metavar="auto|FILE.toml",
        help="File with settings, such as the recipe.toml of a run; options override it. Settings that are not given "
        "are chosen from your images, the network and this machine.",
        rich_help_panel=DATA,
    ),
]
MinutesOption = Annotated[
    float | None,
    setting(
        "Approximate time limit of the whole run in minutes.",
        metavar="N",
        default="no time limit",
        panel=TRAINING,
    ),
]
PlanOption = Annotated[
    bool,
    typer.Option(
        "--plan", help="Show what the run would do and how long it would take; do not train.", rich_help_panel=OUTPUT
    ),
]
OutOption = Annotated[
    Path | None,
    setting("New folder of the run.", metavar="FOLDER", default="runs/DATA-BACKBONE-NUMBER", panel=OUTPUT),
]


def train(  # noqa: PLR0913, PLR0917  one parameter an option
    context: typer.Context,
    data: DataArgument = None,
    task: TaskOption = None,
    format: FormatOption = None,  # noqa: A002  the option's name
    ignore_value: IgnoreValueOption = None,
    min_per_class: MinPerClassOption = None,
    backbone: BackboneOption = None,
    weights: WeightsOption = None,
    image_size: ImageSizeOption = None,
    resize_mode: ResizeModeOption = None,
    views: ViewsOption = None,
    engine: EngineOption = None,
    bank_dir: BankDirOption = None,
    bank_limit: BankLimitOption = None,
    frozen_epochs: FrozenEpochsOption = None,
    epochs: EpochsOption = None,
    deep_epochs: DeepEpochsOption = None,
    minutes: MinutesOption = None,
    unfreeze_from: UnfreezeFromOption = None,
    learning_rate: LearningRateOption = None,
    batch_size: BatchSizeOption = None,
    augment: AugmentOption = None,
    flips: FlipsOption = None,
    collages: CollagesOption = None,
    method: MethodOption = None,
    false_alarms: RateOption = None,
    seed: SeedOption = None,
    recipe: RecipeOption = AUTO,
    path_column: PathColumnOption = None,
    label_column: LabelColumnOption = None,
    split_column: SplitColumnOption = None,
    group_column: GroupColumnOption = None,
    out: OutOption = None,
    only_plan: PlanOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train a model on a folder of images, test it and write a report.

    Class folders and labels give a classifier, boxes a detector, masks a segmenter, numbers a regressor, good images
    alone (train/good) a detector of defects. The command loads a pretrained network, freezes it, adds new layers and
    fine-tunes the upper stages. The activations of the frozen layers are computed once and kept in a feature bank. The
    command prints the result on the test images and the path of the run: a folder with the model, the report, all
    numbers and all settings.
    """
    settings = _checked_settings(
        recipe,
        {"data": data, "task": task, "format": format, "ignore_value": ignore_value, "min_per_class": min_per_class},
        {"backbone": backbone, "weights": weights, "image_size": image_size, "resize_mode": resize_mode},
        {"views": views, "engine": engine, "batch_size": batch_size, "augment": augment, "flips": flips},
        {"frozen_epochs": frozen_epochs, "epochs": epochs, "deep_epochs": deep_epochs, "collages": collages},
        {"unfreeze_from": unfreeze_from, "learning_rate": learning_rate, "seed": seed},
        {"method": method, "false_alarms": false_alarms, "path_column": path_column, "label_column": label_column},
        {"split_column": split_column, "group_column": group_column},
    )
    limits: _Limits = {"minutes": minutes, "bank_dir": bank_dir, "bank_limit": bank_limit}
    if only_plan:
        _plan(context.obj, settings, limits, as_json=as_json)
    else:
        _train(context.obj, settings, limits, out=out, as_json=as_json)


class _Limits(TypedDict):
    """Arguments of `headstart.train` that are not settings of a recipe."""

    minutes: float | None
    bank_dir: Path | None
    bank_limit: float | None


def _plan(surroundings: Surroundings, settings: "Recipe", limits: _Limits, *, as_json: bool) -> None:
    load_keras(surroundings)
    from headstart.run import plan  # noqa: PLC0415

    with shown_progress(surroundings) as progress:
        made = plan(recipe=settings, progress=progress, **limits)
    show_plan(made, surroundings, as_json=as_json)


def _train(surroundings: Surroundings, settings: "Recipe", limits: _Limits, *, out: Path | None, as_json: bool) -> None:
    load_keras(surroundings)
    from headstart import run as runs  # noqa: PLC0415

    with shown_progress(surroundings) as progress:
        run = runs.train(recipe=settings, out=out, progress=progress, **limits)
    show_run(run, surroundings, as_json=as_json)


def _checked_settings(recipe: str, *groups: Mapping[str, object]) -> "Recipe":
    """The recipe from file and options. Most mistakes are reported here, before TensorFlow takes seconds to load."""
    from headstart.data import read_dataset  # noqa: PLC0415  heavy imports wait until a command needs them
    from headstart.options import recipe_from_options  # noqa: PLC0415

    options = {name: value for group in groups for name, value in group.items()}
    settings = recipe_from_options(options, recipe_path=None if recipe == AUTO else Path(recipe))
    settings.resolved()
    dataset = read_dataset(settings.data.path, task=settings.task, **settings.data.reading_options())
    settings.resolved(dataset.task)
    return settings
