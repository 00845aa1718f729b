"""The program `headstart`: its commands in a table, and where they start."""

import inspect
import sys
from typing import Annotated, NamedTuple

import typer

from headstart.cli.arguments import CheckedCommand, CheckedGroup
from headstart.cli.commands import (
    audit,
    backbones,
    bank,
    card,
    demo,
    evaluate,
    export,
    index,
    predict,
    rank,
    report,
    resume,
    search,
    serve,
    train,
)
from headstart.cli.console import prepare_streams
from headstart.cli.exit_codes import exit_code_of
from headstart.cli.failures import Command, guarded, show_failure
from headstart.cli.parameters import examples
from headstart.cli.surroundings import TRACEBACK_VARIABLE, Surroundings
from headstart.errors import HeadstartError
from headstart.version import VERSION

EXAMPLES = examples(
    ("headstart demo", "a complete training on built-in data, in a few minutes and without a download"),
    ("headstart train photos", "train on your own images: one folder per class inside 'photos'"),
)


class Row(NamedTuple):
    """One command: its function, the examples at the end of its help, and the heading of its group."""

    command: Command
    epilog: str
    panel: str


COMMANDS: dict[str, Row] = {
    "train": Row(train.train, train.EXAMPLES, "Train"),
    "resume": Row(resume.resume, resume.EXAMPLES, "Train"),
    "rank": Row(rank.rank, rank.EXAMPLES, "Train"),
    "demo": Row(demo.demo, demo.EXAMPLES, "Train"),
    "predict": Row(predict.predict, predict.EXAMPLES, "Use a run"),
    "evaluate": Row(evaluate.evaluate, evaluate.EXAMPLES, "Use a run"),
    "report": Row(report.report, report.EXAMPLES, "Use a run"),
    "export": Row(export.export, export.EXAMPLES, "Use a run"),
    "card": Row(card.card, card.EXAMPLES, "Use a run"),
    "serve": Row(serve.serve, serve.EXAMPLES, "Use a run"),
    "index": Row(index.index, index.EXAMPLES, "Find similar images"),
    "search": Row(search.search, search.EXAMPLES, "Find similar images"),
    "audit": Row(audit.audit, audit.EXAMPLES, "Inspect"),
    "backbones": Row(backbones.backbones, backbones.EXAMPLES, "Inspect"),
    "bank": Row(bank.bank, bank.EXAMPLES, "Inspect"),
}

app = typer.Typer(
    name="headstart",
    cls=CheckedGroup,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(asked: bool) -> None:
    if asked:
        Surroundings.from_process().print_text(f"headstart {VERSION}")
        raise typer.Exit


@app.callback(epilog=EXAMPLES)
def start(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001  answered before the command is
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    traceback: Annotated[
        bool,
        typer.Option(
            "--traceback", help="Show the Python traceback of an unexpected error.", envvar=TRACEBACK_VARIABLE
        ),
    ] = False,
) -> None:
    """Transfer learning you can see, follow and trust: from a folder of images to a model and its report."""
    if context.obj is None:
        context.obj = Surroundings.from_process(traceback=traceback)


def _help_of(command: Command) -> str:
    """The docstring of a command with each paragraph in one line, so that the terminal breaks the lines."""
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


for _name, _row in COMMANDS.items():
    _register = app.command(
        _name, cls=CheckedCommand, help=_help_of(_row.command), epilog=_row.epilog, rich_help_panel=_row.panel
    )
    _register(guarded(_row.command))


def main() -> None:
    """Run the command that was typed and end the process with its exit code."""
    prepare_streams()
    surroundings = Surroundings.from_process()
    try:
        surroundings.stdout.file.flush()  # a closed stdout is reported before hours of work, not after
        app(prog_name="headstart")
    except HeadstartError as error:  # the help could not be written
        show_failure(error, surroundings)
        sys.exit(exit_code_of(error))
