"""`headstart report`."""

import typer

from headstart.cli.exit_codes import ExitCode
from headstart.cli.parameters import JsonOption, RunArgument, examples
from headstart.cli.progress import shown_progress
from headstart.cli.surroundings import Surroundings
from headstart.cli.tensorflow_noise import load_keras

EXAMPLES = examples(
    ("headstart report runs/photos-vgg19-1", "writes runs/photos-vgg19-1/report.html again"),
    ("headstart report runs/photos-vgg19-1 --json", "the same; prints one line of JSON at the end"),
)


def report(context: typer.Context, run: RunArgument, as_json: JsonOption = False) -> ExitCode | None:
    """Write the report of a run again and print its path.

    The report is one file, report.html in the folder of the run, and works offline. Nothing is trained or tested again.
    """
    surroundings: Surroundings = context.obj
    load_keras(surroundings)
    from headstart.run import Run, write_report  # noqa: PLC0415  heavy

    with shown_progress(surroundings) as progress:
        loaded = Run.load(run)
        path = write_report(loaded, progress=progress)
    if as_json:
        surroundings.print_json({"run": str(loaded.path), "report": str(path)})
    else:
        surroundings.print_text(str(path))
    return None
