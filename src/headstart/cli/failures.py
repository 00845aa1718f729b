"""What a person sees when a command cannot do what was asked, and the code it ends with."""

import functools
import json
import traceback
from collections.abc import Callable
from typing import Any

import typer
from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from headstart.cli.exit_codes import ExitCode, exit_code_of
from headstart.cli.surroundings import TRACEBACK_VARIABLE, Surroundings
from headstart.errors import HeadstartError

MAX_PANEL_WIDTH = 100
# Longer than this, what was wrong would push what to do off the screen.
MAX_FIELD_LENGTH = 300

Command = Callable[..., ExitCode | None]


def guarded(command: Command) -> Command:
    """A command whose errors become a screen and an exit code; it takes `context` and may take `as_json`."""

    @functools.wraps(command)
    def run_command(**parameters: Any) -> None:
        surroundings: Surroundings = parameters["context"].obj
        try:
            code = command(**parameters)
        except (Exception, KeyboardInterrupt) as error:
            code = exit_code_of(error)
            show_failure(error, surroundings, as_json=parameters.get("as_json", False))
        if code:
            raise typer.Exit(code)

    return run_command


def show_failure(error: BaseException, surroundings: Surroundings, *, as_json: bool = False) -> None:
    """Tells on stderr what went wrong: a screen for a person, or with `as_json` one last line for a program."""
    code = exit_code_of(error)
    if code is ExitCode.BUG and surroundings.shows_traceback:
        surroundings.stderr.out("".join(traceback.format_exception(error)), highlight=False)
    if as_json:
        surroundings.stderr.out(json.dumps(describe(error), ensure_ascii=False), highlight=False)
        return
    title = "Stopped" if code is ExitCode.INTERRUPTED else "Error"
    surroundings.stderr.print(
        Panel(
            _body(error),
            title=f"[bold]{title}[/]",
            subtitle=f"exit code {code.value}",
            title_align="left",
            subtitle_align="right",
            box=box.HORIZONTALS,  # no bars at the sides: a path or a command can be copied whole
            border_style="yellow" if code is ExitCode.INTERRUPTED else "red",
            padding=(1, 1, 0, 1),
            width=min(surroundings.stderr.width, MAX_PANEL_WIDTH),
        )
    )


def describe(error: BaseException) -> dict[str, Any]:
    """An error as plain values: kind, exit code, problem, and what `HeadstartError` knows besides."""
    facts = {"error": type(error).__name__, "exit_code": exit_code_of(error).value, "problem": problem_of(error)}
    fields = ("expected", "received", "hint") if isinstance(error, HeadstartError) else ()
    notes = {"notes": error.__notes__} if hasattr(error, "__notes__") else {}
    return {**facts, **{name: getattr(error, name) for name in fields}, **notes}


def problem_of(error: BaseException) -> str:
    """What is wrong, in one sentence."""
    if isinstance(error, HeadstartError):
        return error.problem
    if isinstance(error, KeyboardInterrupt):
        return "Stopped with Ctrl-C."
    return f"Unexpected {type(error).__name__}: {error}".rstrip(": ")


def _body(error: BaseException) -> RenderableType:
    notes = [Text(f"\n{note}") for note in getattr(error, "__notes__", ())]
    return Group(Text(_clipped(problem_of(error)), style="bold"), *_advice(error), *notes)


def _advice(error: BaseException) -> list[RenderableType]:
    if isinstance(error, HeadstartError):
        fields = Table.grid(padding=(0, 2))
        for name, text in _fields_of(error):
            fields.add_row(Text(name, style="dim"), Text(text, overflow="fold"))
        return [Text(), fields]
    if isinstance(error, KeyboardInterrupt):
        return []
    return [
        Text(
            f"\nThis is a mistake in Headstart. To see where, set {TRACEBACK_VARIABLE}=1 and type the command again; "
            "please report it with what you see then."
        )
    ]


def _fields_of(error: HeadstartError) -> tuple[tuple[str, str], ...]:
    return (
        ("expected", _clipped(error.expected)),
        ("received", _clipped(error.received)),
        ("what next", error.hint),
    )


def _clipped(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_FIELD_LENGTH else f"{text[:MAX_FIELD_LENGTH]} ..."
