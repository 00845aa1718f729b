"""What the wheel without extras does in an empty environment."""

import json
import os

import pytest

from headstart.task_spec import CLASSIFICATION

pytestmark = [pytest.mark.packaging, pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def headstart(environment, folder, run_command):
    """Types a command of the installed package in a folder of its own and gives what it prints."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return lambda *words: run_command(environment / "headstart", *words, cwd=folder, env=outside)


@pytest.fixture(scope="module")
def demo(headstart):
    """What `headstart demo` says of its run."""
    return json.loads(headstart("demo", "--json"))


def test_help_lists_the_commands(headstart):
    assert {"train", "predict", "export", "serve"} <= set(headstart("--help").split())


def test_the_demo_learns(demo):
    assert demo["test_accuracy"] > 0.9


def test_a_run_of_the_installed_package_predicts(headstart, demo, folder, draw_data):
    draw_data(folder / "photos", CLASSIFICATION)
    (answer,) = map(
        json.loads, headstart("predict", demo["run"], folder / "photos" / "images" / "00.png", "--json").splitlines()
    )
    assert answer["prediction"] in set("0123456789")


def test_a_plan_is_made_without_extras(headstart, folder, draw_data):
    table = draw_data(folder / "planned", CLASSIFICATION)
    plan = json.loads(headstart("train", table, "--backbone", "vgg19_mini", "--image-size", 32, "--plan", "--json"))
    assert plan["expected_minutes"] > 0
