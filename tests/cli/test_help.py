"""Help is quick, complete, true and fits the screen."""

import re
import shlex
import subprocess
import sys

import pytest
from typer.main import get_command

from headstart.cli.app import COMMANDS, app
from headstart.options import OPTIONS
from headstart.recipe import Recipe

HEAVY = {"tensorflow", "keras", "pandas", "numpy", "sklearn", "matplotlib", "PIL"}
REPORT_MODULES = "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "


def examples_of(epilog: str) -> list[str]:
    return [line.strip() for line in epilog.splitlines() if line.startswith("  headstart ")]


@pytest.mark.parametrize(
    "words", [[], *([name] for name in COMMANDS)], ids=lambda words: " ".join(words) or "headstart"
)
def test_help_loads_nothing_heavy(words):
    code = REPORT_MODULES + "from headstart.cli.app import main; main()"
    process = subprocess.run([sys.executable, "-c", code, *words, "--help"], capture_output=True, text=True, check=True)
    assert "Usage" in process.stdout
    assert not HEAVY & set(process.stderr.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_two_examples_within_80_columns(name, type_command):
    outcome = type_command(name, "--help")
    assert outcome.code == 0
    assert max(map(len, outcome.stdout.splitlines())) <= 80
    examples = examples_of(COMMANDS[name].epilog)
    assert len(examples) == 2
    assert all(example in outcome.stdout for example in examples)


@pytest.mark.parametrize("example", [line for row in COMMANDS.values() for line in examples_of(row.epilog)])
def test_every_example_could_be_typed(example):
    name, *words = shlex.split(example.partition(" > ")[0])[1:]
    get_command(app).commands[name].make_context(name, words)


OF_THE_MACHINE = {"bank_dir", "bank_limit", "minutes"}


def test_every_setting_that_headstart_train_takes_is_an_option_of_the_command():
    names = {parameter.name for parameter in get_command(app).commands["train"].params}
    assert names - {"recipe", "out", "only_plan", "as_json"} - OF_THE_MACHINE == set(OPTIONS)
    assert names >= OF_THE_MACHINE


@pytest.mark.parametrize("name", sorted(set(OPTIONS) - {"data"}))
def test_the_default_that_help_shows_is_the_recipes(name):
    parameter = next(found for found in get_command(app).commands["train"].params if found.name == name)
    shown = re.search(r"\[default: (.*?)\]", parameter.help).group(1)
    value = Recipe.from_values({"data": {"path": "x"}})
    for key in OPTIONS[name]:
        value = getattr(value, key)
    if name == "augment":
        assert (
            Recipe.from_values({"data": {"path": "x"}, "images": {"augmentation": shown}}).images.augmentation == value
        )
    elif value is None:
        assert " " in shown  # words, for what depends on the backbone or the data
    else:
        assert shown.partition(";")[0] == str(value)  # then what other tasks take


def test_without_a_command_help_is_shown(type_command):
    assert "Usage: " in type_command().stdout + type_command().stderr


def test_the_version_is_one_line(type_command):
    outcome = type_command("--version")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert re.fullmatch(r"headstart \d+\.\d+\.\d+\S*\n", outcome.stdout)
