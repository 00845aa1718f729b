"""A failure is one screen that says what to do, or one line for a program."""

import io
import json

import pytest
from rich.console import Console

from headstart.cli.exit_codes import ExitCode
from headstart.cli.failures import show_failure
from headstart.cli.surroundings import Surroundings
from headstart.errors import OneClassError

SCREEN_LINES = 24


def screen_of(error: BaseException, *, width: int = 80, **options: bool) -> str:
    consoles = [Console(file=io.StringIO(), width=width, highlight=False) for _ in range(2)]
    show_failure(error, Surroundings(*consoles), **options)
    assert consoles[0].file.getvalue() == ""
    return consoles[1].file.getvalue()


def test_an_error_shows_its_four_parts_and_its_exit_code():
    text = screen_of(OneClassError("[a] has one class.", expected="two", received="one", hint="Add one."))
    for part in ("[a] has one class.", "expected    two", "received    one", "what to do  Add one.", "exit code 12"):
        assert part in text


@pytest.mark.parametrize("width", [80, 100, 200])
def test_even_a_long_error_fits_one_screen(width):
    error = OneClassError("a" * 5000, expected="b " * 5000, received="c\n" * 400, hint="d")
    text = screen_of(error, width=width)
    assert len(text.splitlines()) <= SCREEN_LINES
    assert max(map(len, text.splitlines())) <= min(width, 100)
    assert "what to do  d" in text


def test_notes_on_an_error_are_shown():
    error = KeyboardInterrupt()
    error.add_note("To go on: headstart resume runs/x")
    text = screen_of(error)
    assert "Stopped with Ctrl-C." in text
    assert "headstart resume runs/x" in text


def test_for_a_program_an_error_is_one_line_of_json():
    text = screen_of(OneClassError("a", expected="b", received="c", hint="d"), as_json=True)
    assert text.count("\n") == 1
    assert json.loads(text) == {
        "error": "OneClassError",
        "exit_code": 12,
        "problem": "a",
        "expected": "b",
        "received": "c",
        "hint": "d",
    }


@pytest.fixture
def broken_table(monkeypatch):
    def find_backbone(name: str) -> None:
        raise ZeroDivisionError("the table is upside down")

    monkeypatch.setattr("headstart.backbones.find_backbone", find_backbone)


def test_a_bug_is_told_shortly_without_a_traceback(broken_table, type_command):
    outcome = type_command("backbones", "vgg19")
    assert outcome.code == ExitCode.BUG
    assert "ZeroDivisionError: the table is upside down" in outcome.stderr
    assert "Set HEADSTART_TRACEBACK=1, run the command again" in " ".join(outcome.stderr.split())
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize(
    ("words", "env"), [(["--traceback"], {}), ([], {"HEADSTART_TRACEBACK": "1"})], ids=["option", "variable"]
)
def test_a_bug_shows_where_it_came_from_when_asked(broken_table, type_command, words, env):
    outcome = type_command(*words, "backbones", "vgg19", env=env)
    assert outcome.code == ExitCode.BUG
    assert "Traceback" in outcome.stderr
    assert "in find_backbone" in outcome.stderr


def test_ctrl_c_ends_with_130(monkeypatch, type_command):
    def find_backbone(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("headstart.backbones.find_backbone", find_backbone)
    outcome = type_command("backbones", "vgg19")
    assert outcome.code == ExitCode.INTERRUPTED
    assert "Stopped with Ctrl-C." in outcome.stderr
