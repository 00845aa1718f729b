"""How a failed command is shown to the user, and its exit code."""

import functools
import os
import re
import traceback
from collections.abc import Callable

import typer
from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table

from headstart.cli.console import Text
from headstart.cli.exit_codes import ExitCode, exit_code_of, is_refusal
from headstart.cli.surroundings import TRACEBACK_VARIABLE, Surroundings, json_text
from headstart.errors import HeadstartError, WorkingDirectoryError
from headstart.files import one_line

MAX_PANEL_WIDTH = 100
# A longer description of the problem would push the hint off the screen.
MAX_FIELD_LENGTH = 300
_TITLES = {"hint": "what to do"}

Command = Callable[..., ExitCode | None]


def guarded(command: Command) -> Command:
    """A command whose errors become a screen and an exit code; it takes `context` and may take `as_json`."""

    @functools.wraps(command)
    def run_command(context: typer.Context, **parameters: object) -> None:
        surroundings: Surroundings = context.obj
        try:
            _check_working_directory()
            code = command(context=context, **parameters)
        except (Exception, KeyboardInterrupt) as error:
            code = exit_code_of(error)
            show_failure(error, surroundings, as_json=parameters.get("as_json") is True)
        if code:
            raise typer.Exit(code)

    return run_command


def show_failure(error: BaseException, surroundings: Surroundings, *, as_json: bool = False) -> None:
    """Writes an error to stderr: a panel for people or, with `as_json`, one last line for programs."""
    code = exit_code_of(error)
    if code is ExitCode.BUG and surroundings.shows_traceback:
        surroundings.stderr.out("".join(traceback.format_exception(error)), highlight=False)
    if as_json:
        surroundings.stderr.out(json_text(describe(error)), highlight=False)
        return
    title = "Stopped" if code is ExitCode.INTERRUPTED else "Error"
    surroundings.stderr.print(
        Panel(
            _body(error),
            title=Text(title, style="bold"),
            subtitle=f"exit code {code.value}",
            title_align="left",
            subtitle_align="right",
            box=box.HORIZONTALS,  # no bars at the sides: a path or a command can be copied whole
            border_style="yellow" if code is ExitCode.INTERRUPTED else "red",
            padding=(1, 1, 0, 1),
            width=min(surroundings.stderr.width, MAX_PANEL_WIDTH),
        )
    )


def describe(error: BaseException) -> dict[str, object]:
    """An error as plain values for JSON: class, exit code, problem and, of a `HeadstartError`, the other fields."""
    facts = {"error": type(error).__name__, "exit_code": exit_code_of(error).value, "problem": problem_of(error)}
    notes = {"notes": error.__notes__} if hasattr(error, "__notes__") else {}
    return {**facts, **fields_of(error), **notes}


def problem_of(error: BaseException) -> str:
    """The problem in one sentence."""
    if isinstance(error, HeadstartError):
        return error.problem
    if isinstance(error, KeyboardInterrupt):
        return "Stopped with Ctrl-C."
    if isinstance(error, OSError) and is_refusal(error):
        names = " and ".join(f"'{name}'" for name in (error.filename, error.filename2) if name is not None)
        reason = error.strerror or str(error)
        return f"{names}: {reason}." if names else f"The operating system refused an operation: {reason}."
    return f"Unexpected {type(error).__name__}: {error}".rstrip(": ")


def fields_of(error: BaseException) -> dict[str, str]:
    """Expected value, received value and hint of an error; empty if they are not known."""
    if isinstance(error, HeadstartError):
        return {"expected": error.expected, "received": error.received, "hint": error.hint}
    if is_refusal(error):
        return {
            "expected": "a file or folder of this name, with the permissions that the command needs",
            "received": f"{type(error).__name__}: {error}",
            "hint": f"Check the path and its permissions. If both are right, set {TRACEBACK_VARIABLE}=1, run the "
            "command again and report what it shows.",
        }
    return {}


def _body(error: BaseException) -> RenderableType:
    notes = [Text(f"\n{note}") for note in getattr(error, "__notes__", ())]
    return Group(Text(_clipped(problem_of(error)), style="bold"), *_advice(error), *notes)


def _advice(error: BaseException) -> list[RenderableType]:
    fields = fields_of(error)
    if fields:
        table = Table.grid(padding=(0, 2))
        for name, text in fields.items():
            clipped = text if name == "hint" else _clipped(text)
            table.add_row(Text(_TITLES.get(name, name), style="dim"), Text(clipped, overflow="fold"))
        return [Text(), table]
    if isinstance(error, KeyboardInterrupt):
        return []
    return [
        Text(
            f"\nThis is a bug in Headstart. Set {TRACEBACK_VARIABLE}=1, run the command again and report what it shows."
        )
    ]


def _check_working_directory() -> None:
    try:
        os.getcwd()  # noqa: PTH109  only whether there is one
    except FileNotFoundError as error:
        raise WorkingDirectoryError(
            "The working directory no longer exists.",
            expected="an existing working directory, because relative paths start from it",
            received="a folder that was deleted",
            hint="Change to an existing folder, for example with `cd ~`, and run the command again.",
        ) from error


def _clipped(text: str) -> str:
    text = one_line(re.sub(r"[ \n]+", " ", text).strip())
    return text if len(text) <= MAX_FIELD_LENGTH else f"{text[:MAX_FIELD_LENGTH]} ..."
