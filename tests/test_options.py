"""Short names win over the file, and what they mean stands in the recipe."""

from pathlib import Path

import pytest

from headstart.errors import RecipeError
from headstart.options import OPTIONS, recipe_from_options, recipe_with_options
from headstart.recipe import Recipe

VALUES = {
    "data": "/pictures/photos",
    "task": "object-detection",
    "format": "voc",
    "ignore_value": 0,
    "min_per_class": 4,
    "path_column": "file",
    "label_column": "breed",
    "split_column": "part",
    "group_column": "patient",
    "backbone": "mobilenetv2",
    "weights": "none",
    "image_size": (96, 64),
    "resize_mode": "pad",
    "batch_size": 7,
    "augment": "none",
    "flips": "both",
    "collages": 0.5,
    "views": 3,
    "engine": "keras",
    "frozen_epochs": 3,
    "epochs": 4,
    "deep_epochs": 2,
    "unfreeze_from": "block_13",
    "learning_rate": 0.01,
    "method": "knn",
    "false_alarms": 0.05,
    "seed": 11,
}


def setting(recipe, name):
    value = recipe
    for key in OPTIONS[name]:
        value = getattr(value, key)
    return value


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def toml_path(tmp_path):
    lines = ["seed = 7", "[data]", 'path = "/pictures/old"', 'label_column = "kind"', "[images]", "batch_size = 5"]
    return write(tmp_path / "mine.toml", "\n".join(lines))


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_every_option_changes_its_own_setting_and_no_other(name):
    plain = recipe_from_options({"data": "/pictures/old"})
    changed = recipe_from_options({"data": "/pictures/old", name: VALUES[name]})
    assert setting(changed, name) != setting(plain, name)
    assert all(setting(changed, other) == setting(plain, other) for other in OPTIONS if other != name)


def test_options_win_over_the_file_and_none_leaves_its_value(toml_path):
    recipe = recipe_from_options({"data": "/pictures/new", "batch_size": 9, "seed": None}, recipe_path=toml_path)
    assert recipe.data.path == "/pictures/new"
    assert recipe.images.batch_size == 9
    assert recipe.seed == 7
    assert recipe.data.label_column == "kind"


def test_options_win_over_a_recipe_and_none_leaves_its_value(toml_path):
    recipe = recipe_with_options(Recipe.read(toml_path), {"data": None, "batch_size": 9, "image_size": 48})
    assert recipe.data.path == "/pictures/old"
    assert recipe.images.batch_size == 9
    assert recipe.backbone.image_size == (48, 48)
    assert recipe.seed == 7


def test_a_recipe_without_options_stays_as_it_is():
    recipe = recipe_from_options(VALUES)
    assert recipe_with_options(recipe, {}) == recipe


def test_paths_become_absolute_so_that_the_run_can_be_resumed_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    typed = recipe_from_options({"data": Path("photos"), "weights": "mine.weights.h5"})
    assert typed.data.path == str(tmp_path / "photos")
    assert typed.backbone.weights == str(tmp_path / "mine.weights.h5")
    given = recipe_with_options(Recipe.from_values({"data": {"path": "photos"}}), {})
    assert given.data.path == str(tmp_path / "photos")


def test_the_home_folder_may_be_shortened(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert recipe_from_options({"data": "~/photos"}).data.path == str(tmp_path / "photos")


@pytest.mark.parametrize("weights", ["imagenet", "builtin", "none"])
def test_kinds_of_weights_are_no_paths(weights):
    assert recipe_from_options({"data": "photos", "weights": weights}).backbone.weights == weights


def test_an_unknown_option_is_named_with_its_nearest_neighbour():
    with pytest.raises(RecipeError) as caught:
        recipe_from_options({"data": "photos", "frozen_epoch": 3})
    assert caught.value.received == "frozen_epoch"
    assert "'frozen_epochs'" in caught.value.hint
    with pytest.raises(RecipeError, match="There is no option 'xyzzy'"):
        recipe_with_options(recipe_from_options(VALUES), {"xyzzy": None})


@pytest.mark.parametrize("options", [{}, {"data": None}, {"data": ""}, {"label_column": "breed"}])
def test_without_data_there_is_nothing_to_train_on(options):
    with pytest.raises(RecipeError, match="No data is given"):
        recipe_from_options(options)


def test_a_file_without_data_is_named(tmp_path):
    path = write(tmp_path / "empty.toml", "seed = 3")
    with pytest.raises(RecipeError, match="No data is given") as caught:
        recipe_from_options({}, recipe_path=path)
    assert str(path) in caught.value.received


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('data = "photos"', "data = 'photos'"),
        ('backbone = "vgg19"\n[data]\npath = "photos"', "backbone = 'vgg19'"),
        ("[data]\npath = 5", "data.path = 5"),
        ('[data]\npath = "photos"\n[backbone]\nweights = 5', "backbone.weights = 5"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"batch_size": 3, "label_column": "breed", "image_size": 32}])
def test_a_file_with_values_of_the_wrong_type_is_a_mistake_in_the_recipe(tmp_path, text, wanted, options):
    with pytest.raises(RecipeError) as caught:
        recipe_from_options(options, recipe_path=write(tmp_path / "mine.toml", text))
    assert wanted.split(" = ")[0] in caught.value.received
