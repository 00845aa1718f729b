"""The short names of a recipe's main settings, as the command line and `headstart.train` take them."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headstart.errors import RecipeError
from headstart.recipe import Recipe, read_toml

# Short name → where the value stands in a recipe.
OPTIONS: dict[str, tuple[str, ...]] = {
    "data": ("data", "path"),
    "task": ("task",),
    "format": ("data", "format"),
    "ignore_value": ("data", "ignore_value"),
    "min_per_class": ("data", "min_per_class"),
    "path_column": ("data", "path_column"),
    "label_column": ("data", "label_column"),
    "split_column": ("data", "split_column"),
    "group_column": ("data", "group_column"),
    "backbone": ("backbone", "name"),
    "weights": ("backbone", "weights"),
    "image_size": ("backbone", "image_size"),
    "resize_mode": ("images", "resize_mode"),
    "batch_size": ("images", "batch_size"),
    "augment": ("images", "augmentation"),
    "flips": ("images", "flips"),
    "collages": ("images", "collages"),
    "views": ("bank", "num_views"),
    "engine": ("bank", "engine"),
    "frozen_epochs": ("frozen_phase", "epochs"),
    "epochs": ("fine_tuning_phase", "epochs"),
    "deep_epochs": ("deep_phase", "epochs"),
    "unfreeze_from": ("fine_tuning_phase", "unfreeze_from"),
    "learning_rate": ("fine_tuning_phase", "learning_rate"),
    "seed": ("seed",),
}


def recipe_from_options(options: Mapping[str, Any], *, recipe_path: Path | None = None) -> Recipe:
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
            "There is nothing to train on.",
            expected="a folder of class folders or a table of labels, or a recipe that names one",
            received="no data" if recipe_path is None else f"a recipe without data.path, '{recipe_path}'",
            hint="Name the data, such as `headstart train photos`; `headstart demo` brings its own.",
        )
    return _recipe_of(values)


def recipe_with_options(recipe: Recipe, options: Mapping[str, Any]) -> Recipe:
    """The recipe with options on top of it; None leaves the recipe's value.

    Raises:
        RecipeError: an option is unknown, or a value is wrong.
    """
    values = recipe.model_dump(mode="json", exclude_none=True, exclude_unset=True)
    _place_all(values, options)
    return _recipe_of(values)


def _recipe_of(values: dict[str, Any]) -> Recipe:
    """A recipe that means the same wherever it is read from later: its paths are absolute."""
    weights = _value(values, OPTIONS["weights"])
    for name in ("data", "weights") if weights and Path(weights).suffix else ("data",):
        if path := _value(values, OPTIONS[name]):
            _place(values, OPTIONS[name], str(Path(path).expanduser().absolute()))
    return Recipe.from_values(values)


def _place_all(values: dict[str, Any], options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if name not in OPTIONS:
            raise _unknown(name)
        if value is not None:
            _place(values, OPTIONS[name], str(value) if isinstance(value, Path) else value)


def _place(values: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    *sections, last = keys
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            return  # such as `data = "photos"`: the recipe's own check names this mistake
    values[last] = value


def _value(values: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    """What stands there, None if it is no text: the recipe's own check names such a mistake."""
    value: Any = values
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def _unknown(name: str) -> RecipeError:
    nearest = difflib.get_close_matches(name, OPTIONS, n=1, cutoff=0.4)
    return RecipeError(
        f"There is no option '{name}'.",
        expected=f"one of {', '.join(OPTIONS)}",
        received=name,
        hint=f"Did you mean '{nearest[0]}'?" if nearest else "Other settings stand in a recipe: recipe=FILE.toml.",
    )
