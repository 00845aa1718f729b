"""Output to the terminal: control characters in names have no effect, and a stream that fails is reported."""

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from typing import IO, Any, cast

import rich.text
from rich.console import Console, ConsoleOptions, OverflowMethod, RenderableType
from rich.segment import Segment

from headstart.cli.exit_codes import ExitCode
from headstart.errors import OutputError
from headstart.files import visible


class Text(rich.text.Text):
    """Text for people, whose width is measured after control characters have become escapes."""

    def __init__(self, text: str = "", style: str = "", *, overflow: OverflowMethod | None = None) -> None:
        super().__init__(visible(text), style, overflow=overflow)


class PlainConsole(Console):
    """A console that takes text literally: no control character, no markup and no emoji code in it has an effect."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"markup": False, "emoji": False, "highlight": False, **options})

    def render_str(self, text: str, **options: Any) -> rich.text.Text:
        """As `Console`, for text given as `str`, such as cells of tables."""
        return super().render_str(visible(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As `Console`, for other renderables, such as source code and progress bars."""
        for segment in super().render(renderable, options):
            is_plain = segment.control or segment.text.isprintable()
            yield segment if is_plain else Segment(visible(segment.text), segment.style)

    def on_broken_pipe(self) -> None:
        """Ends as a program does that the closed pipe killed."""
        self.quiet = True
        end_of_pipe()


class CheckedOutput:
    """Standard output that reports failures: a closed pipe ends the program, a full disk is an error with a hint.

    After the first failure it accepts all text and writes nothing, so that the end of the program cannot fail again.

    Args:
        file: the stream; None where the program was started without one.
    """

    def __init__(self, file: IO[str] | None) -> None:
        self._file = file
        self._has_failed = False

    def __getattr__(self, name: str) -> object:
        value: object = getattr(self._file, name)
        return value

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._file is not None and self._file.isatty()

    def write(self, text: str) -> int:
        """Writes text in the stream's encoding."""
        with self._told() as file:
            file.write(text)
        return len(text)

    def write_exactly(self, text: str) -> None:
        """Writes text as UTF-8 without any translation; names that are no UTF-8 keep their bytes."""
        with self._told() as file:
            file.flush()
            buffer = getattr(file, "buffer", None)
            if buffer is None:  # a stream in memory
                file.write(text)
            else:
                buffer.write(text.encode("utf-8", "surrogateescape"))
            file.flush()

    def flush(self) -> None:
        """Flushes the stream."""
        with self._told() as file:
            file.flush()

    @contextmanager
    def _told(self) -> Iterator[IO[str]]:
        if self._has_failed:
            yield StringIO()
            return
        try:
            if self._file is None:
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            yield self._file
        except BrokenPipeError:
            self._has_failed = True
            end_of_pipe()
        except OSError as error:
            self._has_failed = True
            _silence_stdout()
            raise OutputError(
                "The result cannot be written to standard output.",
                expected="an open standard output with space for the result",
                received=error.strerror or str(error),
                hint="Free disk space, or redirect the output to another file; `> /dev/null` discards it.",
            ) from error


class ForgivingOutput:
    """Standard error that ignores failures: a closed stream must not stop hours of work.

    Args:
        file: the stream.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def __getattr__(self, name: str) -> object:
        value: object = getattr(self._file, name)
        return value

    def write(self, text: str) -> int:
        """Writes text if that is possible."""
        with suppress(OSError, ValueError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        """Hands on what was written if that is possible."""
        with suppress(OSError, ValueError):
            self._file.flush()


def prepare_streams() -> None:
    """Makes the streams of this process such that no character and no closed stream can break them.

    A descriptor that was closed at the start would be given to the next file that is opened, and whatever native code
    prints would go into that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  for as long as the process lives
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # the encoding of the locale may know ASCII alone
    sys.stdout = cast("Any", CheckedOutput(sys.stdout))
    sys.stderr = cast("Any", ForgivingOutput(sys.stderr))


def end_of_pipe() -> None:
    """Ends the program without a message, because the reader of its output has closed the pipe."""
    _silence_stdout()
    raise SystemExit(ExitCode.BROKEN_PIPE)


def _silence_stdout() -> None:
    """Replaces stdout, so that Python's flush at its end does not fail again."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
