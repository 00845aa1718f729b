"""`headstart demo`."""

from itertools import count
from pathlib import Path
from typing import Annotated

import typer

from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import OUTPUT, JsonOption, examples
from headstart.cli.progress import shown_progress
from headstart.cli.summary import show_run
from headstart.cli.surroundings import Surroundings
from headstart.cli.tensorflow_noise import load_keras

EXAMPLES = examples(
    ("headstart demo", "writes images and run into the folder 'demo'"),
    ("headstart demo --out /tmp/digits --json", "writes into another folder; prints one line of JSON at the end"),
)
# Digits differ much from the images that the network was trained on: all layers learn, from the pixels, at a high rate.
# A start from a linear probe fails, because the features change too much: the loss rises to 23 and the accuracy ends at
# 0.90. No flips: a mirrored digit is a different sign or none.
RECIPE: dict[str, object] = {
    "backbone": {"name": "vgg19_mini", "weights": "builtin", "image_size": 32},
    "images": {"augmentation": {"rotation_degrees": 10.0, "zoom": 0.1, "translation": 0.08}},
    "bank": {"num_views": 3},
    "head": {"start": "random"},
    "frozen_phase": {"epochs": 3, "learning_rate": 0.02},
    "fine_tuning_phase": {
        "epochs": 8,
        "unfreeze_from": "block1",
        "learning_rate": 7e-4,
        "stage_rate_decay": 0.8,
    },
}


def demo(
    context: typer.Context,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER",
            help="Folder for the images (FOLDER/digits) and the run (FOLDER/run-1, -2, ...).",
            rich_help_panel=OUTPUT,
        ),
    ] = Path("demo"),
    as_json: JsonOption = False,
) -> ExitCode | None:
    """Run a complete training in a few minutes, without a download.

    Writes the handwritten digits of scikit-learn as a folder of images, trains the built-in network on them, and
    prints the test accuracy and the path of the report.
    """
    surroundings: Surroundings = context.obj
    load_keras(surroundings)
    from headstart.data import write_digits  # noqa: PLC0415  heavy
    from headstart.recipe import Recipe  # noqa: PLC0415
    from headstart.run import train as train_run  # noqa: PLC0415

    data_path = out.expanduser().absolute() / "digits"
    with shown_progress(surroundings) as progress:
        progress.say(f"Writing handwritten digits to {data_path}")
        write_digits(data_path)
        recipe = Recipe.from_values({**RECIPE, "data": {"path": str(data_path)}})
        run = train_run(recipe=recipe, out=_new_run_path(out), progress=progress)
    show_run(run, surroundings, as_json=as_json)
    return None


def _new_run_path(folder: Path) -> Path:
    return next(path for number in count(1) if not (path := folder / f"run-{number}").exists())
