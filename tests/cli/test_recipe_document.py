"""docs/recipe.md lists every setting with its default and its option."""

import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from headstart.data import AUGMENTATIONS, Augmentation
from headstart.options import OPTIONS
from headstart.recipe import Recipe
from headstart.task_settings import settings_of
from headstart.task_spec import TASK_KINDS

DOCUMENT = Path(__file__).parents[2] / "docs" / "recipe.md"
OPTION_OF = {".".join(keys): f"`--{name.replace('_', '-')}`" for name, keys in OPTIONS.items()} | {
    "data.path": "`DATA`"
}


def settings(section: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted name and default of every setting."""
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from settings(inner, f"{prefix}{name}.")
        else:
            yield prefix + name, "required" if field.is_required() else field.get_default(call_default_factory=True)


def shown(default: Any) -> str:
    if default == "required" or default is None:
        return {None: "-"}.get(default, "required")
    names = {augmentation: name for name, augmentation in AUGMENTATIONS.items()}
    if default in names:
        return f'`"{names[default]}"`'
    if isinstance(default, str):
        return f'`"{default}"`'
    return (
        f"`{str(default).lower()}`"
        if isinstance(default, bool)
        else f"`{list(default) if isinstance(default, tuple) else default}`"
    )


def documented() -> dict[str, tuple[str, str, str]]:
    """Setting → default, option and meaning, as the tables show them."""
    rows = {}
    section = ""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ").strip("`[]") + "."
        if line.startswith("| `"):
            name, default, option, meaning = (cell.strip() for cell in line.strip("|").split(" | "))
            rows[(section if section != "top." else "") + name.strip("`")] = (default, option, meaning)
    return rows


def test_every_setting_is_documented_and_nothing_else():
    assert list(documented()) == [name for name, _ in sorted(settings(Recipe), key=lambda row: "." in row[0])]


@pytest.mark.parametrize(("name", "default"), list(settings(Recipe)))
def test_default_and_option_are_the_programs(name, default):
    assert documented()[name][:2] == (shown(default), OPTION_OF.get(name, "-"))


@pytest.mark.parametrize("name", list(documented()))
def test_every_setting_says_what_it_means(name):
    assert len(documented()[name][2].split()) >= 3


def shown_in_list(default: Any) -> str:
    if isinstance(default, tuple):
        return ", ".join(map(str, default)) if len(default) > 2 else str(default[0])
    if not isinstance(default, Augmentation):
        return str(default)
    if default == AUGMENTATIONS["none"]:
        return "none"
    medium = asdict(AUGMENTATIONS["medium"])
    changed = [f"{name} {value:g}" for name, value in asdict(default).items() if value != medium[name]]
    return f"medium with {', '.join(changed)}"


def test_what_tasks_want_otherwise_is_documented():
    heading, *rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in DOCUMENT.read_text(encoding="utf-8").split("## Defaults of each task")[1].splitlines()
        if line.startswith(("| setting", "| ["))
    ]
    shown_defaults = {
        (task, tuple(row[0].removeprefix("[").split("] "))): cell
        for row in rows
        for task, cell in zip(heading[1:], row[1:], strict=True)
        if cell != "-"
    }
    defaults = {(task, name): value for task in TASK_KINDS for name, value in settings_of(task).defaults.items()}
    assert shown_defaults == {key: shown_in_list(value) for key, value in defaults.items()}


def test_the_example_is_a_valid_recipe():
    example = DOCUMENT.read_text(encoding="utf-8").split("```toml")[1].split("```")[0]
    recipe = Recipe.from_values(tomllib.loads(example)).resolved()
    assert (recipe.seed, recipe.backbone.image_size, recipe.fine_tuning_phase.epochs) == (1, (160, 160), 20)
