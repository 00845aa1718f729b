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
    ("headstart card runs/photos-vgg19-1 --out model/README.md", "beside files that you want to publish"),
)
OutOption = Annotated[
    Path | None,
    setting("Where to write the card.", metavar="FILE", default="README.md in the run", panel=OUTPUT),
]


def card(
    context: typer.Context, run: RunArgument, out: OutOption = None, as_json: JsonOption = False
) -> ExitCode | None:
    """Write a model card: what the model is for, how good it is, how it was made, what limits it.

    The card is Markdown with a head by Hugging Face's conventions, made from the run's own files alone. Prints where it
    lies. A card that is there already is written anew.
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
