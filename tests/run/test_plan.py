"""What a recipe leaves open is chosen, what it fixes stays, and limits are kept."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headstart.backbones import build_backbone
from headstart.errors import RecipeError
from headstart.recipe import Recipe
from headstart.run import plan
from headstart.run.plan import _with_epochs, _with_views, _within, bank_bytes, fit_bank
from headstart.run.speed import Speed

NETWORK = {"backbone": "vgg19_mini", "weights": "none", "image_size": 32}
# Bytes of a row: pooled features, or activations below the cut, float16.
POOLED, BELOW_BLOCK5, BELOW_BLOCK4, BELOW_BLOCK3 = 2 * 128, 2 * 2 * 2 * 128, 2 * 4 * 4 * 64, 2 * 8 * 8 * 32
NUM_TRAINING, NUM_VALIDATION = 100, 20
OPEN = Recipe.from_values({"data": {"path": "photos"}, "backbone": {"name": "vgg19_mini"}}).resolved()


@pytest.fixture(scope="module")
def backbone():
    return build_backbone("vgg19_mini", image_size=(32, 32), weights="none")


def recipe_of(num_views, *, unfreeze_from="block5", epochs=1, frozen_epochs=1):
    return Recipe.from_values(
        {
            "data": {"path": "photos"},
            "backbone": {"name": "vgg19_mini"},
            "bank": {"num_views": num_views},
            "frozen_phase": {"epochs": frozen_epochs},
            "fine_tuning_phase": {"epochs": epochs, "unfreeze_from": unfreeze_from},
            "deep_phase": {"epochs": 0},
        }
    )


def bytes_of(num_views, row):
    return (NUM_TRAINING * num_views + NUM_VALIDATION) * row


@pytest.mark.parametrize(
    ("unfreeze_from", "epochs", "row"),
    [
        ("block5", 1, BELOW_BLOCK5),
        ("block3", 1, BELOW_BLOCK3),
        ("block1", 1, POOLED),  # learns from the pixels; the probe has its features
        ("block5", 0, POOLED),
    ],
)
def test_a_bank_takes_what_its_stages_take(backbone, unfreeze_from, epochs, row):
    recipe = recipe_of(4, unfreeze_from=unfreeze_from, epochs=epochs)
    assert bank_bytes(recipe, backbone, NUM_TRAINING, NUM_VALIDATION) == bytes_of(4, row)
    assert bank_bytes(recipe_of(0), backbone, NUM_TRAINING, NUM_VALIDATION) == 0


def test_a_head_that_learns_for_many_frozen_epochs_wants_the_same_bank_as_one_that_a_probe_solves(backbone):
    for frozen_epochs in (0, 10):
        recipe = recipe_of(4, frozen_epochs=frozen_epochs)
        assert bank_bytes(recipe, backbone, NUM_TRAINING, NUM_VALIDATION) == bytes_of(4, BELOW_BLOCK5)


@pytest.mark.parametrize(("has_instructions", "precision"), [(True, "bfloat16"), (False, "float32")])
def test_layers_learn_in_bfloat16_where_the_processor_has_instructions_for_it(
    monkeypatch, photos, has_instructions, precision
):
    names = {"avx2", "amx_bf16"} if has_instructions else {"avx2"}
    monkeypatch.setattr("headstart.training.precision.instructions", lambda: names)
    monkeypatch.setattr("keras.distribution.list_devices", lambda _: [])
    recipe = plan(photos, **NETWORK).recipe
    assert recipe.fine_tuning_phase.precision == recipe.deep_phase.precision == precision


@pytest.mark.parametrize(
    ("limit", "num_views", "unfreeze_from", "note"),
    [
        (bytes_of(8, BELOW_BLOCK3), 8, "block3", None),
        (bytes_of(8, BELOW_BLOCK3) - 1, 7, "block3", "7 views and cut below block3"),
        (bytes_of(2, BELOW_BLOCK3), 2, "block3", "2 views and cut below block3"),
        (bytes_of(2, BELOW_BLOCK3) - 1, 4, "block4", "4 views and cut below block4"),
        (bytes_of(2, BELOW_BLOCK4) - 1, 4, "block5", "4 views and cut below block5"),
        (bytes_of(2, BELOW_BLOCK5) - 1, 0, "block3", "no bank"),
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


def test_a_time_without_fine_tuning_leaves_a_trunk_that_gives_what_the_bank_then_holds(photos):
    chosen = plan(photos, **NETWORK, engine="keras", minutes=1e-6)
    assert chosen.recipe.fine_tuning_phase.epochs == 0
    assert tuple(chosen.trunk.shapes) == chosen.bank_layers == ("head_pool",)


@pytest.mark.parametrize(
    ("epochs", "text"),
    [
        ({"epochs": 4}, "4 epochs of the stages from block5 upwards, learning rate 0.001"),
        (
            {"frozen_epochs": 2, "epochs": 4, "deep_epochs": 5},
            "2 epochs of the head on the frozen network, then 4 epochs of the stages from block5 upwards, "
            "learning rate 0.001, then 5 epochs of the stages from block1 upwards, learning rate 0.0001",
        ),
        ({"epochs": 0}, "none after the start of the head"),
    ],
)
def test_a_plan_names_the_phases_that_have_epochs(monkeypatch, photos, epochs, text):
    monkeypatch.setattr("headstart.training.precision.instructions", frozenset)
    assert f"  training: {text}" in plan(photos, **NETWORK, **epochs, learning_rate=0.001).lines


def test_without_augmentation_one_view_is_enough(photos):
    assert plan(photos, **NETWORK, augment="none").recipe.bank.num_views == 1
    assert plan(photos, **NETWORK, augment="none", views=0).recipe.bank.num_views == 0


@pytest.mark.parametrize(
    ("phases", "num_views"),
    [
        ({"fine_tuning_phase": 0}, 2),
        ({"fine_tuning_phase": 0, "frozen_phase": 1}, 8),
        ({"fine_tuning_phase": 0, "deep_phase": 1}, 8),
        ({}, 8),
    ],
)
def test_a_probe_alone_has_no_more_views_than_it_uses(phases, num_views):
    recipe = OPEN
    for name, epochs in phases.items():
        recipe = recipe.with_values(name, epochs=epochs)
    assert _with_views(_with_epochs(recipe, 100), 100).bank.num_views == num_views


@settings(deadline=None)
@given(st.integers(1, 1_000_000))
def test_more_pictures_never_get_more_views_or_epochs(num_training):
    fewer, more = (
        _with_epochs(_with_views(OPEN, count), count) for count in (num_training, num_training + num_training // 3 + 1)
    )
    assert 2 <= more.bank.num_views <= fewer.bank.num_views <= 8
    assert 1 <= more.fine_tuning_phase.epochs <= fewer.fine_tuning_phase.epochs
    assert fewer.frozen_phase.epochs == fewer.deep_phase.epochs == 0


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(0, 2e6), st.sampled_from(["block2", "block4", "block5"]))
def test_a_bank_never_outgrows_its_limit_and_why_is_told(backbone, limit_bytes, stage):
    recipe = recipe_of(6, unfreeze_from=stage)
    fitted, notes = fit_bank(recipe, backbone, NUM_TRAINING, NUM_VALIDATION, limit_bytes=limit_bytes)
    assert bank_bytes(fitted, backbone, NUM_TRAINING, NUM_VALIDATION) <= limit_bytes
    assert bool(notes) == (fitted != recipe)


@settings(deadline=None, max_examples=50)
@given(st.floats(1, 500))
def test_minutes_hold_or_it_is_said_that_they_cannot(seconds):
    speed = Speed(read=0.001, vary=0.002, trunk=0.01, below=0.0, above=0.005)

    def expected(recipe):
        return speed.seconds(recipe, 500, 100)

    recipe = _with_epochs(_with_views(OPEN, 500), 500)
    fitted, notes = _within(recipe, seconds, expected)
    is_met = sum(expected(fitted).values()) <= seconds
    assert is_met or "not possible" in notes[0]
    assert bool(notes) == (fitted != recipe or not is_met)


def test_minutes_reach_the_plan(photos):
    (note,) = plan(photos, **NETWORK, minutes=0.01).notes
    assert "not possible in 1 second" in note


@pytest.mark.parametrize("wrong", [{"minutes": 0}, {"minutes": -1}, {"minutes": float("nan")}, {"bank_limit": -0.1}])
def test_time_and_room_that_cannot_be_are_refused(photos, wrong):
    with pytest.raises(RecipeError):
        plan(photos, **NETWORK, **wrong)
