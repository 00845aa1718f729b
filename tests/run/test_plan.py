"""What a recipe leaves open is chosen, what it fixes stays, and limits are kept."""

import pytest

from headstart.backbones import build_backbone
from headstart.errors import RecipeError
from headstart.recipe import Recipe
from headstart.run import plan
from headstart.run.plan import bank_bytes, fit_bank

NETWORK = {"backbone": "vgg19_mini", "weights": "none", "image_size": 32}
# Bytes of a row: pooled features and activations below the cut, float16.
POOLED, BELOW_BLOCK5, BELOW_BLOCK4, BELOW_BLOCK3 = 2 * 128, 2 * 2 * 2 * 128, 2 * 4 * 4 * 64, 2 * 8 * 8 * 32
NUM_TRAINING, NUM_VALIDATION = 100, 20


@pytest.fixture(scope="module")
def backbone():
    return build_backbone("vgg19_mini", image_size=(32, 32), weights="none")


def recipe_of(num_views, *, unfreeze_from="block5", epochs=1):
    return Recipe.from_values(
        {
            "data": {"path": "photos"},
            "backbone": {"name": "vgg19_mini"},
            "bank": {"num_views": num_views},
            "fine_tuning_phase": {"epochs": epochs, "unfreeze_from": unfreeze_from},
        }
    )


def bytes_of(num_views, row):
    return (NUM_TRAINING * num_views + NUM_VALIDATION) * row


@pytest.mark.parametrize(
    ("unfreeze_from", "epochs", "row"),
    [
        ("block5", 1, POOLED + BELOW_BLOCK5),
        ("block3", 1, POOLED + BELOW_BLOCK3),
        ("block1", 1, POOLED),  # learns from the pixels; the probe has its features
        ("block5", 0, POOLED),
    ],
)
def test_a_bank_takes_what_its_stages_take(backbone, unfreeze_from, epochs, row):
    recipe = recipe_of(4, unfreeze_from=unfreeze_from, epochs=epochs)
    assert bank_bytes(recipe, backbone, NUM_TRAINING, NUM_VALIDATION) == bytes_of(4, row)
    assert bank_bytes(recipe_of(0), backbone, NUM_TRAINING, NUM_VALIDATION) == 0


@pytest.mark.parametrize(
    ("limit", "num_views", "unfreeze_from", "note"),
    [
        (bytes_of(8, POOLED + BELOW_BLOCK3), 8, "block3", None),
        (bytes_of(8, POOLED + BELOW_BLOCK3) - 1, 7, "block3", "7 views, cut below block3"),
        (bytes_of(2, POOLED + BELOW_BLOCK3), 2, "block3", "2 views, cut below block3"),
        (bytes_of(2, POOLED + BELOW_BLOCK3) - 1, 3, "block4", "3 views, cut below block4"),
        (bytes_of(2, POOLED + BELOW_BLOCK4) - 1, 3, "block5", "3 views, cut below block5"),
        (bytes_of(2, POOLED + BELOW_BLOCK5) - 1, 0, "block3", "no bank"),
        (0, 0, "block3", "no bank"),
    ],
)
def test_a_bank_over_its_limit_gets_fewer_views_then_a_later_cut_then_is_left_out(
    backbone, limit, num_views, unfreeze_from, note
):
    recipe = recipe_of(8, unfreeze_from="block3")
    fitted, notes = fit_bank(recipe, backbone, NUM_TRAINING, NUM_VALIDATION, limit_bytes=limit)
    assert (fitted.bank.num_views, fitted.fine_tuning_phase.unfreeze_from) == (num_views, unfreeze_from)
    assert bank_bytes(fitted, backbone, NUM_TRAINING, NUM_VALIDATION) <= limit
    assert [note in text for text in notes] == [True] * (note is not None)


def test_what_is_left_open_is_chosen_and_nothing_is_written(photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chosen = plan(photos, **NETWORK, bank_dir=tmp_path / "banks")
    recipe = chosen.recipe
    assert (recipe.bank.num_views, recipe.fine_tuning_phase.epochs) == (8, 30)  # the most, for 17 pictures
    assert (recipe.frozen_phase.epochs, recipe.deep_phase.epochs) == (0, 0)
    assert chosen.num_training == 17
    assert chosen.notes == ()
    assert list(tmp_path.iterdir()) == []


def test_what_a_recipe_fixes_stays(photos):
    fixed = {"views": 3, "frozen_epochs": 2, "epochs": 4, "deep_epochs": 5, "unfreeze_from": "block4"}
    recipe = plan(photos, **NETWORK, **fixed).recipe
    assert recipe.bank.num_views == 3
    assert [recipe.frozen_phase.epochs, recipe.fine_tuning_phase.epochs, recipe.deep_phase.epochs] == [2, 4, 5]
    assert recipe.fine_tuning_phase.unfreeze_from == "block4"


@pytest.mark.parametrize(
    ("epochs", "text"),
    [
        ({"epochs": 4}, "4 epochs from block5 up, rate 0.001"),
        (
            {"frozen_epochs": 2, "epochs": 4, "deep_epochs": 5},
            "2 frozen epochs, then 4 epochs from block5 up, rate 0.001, then 5 epochs from block1 up, rate 0.0001",
        ),
        ({"epochs": 0}, "nothing more"),
    ],
)
def test_a_plan_names_the_phases_that_have_epochs(photos, epochs, text):
    assert f"  learning: {text}" in plan(photos, **NETWORK, **epochs, learning_rate=0.001).lines


def test_without_augmentation_one_view_is_enough(photos):
    assert plan(photos, **NETWORK, augment="none").recipe.bank.num_views == 1
    assert plan(photos, **NETWORK, augment="none", views=0).recipe.bank.num_views == 0


def test_a_plan_is_shortened_to_the_minutes_that_there_are(photos):
    free = plan(photos, **NETWORK)
    short = plan(photos, **NETWORK, minutes=free.minutes / 2 if free.minutes > 0.2 else 0.06)
    assert short.recipe.fine_tuning_phase.epochs < free.recipe.fine_tuning_phase.epochs
    assert any(text in short.notes[0] for text in ("shortened to fit", "not possible in"))


@pytest.mark.parametrize("wrong", [{"minutes": 0}, {"minutes": -1}, {"minutes": float("nan")}, {"bank_limit": -0.1}])
def test_time_and_room_that_cannot_be_are_refused(photos, wrong):
    with pytest.raises(RecipeError):
        plan(photos, **NETWORK, **wrong)
