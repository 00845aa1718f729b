"""Options have the types of the settings they stand for, and a type checker sees a wrong name and a wrong type."""

import subprocess
import sys
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel

from headstart.data import Augmentation
from headstart.options import OPTIONS, RankOptions, RecipeOptions
from headstart.recipe import Recipe

SOURCE = Path(__file__).parents[1] / "src" / "headstart"
# What the calls below are checked against; all else counts as unknown, so that the check takes a few seconds.
MODULES = [
    "__init__.py",
    "options.py",
    "recipe.py",
    "run/__init__.py",
    "run/rank.py",
    "run/train.py",
    "similarity/__init__.py",
    "similarity/build.py",
]
# A setting that takes more than a recipe says, and the types of that.
ALSO = {"image_size": {int}, "augment": {str, float, Augmentation}, "weights": {Path}}
CALLS = """
import headstart
from headstart.run import plan

headstart.train("photos", backbone="mobilenetv2", image_size=160, epochs=None, augment="light", engine="keras")
plan("photos", image_size=(96, 128), learning_rate=1e-3)
headstart.rank("photos", seed=3, resize_mode="pad")
headstart.index("mobilenetv2", "photos", engine="openvino", labelled=False)
headstart.train("photos", bakbone="mobilenetv2")  # wrong
headstart.train("photos", epochs="ten")  # wrong
headstart.train("photos", resize_mode="strech")  # wrong
plan("photos", views=2.5)  # wrong
headstart.rank("photos", epochs=3)  # wrong
headstart.rank("photos", seed="three")  # wrong
headstart.index("mobilenetv2", "photos", seed=3)  # wrong
headstart.index("mobilenetv2", "photos", labelled="no")  # wrong
"""


def plain_types(hint: object) -> set[object]:
    """The types of a union, and the values of a `Literal`, without what checks them."""
    if get_origin(hint) is Annotated:
        return plain_types(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return set().union(*map(plain_types, get_args(hint)))
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    if get_origin(hint) is tuple:
        return {(tuple, *(kind for inner in get_args(hint) for kind in plain_types(inner)))}
    return {hint}


@pytest.mark.parametrize("name", sorted(set(OPTIONS) - {"data"}))
def test_an_option_has_the_type_of_its_setting(name):
    section: type[BaseModel] = Recipe
    *sections, last = OPTIONS[name]
    for key in sections:
        section = section.model_fields[key].annotation
    setting = get_type_hints(section, include_extras=True)[last]
    assert plain_types(get_type_hints(RecipeOptions)[name]) == plain_types(setting) | ALSO.get(name, set()) | {NoneType}


def test_a_ranking_takes_options_of_a_recipe():
    assert set(RankOptions.__annotations__) < set(RecipeOptions.__annotations__)


def test_a_type_checker_sees_a_wrong_name_and_a_wrong_type(tmp_path):
    calls = tmp_path / "calls.py"
    calls.write_text(CALLS, encoding="utf-8")
    options = ["--config-file=", f"--cache-dir={tmp_path}", "--follow-imports=skip"]
    process = subprocess.run(
        [sys.executable, "-m", "mypy", *options, calls, *(SOURCE / name for name in MODULES)],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.split(":") for line in process.stdout.splitlines() if line.startswith(str(calls))]
    refused = {int(number) for _, number, kind, *_ in lines if kind.strip() == "error"}
    wrong = {number for number, line in enumerate(CALLS.splitlines(), start=1) if line.endswith("# wrong")}
    assert refused == wrong, process.stdout + process.stderr
