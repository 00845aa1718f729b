"""`headstart resume`."""

from typing import Annotated

import typer

from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import DATA, JsonOption, RunArgument, examples, setting
from headstart.cli.progress import shown_progress
from headstart.cli.summary import show_run
from headstart.cli.surroundings import Surroundings
from headstart.cli.tensorflow_noise import load_keras

EXAMPLES = examples(
    ("headstart resume runs/photos-vgg19-1", "goes on after the last finished epoch"),
    ("headstart resume runs/photos-vgg19-1 --data /new/photos", "the data folder was moved meanwhile"),
)


def resume(
    context: typer.Context,
    run: RunArgument,
    data: Annotated[
        str | None,
        setting(
            "New place of the run's own data, if it was moved. Every file must be the same; the run keeps the place.",
            metavar="DATA",
            default="where it was",
            panel=DATA,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> ExitCode | None:
    """Go on with a training that was stopped.

    Ends like a training that was never stopped, and prints and writes the same. A finished run is left as it is and its
    result printed.
    """
    surroundings: Surroundings = context.obj
    load_keras(surroundings)
    from headstart.run import resume as resume_run  # noqa: PLC0415  heavy

    with shown_progress(surroundings) as progress:
        finished = resume_run(run, data=data, progress=progress)
    show_run(finished, surroundings, as_json=as_json)
    return None
