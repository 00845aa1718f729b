"""The environment of a command: its output streams, and whether they are a terminal."""

import json
import os
import sys
from dataclasses import dataclass
from typing import IO, Any

from rich.console import Console, RenderableType

from headstart.cli.console import CheckedOutput, ForgivingOutput, PlainConsole

TRACEBACK_VARIABLE = "HEADSTART_TRACEBACK"
_UNLIMITED_WIDTH = 10_000


@dataclass(frozen=True)
class Surroundings:
    """The environment that a command uses, as one object, so that a test can simulate a terminal.

    Attributes:
        stdout: for results.
        stderr: for everything else.
        shows_traceback: whether an unexpected error is shown with its traceback.
    """

    stdout: Console
    stderr: Console
    shows_traceback: bool = False

    @classmethod
    def from_process(cls, *, traceback: bool = False) -> "Surroundings":
        """The surroundings of this process."""
        stdout: Any = sys.stdout if isinstance(sys.stdout, CheckedOutput) else CheckedOutput(sys.stdout)
        stderr: Any = sys.stderr if isinstance(sys.stderr, ForgivingOutput) else ForgivingOutput(sys.stderr)
        return cls(
            stdout=PlainConsole(file=stdout, width=_stdout_width()),
            stderr=PlainConsole(file=stderr, stderr=True),
            shows_traceback=traceback or bool(os.environ.get(TRACEBACK_VARIABLE)),
        )

    @property
    def is_watched(self) -> bool:
        """Whether progress may move the cursor: a user sees stderr on a terminal that can do it."""
        return self.stderr.is_interactive and not self.stderr.is_dumb_terminal

    def print_text(self, text: str) -> None:
        """Writes a result and a line feed: to a terminal for people, elsewhere every character as it is, in UTF-8."""
        if self.stdout.is_terminal:
            self.stdout.out(text, highlight=False)
            return
        file: IO[str] | CheckedOutput = self.stdout.file
        stream = file if isinstance(file, CheckedOutput) else CheckedOutput(file)
        stream.write_exactly(f"{text}\n")

    def print_json(self, content: object) -> None:
        """Writes a result as one line of JSON."""
        self.print_text(json_text(content))

    def print_result(self, result: RenderableType) -> None:
        """Writes a table or a text to read."""
        self.stdout.print(result, markup=False)


def json_text(content: object) -> str:
    """One line of JSON. What a terminal would obey or hide becomes an escape of JSON, which reads back the same."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    return text if text.isprintable() else "".join(map(_in_json, _as_utf8(text)))


def _as_utf8(text: str) -> str:
    """Names that Python read in a locale which knows ASCII alone, as the UTF-8 that they are in."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        return text


def _in_json(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]


def _stdout_width() -> int | None:
    """Columns for results: those of the terminal; a file or a pipe need not fit a screen, so that no path is broken."""
    return None if (sys.stdout is not None and sys.stdout.isatty()) or "COLUMNS" in os.environ else _UNLIMITED_WIDTH
