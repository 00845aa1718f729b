"""Display of progress, on a terminal and in plain lines."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBars
from rich.text import Text

from headstart.cli.interrupts import Interrupts
from headstart.cli.surroundings import Surroundings
from headstart.files import one_line
from headstart.progress import Progress, SilentProgress

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def shown_progress(surroundings: Surroundings) -> Iterator[Progress]:
    """Shows progress on stderr while the block runs: bars on a terminal, plain lines in other places.

    Work that reports its progress can be stopped with Ctrl-C, no matter which library it calls.
    """
    interrupts = Interrupts()
    if not surroundings.is_watched:
        lines = ProgressLines(surroundings.stderr, check=interrupts.check)
        with interrupts.noticed():
            yield lines
        lines.finish()
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        CountColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[note]}", style="dim", markup=False),
    )
    with ProgressBars(*columns, console=surroundings.stderr) as bars:
        terminal = TerminalProgress(bars, check=interrupts.check)
        with interrupts.noticed():
            yield terminal
        terminal.finish()


class RemarksOnly(SilentProgress):
    """Shows remarks and no bars, for commands whose results already appear one by one on the screen.

    Args:
        console: where the lines go.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """Writes one line."""
        self._console.out(one_line(text), highlight=False)


class CountColumn(MofNCompleteColumn):
    """The number of finished parts of a step; empty for a step of one part."""

    def render(self, task: Task) -> Text:
        """Gives the text of one bar."""
        return Text() if task.total is None or task.total == 1 else super().render(task)


class TerminalProgress:
    """One bar per step with the remaining time; bars of finished steps stay and show the time they took.

    Args:
        bars: on the terminal.
        check: called on each report of progress.
    """

    def __init__(self, bars: ProgressBars, *, check: Callable[[], None] = lambda: None) -> None:
        self._bars = bars
        self._check = check
        self._task: TaskID | None = None

    def start(self, step: str, total: int) -> None:
        """Shows a new bar; a step of one part has a bar without percentage."""
        self.finish()
        self._task = self._bars.add_task(one_line(step), total=total if total > 1 else None, note="")

    def advance(self, count: int = 1, note: str = "") -> None:
        """Moves the bar."""
        self._check()
        if self._task is not None:
            self._bars.update(self._task, advance=count, note=one_line(note))

    def say(self, text: str) -> None:
        """Writes a line above the bars."""
        self._bars.console.print(one_line(text), markup=False)

    def finish(self) -> None:
        """Leaves the bar full: a step may end before its last part, as training does when it stops early."""
        if self._task is None:
            return
        completed = max(self._bars.tasks[self._task].completed, 1)
        self._bars.update(self._task, total=completed, completed=completed, note="")
        self._task = None


class ProgressLines:
    """Plain lines without control characters: at the start of a step, every ten seconds, and at its end.

    Args:
        console: where the lines go.
        clock: seconds.
        check: called on each report of progress.
    """

    def __init__(
        self,
        console: Console,
        *,
        clock: Callable[[], float] = time.monotonic,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._console = console
        self._clock = clock
        self._check = check
        self._step: str | None = None
        self._total = self._done = self._done_first = 0
        self._started = self._spoken = self._first = 0.0

    def start(self, step: str, total: int) -> None:
        """Writes that a step begins."""
        self.finish()
        self._step, self._total, self._done = step, total, 0
        self._started = self._spoken = self._first = self._clock()
        self._done_first = 0
        self.say(f"{step} ...")

    def advance(self, count: int = 1, note: str = "") -> None:
        """Counts, and writes a line if the last one is more than ten seconds old."""
        self._check()
        now = self._clock()
        if self._done == 0:  # the first part often holds a compilation, which does not come again
            self._first, self._done_first = now, count
        self._done += count
        if now - self._spoken < SECONDS_BETWEEN_LINES or self._done >= self._total:
            return
        self._spoken = now
        ending = f", {note}" if note else ""
        self.say(f"{self._step}: {self._done} of {self._total}{self._time_left(now)}{ending}")

    def _time_left(self, now: float) -> str:
        measured = self._done - self._done_first
        if not measured:
            return ""
        left = (now - self._first) / measured * (self._total - self._done)
        return f", about {_clock_time(left)} left"

    def say(self, text: str) -> None:
        """Writes one line."""
        self._console.out(one_line(text), highlight=False)

    def finish(self) -> None:
        """Writes how long the step took."""
        if self._step is not None:
            self.say(f"{self._step}: done in {_clock_time(self._clock() - self._started)}")
        self._step = None


def _clock_time(seconds: float) -> str:
    """Hours, minutes and seconds, as the bars write them: 0:01:15."""
    return str(timedelta(seconds=round(seconds)))
