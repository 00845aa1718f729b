"""Where a command was typed: what it may write to, and whether a person is watching."""

import json
import os
import sys
from dataclasses import dataclass
from typing import Any

from rich.console import Console, RenderableType

from headstart.cli.exit_codes import ExitCode

TRACEBACK_VARIABLE = "HEADSTART_TRACEBACK"
_UNLIMITED_WIDTH = 10_000


class PipeConsole(Console):
    """A console that ends the command without a word when whoever reads its output stops reading."""

    def on_broken_pipe(self) -> None:
        """Ends as a program does that the closed pipe killed."""
        self.quiet = True
        # What Python flushes at its end must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(ExitCode.BROKEN_PIPE)


@dataclass(frozen=True)
class Surroundings:
    """Everything a command knows of the outside, so that a test can simulate a terminal.

    Attributes:
        stdout: for results.
        stderr: for everything else.
        shows_traceback: whether an unexpected error shows where it came from.
    """

    stdout: Console
    stderr: Console
    shows_traceback: bool = False

    @classmethod
    def from_process(cls, *, traceback: bool = False) -> "Surroundings":
        """Those of this process."""
        return cls(
            stdout=PipeConsole(highlight=False, width=_stdout_width()),
            stderr=PipeConsole(highlight=False, stderr=True),
            shows_traceback=traceback or bool(os.environ.get(TRACEBACK_VARIABLE)),
        )

    @property
    def is_watched(self) -> bool:
        """Whether progress may move the cursor: a person sees stderr on a terminal that can do it."""
        return self.stderr.is_interactive and not self.stderr.is_dumb_terminal

    def print_text(self, text: str) -> None:
        """Writes a result as it is: no markup, no colour, no wrapping."""
        self.stdout.out(text, highlight=False)

    def print_json(self, content: Any) -> None:
        """Writes a result as one line of JSON."""
        self.print_text(json.dumps(content, ensure_ascii=False, allow_nan=False))

    def print_result(self, result: RenderableType) -> None:
        """Writes a table or a text to read."""
        self.stdout.print(result, markup=False)


def _stdout_width() -> int | None:
    """Columns for results: those of the terminal; a file or a pipe need not fit a screen, so that no path is broken."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else _UNLIMITED_WIDTH
