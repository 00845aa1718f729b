"""Progress is seen on a terminal and in a log."""

import io

import pytest
from rich.console import Console

from headstart.cli.progress import ProgressLines, shown_progress
from headstart.cli.surroundings import Surroundings


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def terminal() -> Surroundings:
    return Surroundings(*(Console(file=io.StringIO(), force_terminal=True, width=80) for _ in range(2)))


def test_a_log_gets_a_line_now_and_then_with_the_time_that_is_left():
    clock, console = Clock(), Console(file=io.StringIO(), width=80)
    lines = ProgressLines(console, clock=clock)
    lines.start("frozen phase", 40)
    for _ in range(40):
        clock.seconds += 1
        lines.advance(note="loss 0.5")
    lines.finish()
    assert console.file.getvalue().splitlines() == [
        "frozen phase ...",
        "frozen phase: 10 of 40, about 0:00:30 left, loss 0.5",
        "frozen phase: 20 of 40, about 0:00:20 left, loss 0.5",
        "frozen phase: 30 of 40, about 0:00:10 left, loss 0.5",
        "frozen phase: done in 0:00:40",
    ]


def test_a_compilation_in_the_first_step_is_not_counted_for_the_others():
    clock, console = Clock(), Console(file=io.StringIO(), width=80)
    lines = ProgressLines(console, clock=clock)
    lines.start("frozen phase", 40)
    clock.seconds += 100
    lines.advance()
    for _ in range(20):
        clock.seconds += 1
        lines.advance()
    assert console.file.getvalue().splitlines() == [
        "frozen phase ...",
        "frozen phase: 1 of 40",
        "frozen phase: 11 of 40, about 0:00:29 left",
        "frozen phase: 21 of 40, about 0:00:19 left",
    ]


def test_without_a_terminal_there_are_no_control_characters(capsys):
    with shown_progress(Surroundings.from_process()) as progress:
        progress.start("checking images", 3)
        progress.advance(3)
        progress.say("[bold]as it is[/]")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "[bold]as it is[/]" in captured.err
    assert not set(captured.err) & {"\x1b", "\r"}


def test_a_terminal_gets_a_bar_a_step_and_the_lines_that_are_said(terminal):
    with shown_progress(terminal) as progress:
        progress.start("checking images", 30)
        progress.advance(30)
        progress.start("frozen phase", 100)
        progress.advance(20, "loss 0.5")
        progress.say("stopped early")
    text = terminal.stderr.file.getvalue()
    assert "30/30" in text
    assert "20/20" in text  # a step that ends early is full, not forever unfinished
    assert "stopped early" in text
    assert terminal.stdout.file.getvalue() == ""


def test_an_error_below_a_bar_comes_through(terminal):
    def work() -> None:
        with shown_progress(terminal) as progress:
            progress.start("frozen phase", 100)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert terminal.stderr.file.getvalue().endswith("\x1b[?25h")  # the cursor is visible again


def test_no_color_is_honoured(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with shown_progress(Surroundings(console, console)) as progress:
        progress.start("checking images", 30)
        progress.advance(30)
    assert "\x1b[3" not in console.file.getvalue().replace("\x1b[3m", "")


def test_a_dumb_terminal_gets_plain_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    assert not Surroundings(console, console).is_watched
