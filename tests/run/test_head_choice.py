"""A linear probe on a frozen network reads every stage; every other head reads the last feature map."""

import keras
import pytest

from headstart.backbones import build_backbone
from headstart.errors import RecipeError
from headstart.features import trunk_hash
from headstart.recipe import Recipe
from headstart.run import Run, evaluate, plan, resume, train
from headstart.run.bank import num_stages_read, stored_layers, trunk_model
from headstart.run.head_choice import with_num_stages
from headstart.run.plan import bank_bytes
from headstart.task_spec import CLASSIFICATION, REGRESSION

NETWORK = {"backbone": "vgg19_mini", "weights": "none", "image_size": 32}
CHANNELS = {1: 128, 5: 16 + 32 + 64 + 128 + 128}


def recipe_of(*, task=CLASSIFICATION, epochs=0, deep_epochs=0, name="vgg19_mini", **head):
    return Recipe.from_values(
        {
            "task": task,
            "data": {"path": "photos"},
            "backbone": {"name": name},
            "bank": {"num_views": 4},
            "head": head,
            "frozen_phase": {"epochs": 0},
            "fine_tuning_phase": {"epochs": epochs},
            "deep_phase": {"epochs": deep_epochs},
        }
    ).resolved()


@pytest.fixture(scope="module")
def backbone():
    return build_backbone("vgg19_mini", image_size=(32, 32), weights="none")


@pytest.fixture(scope="module")
def train_frozen(train_quick, photos, tmp_path_factory):
    """Trains a linear probe and nothing more."""
    place = tmp_path_factory.mktemp("banks")

    def train_it(out, **options):
        return train_quick(photos, out, epochs=0, frozen_epochs=0, bank_dir=place, engine="keras", **options)

    return train_it


@pytest.fixture(scope="module")
def frozen_run(tmp_path_factory, train_frozen):
    """Only to be read."""
    return train_frozen(tmp_path_factory.mktemp("runs") / "frozen")


@pytest.mark.parametrize(
    ("settings", "num_stages"),
    [
        ({}, 5),
        ({"name": "nasnetmobile"}, 2),
        ({"epochs": 1}, 1),
        ({"deep_epochs": 1}, 1),
        ({"start": "random"}, 1),
        ({"num_stages": 2}, 2),
        ({"num_stages": 1}, 1),
    ],
)
def test_every_stage_is_read_where_the_probe_is_the_model(settings, num_stages):
    assert with_num_stages(recipe_of(**settings)).head.num_stages == num_stages


@pytest.mark.parametrize(
    ("settings", "received"),
    [
        ({"num_stages": 2, "epochs": 3}, "num_stages = 2, 3 epochs"),
        ({"num_stages": 2, "deep_epochs": 3}, "num_stages = 2, 0 epochs of fine-tuning and 3"),
        ({"num_stages": 6}, "num_stages = 6"),
    ],
)
def test_a_number_that_the_head_cannot_read_is_an_error(settings, received):
    with pytest.raises(RecipeError) as caught:
        with_num_stages(recipe_of(**settings))
    assert received in caught.value.received


def test_other_tasks_leave_the_number_out_and_refuse_another_than_1():
    assert with_num_stages(recipe_of(task=REGRESSION)).head.num_stages is None
    with pytest.raises(RecipeError, match=r"head\.num_stages = 2 for image-regression"):
        recipe_of(task=REGRESSION, num_stages=2)


def test_a_recipe_of_an_earlier_version_means_the_last_feature_map():
    assert num_stages_read(recipe_of()) == 1


@pytest.mark.parametrize("num_stages", CHANNELS)
def test_a_bank_takes_what_the_features_of_all_stages_take(backbone, num_stages):
    recipe = recipe_of(num_stages=num_stages)
    assert stored_layers(recipe, backbone).all == ("head_pool",)
    assert bank_bytes(recipe, backbone, 100, 20) == (100 * 4 + 20) * 2 * CHANNELS[num_stages]


def test_the_bank_of_one_stage_stays_and_no_other_is_taken_for_it(backbone):
    pooled = keras.layers.GlobalAveragePooling2D(name="head_pool")(backbone.model.output)
    earlier = trunk_hash(keras.Model(backbone.model.input, [pooled]))
    hashes = [trunk_hash(trunk_model(backbone, ("head_pool",), num_stages=count)) for count in (1, 2, 3, 4)]
    assert hashes[0] == earlier
    assert len(set(hashes)) == 4


def test_the_plan_says_what_the_head_reads(photos):
    chosen = plan(photos, **NETWORK, engine="keras", epochs=0)
    assert "  head: starts from a linear probe, reads 5 stages, block1 to block5" in chosen.lines
    assert chosen.trunk.shapes == {"head_pool": (CHANNELS[5],)}
    assert chosen.bank_bytes % (2 * CHANNELS[5]) == 0


def test_a_time_without_fine_tuning_lets_the_head_read_every_stage(photos):
    chosen = plan(photos, **NETWORK, engine="keras", minutes=1e-6)
    assert chosen.recipe.fine_tuning_phase.epochs == 0
    assert chosen.recipe.head.num_stages == 5
    assert chosen.trunk.shapes == {"head_pool": (CHANNELS[5],)}


def test_a_run_without_fine_tuning_delivers_the_probe_of_every_stage(frozen_run):
    model = frozen_run.task.model
    assert frozen_run.recipe.head.num_stages == 5
    assert model.get_layer("logits").kernel.shape == (CHANNELS[5], 3)
    assert len(frozen_run.calibration.projection) == CHANNELS[5]
    assert frozen_run.state["bank"]["stages"] == {"head_pool": [CHANNELS[5]]}
    assert "block1 (16 channels), block2 (32 channels)" in frozen_run.html_path.read_text(encoding="utf-8")


def test_a_run_of_every_stage_that_was_stopped_ends_like_one_that_was_not(
    frozen_run, tmp_path, train_frozen, interrupter, assert_same_result
):
    with pytest.raises(KeyboardInterrupt):
        train_frozen(tmp_path / "run", progress=interrupter(text="linear probe"))
    resumed = resume(tmp_path / "run")
    assert resumed.state["bank"]["num_computed"] == 0  # the bank of the run that was not stopped
    assert_same_result(resumed, frozen_run)


def test_a_run_of_an_earlier_version_goes_on_with_the_last_feature_map(tmp_path, photos, interrupter):
    recipe = recipe_of(num_stages=1).with_values("data", path=str(photos))
    recipe = recipe.with_values("backbone", weights="none", image_size=(32, 32))
    options = {"out": tmp_path / "run", "bank_dir": tmp_path / "banks", "engine": "keras"}
    with pytest.raises(KeyboardInterrupt):
        train(recipe=recipe, **options, progress=interrupter(text="linear probe"))
    path = Run.load(options["out"]).recipe_path
    path.write_text(path.read_text().replace("num_stages = 1\n", ""))
    run = resume(options["out"])
    assert run.recipe.head.num_stages is None
    assert run.task.head_layers == ("head_pool", "head_dropout", "logits")
    assert evaluate(run).metrics.keys() == run.report.metrics.keys()
