"""`headstart card`."""

from pathlib import Path
from typing import Annotated

import typer

from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import OUTPUT, JsonOption, RunArgument, examples, setting
from headstart.cli.surroundings import Surroundings
from headstart.cli.tensorflow_noise import load_keras

EXAMPLES = examples(
    ("headstart card runs/photos-vgg19-1", "writes runs/photos-vgg19-1/README.md"),
    ("headstart card runs/photos-vgg19-1 --out model/README.md", "writes it to the folder of a model to publish"),
)
OutOption = Annotated[
    Path | None,
    setting("File for the card.", metavar="FILE", default="README.md in the folder of the run", panel=OUTPUT),
]


def card(
    context: typer.Context, run: RunArgument, out: OutOption = None, as_json: JsonOption = False
) -> ExitCode | None:
    """Write a model card: purpose, metrics, training and limits of the model.

    The card is a Markdown file with the metadata that Hugging Face expects. It is made only from the files of the run.
    The command prints its path. An existing card is overwritten.
    """
    surroundings: Surroundings = context.obj
    load_keras(surroundings)
    from headstart.run import Run, write_card  # noqa: PLC0415  heavy

    loaded = Run.load(run)
    path = write_card(loaded, out)
    if as_json:
        surroundings.print_json({"run": str(loaded.path), "card": str(path)})
    else:
        surroundings.print_text(str(path))
    return None
