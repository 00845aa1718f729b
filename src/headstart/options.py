"""The short names of a recipe's main settings and their types, as the command line and `headstart.train` take them."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypedDict, get_type_hints

from headstart.data import Augmentation
from headstart.errors import RecipeError
from headstart.recipe import EngineName, Flips, Method, Recipe, ResizeMode, read_toml
from headstart.task_spec import TaskName


class RankOptions(TypedDict, total=False):
    """The settings that `headstart.rank` takes by their short names; beside each type, its place in a recipe."""

    task: Annotated[TaskName | None, "task"]
    format: Annotated[str | None, "data.format"]
    ignore_value: Annotated[int | str | None, "data.ignore_value"]
    image_size: Annotated[int | tuple[int, int] | None, "backbone.image_size"]
    resize_mode: Annotated[ResizeMode | None, "images.resize_mode"]
    engine: Annotated[EngineName | None, "bank.engine"]
    seed: Annotated[int | None, "seed"]
    path_column: Annotated[str | None, "data.path_column"]
    label_column: Annotated[str | None, "data.label_column"]
    split_column: Annotated[str | None, "data.split_column"]
    group_column: Annotated[str | None, "data.group_column"]


class RecipeOptions(RankOptions, total=False):
    """All settings that `headstart.train` and `headstart.run.plan` take by their short names."""

    min_per_class: Annotated[int | None, "data.min_per_class"]
    backbone: Annotated[str | None, "backbone.name"]
    weights: Annotated[Path | str | None, "backbone.weights"]
    batch_size: Annotated[int | None, "images.batch_size"]
    augment: Annotated[Augmentation | str | float | None, "images.augmentation"]
    flips: Annotated[Flips | None, "images.flips"]
    collages: Annotated[float | None, "images.collages"]
    views: Annotated[int | None, "bank.num_views"]
    frozen_epochs: Annotated[int | None, "frozen_phase.epochs"]
    epochs: Annotated[int | None, "fine_tuning_phase.epochs"]
    deep_epochs: Annotated[int | None, "deep_phase.epochs"]
    unfreeze_from: Annotated[str | None, "fine_tuning_phase.unfreeze_from"]
    method: Annotated[Method | None, "head.method"]
    false_alarms: Annotated[float | None, "head.false_alarms"]
    learning_rate: Annotated[float | None, "fine_tuning_phase.learning_rate"]


RANK_OPTIONS = tuple(RankOptions.__annotations__)
# Short name → where the value stands in a recipe.
OPTIONS: dict[str, tuple[str, ...]] = {"data": ("data", "path")} | {
    name: tuple(hint.__metadata__[0].split("."))
    for name, hint in get_type_hints(RecipeOptions, include_extras=True).items()
}


def recipe_from_options(options: Mapping[str, object], *, recipe_path: Path | None = None) -> Recipe:
    """The recipe that a file (or the defaults) and the options on top of it describe.

    Args:
        options: short name → value; None leaves the file's or the default value.
        recipe_path: TOML file to start from.

    Raises:
        RecipeError: an option is unknown, a value is wrong, or there is no data.
    """
    values = read_toml(recipe_path) if recipe_path is not None else {}
    _place_all(values, options)
    section = values.get("data", {})
    if isinstance(section, dict) and section.get("path", "") == "":
        raise RecipeError(
            "No data is given.",
            expected="a folder of class folders, a table of labels, or a recipe with data.path",
            received="no data" if recipe_path is None else f"a recipe without data.path, '{recipe_path}'",
            hint="Give the data, for example `headstart train photos`; `headstart demo` uses built-in data.",
        )
    return _recipe_of(values)


def recipe_with_options(recipe: Recipe, options: Mapping[str, object]) -> Recipe:
    """The recipe with options on top of it; None leaves the recipe's value.

    Raises:
        RecipeError: an option is unknown, or a value is wrong.
    """
    values = recipe.model_dump(mode="json", exclude_none=True, exclude_unset=True)
    _place_all(values, options)
    return _recipe_of(values)


def _recipe_of(values: dict[str, object]) -> Recipe:
    """A recipe that means the same wherever it is read from later: its paths are absolute."""
    weights = _value(values, OPTIONS["weights"])
    for name in ("data", "weights") if weights and Path(weights).suffix else ("data",):
        if path := _value(values, OPTIONS[name]):
            _place(values, OPTIONS[name], str(Path(path).expanduser().absolute()))
    return Recipe.from_values(values)


def _place_all(values: dict[str, object], options: Mapping[str, object]) -> None:
    for name, value in options.items():
        if name not in OPTIONS:
            raise _unknown(name)
        if value is not None:
            _place(values, OPTIONS[name], str(value) if isinstance(value, Path) else value)


def _place(values: dict[str, object], keys: tuple[str, ...], value: object) -> None:
    *sections, last = keys
    for section in sections:
        inner = values.setdefault(section, {})
        if not isinstance(inner, dict):
            return  # such as `data = "photos"`: the recipe's own check names this mistake
        values = inner
    values[last] = value


def _value(values: dict[str, object], keys: tuple[str, ...]) -> str | None:
    """The value at a place, None if it is no text: the recipe's own check reports such a mistake."""
    value: object = values
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def _unknown(name: str) -> RecipeError:
    nearest = difflib.get_close_matches(name, OPTIONS, n=1, cutoff=0.4)
    return RecipeError(
        f"There is no option '{name}'.",
        expected=f"one of {', '.join(OPTIONS)}",
        received=name,
        hint=f"Did you mean '{nearest[0]}'?" if nearest else "Write other settings into a recipe: recipe=FILE.toml.",
    )
