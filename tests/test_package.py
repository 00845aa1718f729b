"""The package's front door: light until a verb is used."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import headstart

HEAVY = ("tensorflow", "keras", "pandas", "matplotlib", "sklearn", "PIL")


def test_importing_the_package_imports_nothing_heavy():
    code = f"import sys, headstart; print([name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(("before", "after"), [({}, "1"), ({"TF_ENABLE_ONEDNN_OPTS": "0"}, "0")])
def test_onednn_is_switched_on_where_nobody_has_chosen(before, after):
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"} | before
    code = "import headstart, os; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == after


WITHOUT_ONEDNN = """
import importlib, os, sys, types, warnings
import headstart  # by itself, so that it can be imported anew beside a TensorFlow that says what this test wants
port = types.ModuleType("tensorflow.python.util._pywrap_util_port")
port.IsMklEnabled = lambda: {is_on}
sys.modules.update({{"tensorflow": types.ModuleType("tensorflow"), port.__name__: port}})
del sys.modules["headstart"]
os.environ.pop("TF_ENABLE_ONEDNN_OPTS")
os.environ.update({environment})
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    importlib.import_module("headstart")
print([str(warning.message) for warning in caught])
"""


@pytest.mark.parametrize(
    ("is_on", "environment", "warned"),
    [(False, {}, True), (True, {}, False), (False, {"TF_ENABLE_ONEDNN_OPTS": "0"}, False)],
)
def test_a_tensorflow_that_was_imported_first_without_onednn_is_warned_of(is_on, environment, warned):
    environment_before = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    code = WITHOUT_ONEDNN.format(is_on=is_on, environment=environment)
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment_before, capture_output=True, text=True, check=True
    )
    assert ("Import headstart first" in result.stdout) == warned


@pytest.mark.parametrize("module", ["recipe", "options", "errors"])
def test_a_recipe_can_be_checked_without_tensorflow(module):
    code = f"import sys, headstart.{module}; print({{'tensorflow', 'keras'}} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


@pytest.mark.parametrize("name", headstart.__all__)
def test_every_name_of_the_front_door_opens(name):
    assert getattr(headstart, name) is not None


def test_the_verbs_are_listed():
    assert {"train", "resume", "evaluate", "predict", "load", "write_report"} <= set(dir(headstart))
    assert dir(headstart) == sorted(headstart.__all__)


def test_the_document_of_what_is_stable_lists_every_name():
    text = (Path(__file__).parents[1] / "docs" / "stable.md").read_text(encoding="utf-8")
    functions = next(line for line in text.splitlines() if line.startswith("| the functions"))
    classes = next(line for line in text.splitlines() if line.startswith("| the classes"))
    named = set(re.findall(r"`([a-z_]+)`", functions)) - {"headstart"} | set(re.findall(r"`headstart\.(\w+)`", classes))
    assert named == set(headstart.__all__) - {"__version__"}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="trian"):
        headstart.trian  # noqa: B018  the look-up is the test


def test_a_verb_is_the_function_of_its_room():
    from headstart.prediction import predict  # noqa: PLC0415
    from headstart.run import Run, train  # noqa: PLC0415  TensorFlow is imported late

    assert (headstart.Run, headstart.predict, headstart.train) == (Run, predict, train)
    assert all(callable(getattr(headstart, name)) for name in headstart.__all__ if name != "__version__")
