"""The short names of a recipe's main settings, as the command line and `headstart.train` take them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headstart.errors import RecipeError
from headstart.recipe import Recipe, read_toml

# Short name → where the value stands in a recipe.
OPTIONS: dict[str, tuple[str, ...]] = {
    "data": ("data", "path"),
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
    "frozen_epochs": ("frozen_phase", "epochs"),
    "epochs": ("fine_tuning_phase", "epochs"),
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
        RecipeError: a value is wrong, or there is no data.
    """
    values = read_toml(recipe_path) if recipe_path is not None else {}
    for name, value in options.items():
        if value is not None:
            _place(values, OPTIONS[name], str(value) if isinstance(value, Path) else value)
    if not (path := values.get("data", {}).get("path")):
        raise RecipeError(
            "There is nothing to train on.",
            expected="a folder of class folders or a table of labels, or a recipe that names one",
            received="no data" if recipe_path is None else f"a recipe without data.path, '{recipe_path}'",
            hint="Name the data, such as `headstart train photos`; `headstart demo` brings its own.",
        )
    values["data"]["path"] = str(Path(path).expanduser().absolute())
    if (weights := values.get("backbone", {}).get("weights")) and Path(weights).suffix:
        values["backbone"]["weights"] = str(Path(weights).expanduser().absolute())
    return Recipe.from_values(values)


def _place(values: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    for key in keys[:-1]:
        values = values.setdefault(key, {})
    values[keys[-1]] = value
