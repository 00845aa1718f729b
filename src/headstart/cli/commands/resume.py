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
    ("headstart resume runs/photos-vgg19-1", "continues after the last finished epoch"),
    ("headstart resume runs/photos-vgg19-1 --data /new/photos", "the data folder has been moved"),
)


def resume(
    context: typer.Context,
    run: RunArgument,
    data: Annotated[
        str | None,
        setting(
            "New path of the run's own data, if it was moved. Every file must be unchanged. The run stores the new "
            "path.",
            metavar="DATA",
            default="the path in the recipe of the run",
            panel=DATA,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> ExitCode | None:
    """Continue a training that was interrupted.

    The result equals that of a training without interruption. If the run is already finished, nothing is changed and
    its result is printed.
    """
    surroundings: Surroundings = context.obj
    load_keras(surroundings)
    from headstart.run import resume as resume_run  # noqa: PLC0415  heavy

    with shown_progress(surroundings) as progress:
        finished = resume_run(run, data=data, progress=progress)
    show_run(finished, surroundings, as_json=as_json)
    return None
