"""A recipe is the same as its TOML file, and says everything that is wrong with it at once."""

import tomllib
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.backbones import BACKBONES, find_backbone
from headstart.data import AUGMENTATIONS, Augmentation
from headstart.errors import RecipeError, UnknownBackboneError, UnknownStageError
from headstart.recipe import Recipe, read_toml
from headstart.task_settings import settings_of
from headstart.task_spec import CLASSIFICATION, DETECTION, SEGMENTATION, TASK_KINDS

rates = st.floats(1e-6, 10.0)
shares = st.floats(0.0, 0.99)
amounts = st.floats(0.0, 0.9)
# TOML is UTF-8: half a surrogate pair, which an undecodable file name becomes in Python, has no place in it.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200)


@st.composite
def fractions(draw):
    weights = draw(st.tuples(*[st.integers(1, 100)] * 3))
    return tuple(weight / sum(weights) for weight in weights)


def upper_phases():
    return phases(
        unfreeze_from=texts,
        stage_rate_decay=st.floats(0.01, 1.0),
        unfreeze_batch_norm=st.booleans(),
        l2_sp=shares,
    )


def phases(**more):
    return st.fixed_dictionaries(
        {},
        optional={
            "epochs": st.integers(0, 10_000),
            "learning_rate": rates,
            "warmup": shares,
            "weight_decay": shares,
            "mixup": st.one_of(st.just(0), st.floats(0.01, 0.99)),
            "ema": shares,
            "patience": st.integers(1, 10_000),
            **more,
        },
    )


augmentations = st.one_of(
    st.sampled_from(sorted(AUGMENTATIONS)),
    st.integers(0, 10),
    st.floats(0, 10),
    st.builds(Augmentation, horizontal_flip=st.booleans(), zoom=amounts, hue=amounts).map(asdict),
)

valid_values = st.fixed_dictionaries(
    {"data": st.fixed_dictionaries({"path": texts}, optional={"label_column": texts, "fractions": fractions()})},
    optional={
        "format_version": st.just(1),
        "seed": st.integers(0, 2**31 - 1),
        "backbone": st.fixed_dictionaries(
            {"name": st.sampled_from(sorted(BACKBONES))},
            optional={
                "weights": texts,
                "image_size": st.one_of(st.integers(1, 999), st.tuples(*[st.integers(1, 999)] * 2)),
            },
        ),
        "images": st.fixed_dictionaries(
            {},
            optional={
                "resize_mode": st.sampled_from(["stretch", "pad", "crop"]),
                "batch_size": st.integers(1, 4096),
                "augmentation": augmentations,
                "flips": st.sampled_from(["none", "horizontal", "vertical", "both"]),
            },
        ),
        "bank": st.fixed_dictionaries(
            {},
            optional={
                "num_views": st.integers(0, 1000),
                "engine": st.sampled_from(["auto", "keras", "openvino", "openvino-int8"]),
            },
        ),
        "head": st.fixed_dictionaries(
            {"dropout": shares}, optional={"start": st.sampled_from(["probe", "random"]), "label_smoothing": shares}
        ),
        "frozen_phase": phases(),
        "fine_tuning_phase": upper_phases(),
        "deep_phase": upper_phases(),
    },
)


@pytest.fixture(scope="module")
def toml_path(tmp_path_factory):
    return tmp_path_factory.mktemp("recipes") / "recipe.toml"


@settings(deadline=None)
@given(values=valid_values)
def test_a_recipe_reads_back_equal_from_its_toml_file(values, toml_path):
    recipe = Recipe.from_values(values)
    recipe.write(toml_path)
    assert Recipe.read(toml_path) == recipe


@settings(deadline=None)
@given(values=valid_values)
def test_a_recipe_keeps_what_was_given(values):
    recipe = Recipe.from_values(values)
    assert recipe.data.path == values["data"]["path"]
    assert recipe.seed == values.get("seed", 0)
    for section in ("bank", "head", "frozen_phase", "fine_tuning_phase", "deep_phase"):
        for name, value in values.get(section, {}).items():
            assert getattr(getattr(recipe, section), name) == value


def recipe_error(values):
    with pytest.raises(RecipeError) as caught:
        Recipe.from_values({"data": {"path": "photos"}} | values)
    return caught.value


def test_all_mistakes_are_named_at_once():
    error = recipe_error(
        {
            "seed": -1,
            "images": {"batch_size": 0, "resize_mode": "squeeze", "augmentation": "wild"},
            "head": {"dropout": 1.0},
            "frozen_phase": {"epochs": "many"},
        }
    )
    assert error.problem == "The recipe has 6 mistakes."
    for name in (
        "seed = -1",
        "images.batch_size = 0",
        "images.resize_mode = 'squeeze'",
        "images.augmentation = 'wild'",
        "head.dropout = 1.0",
        "frozen_phase.epochs = 'many'",
    ):
        assert name in error.received
    assert "medium" in error.expected


@pytest.mark.parametrize(
    ("values", "unknown", "nearest"),
    [
        ({"images": {"bach_size": 8}}, "images.bach_size", "images.batch_size"),
        ({"head": {"drop": 0.5}}, "head.drop", "head.dropout"),
        ({"sed": 3}, "sed", "seed"),
        ({"fine_tuning_phase": {"unfreeze": "block5"}}, "fine_tuning_phase.unfreeze", "fine_tuning_phase.unfreeze_"),
        ({"images": {"augmentation": {"zooming": 1}}}, "images.augmentation.zooming", "images.augmentation.zoom"),
    ],
)
def test_an_unknown_setting_is_named_with_its_nearest_neighbour(values, unknown, nearest):
    error = recipe_error(values)
    assert error.problem == "The recipe has 1 mistake."
    assert unknown in error.received
    assert f"such as {nearest}" in error.expected


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"data": "photos"}, "data should be a table of settings"),
        ({"data": {}}, "data.path is needed"),
        ({"data": {"path": "x", "fractions": [0.5, 0.5]}}, "data.fractions.2 is needed"),
        ({"data": {"path": "x", "fractions": [0.9, 0.9, 0.9]}}, "data.fractions should add up to 1"),
        ({"data": {"path": "x", "fractions": [1.0, 0.0, 0.0]}}, "data.fractions.1 should be greater than 0"),
        ({"backbone": {"image_size": [32]}}, "backbone.image_size.1 is needed"),
        ({"images": {"augmentation": {"zoom": 5}}}, "images.augmentation needs zoom from 0 to 0.9"),
        ({"images": {"augmentation": []}}, "images.augmentation should be a name, a strength or a table"),
        ({"frozen_phase": {"learning_rate": float("nan")}}, "frozen_phase.learning_rate should be"),
        ({"frozen_phase": {"patience": 0}}, "frozen_phase.patience should be greater than or equal to 1"),
        ({"frozen_phase": {"unfreeze_from": "block5"}}, "a known setting"),
        ({"frozen_phase": {"label_smoothing": 0.1}}, "a known setting"),
        ({"frozen_phase": {"mixup": 1.0}}, "frozen_phase.mixup should be less than 1"),
        ({"bank": {"num_views": -1}}, "bank.num_views should be greater than or equal to 0"),
        (
            {"bank": {"engine": "jax"}},
            "bank.engine should be 'auto', 'keras', 'openvino', 'openvino-bfloat16' or 'openvino-int8'",
        ),
        ({"fine_tuning_phase": {"stage_rate_decay": 0.0}}, "fine_tuning_phase.stage_rate_decay should be"),
        ({"format_version": 2}, "format_version should be 1"),
    ],
)
def test_a_wrong_value_is_told_in_words_of_the_file(values, wanted):
    error = recipe_error(values)
    assert wanted in error.expected
    assert "dictionary" not in str(error)


@pytest.mark.parametrize("zero", [0, 0.0])
def test_no_mixup_may_be_written_either_way(zero):
    assert Recipe.from_values({"data": {"path": "x"}, "frozen_phase": {"mixup": zero}}).frozen_phase.mixup == 0


def test_a_recipe_cannot_be_changed():
    recipe = Recipe.from_values({"data": {"path": "photos"}})
    with pytest.raises(ValueError, match="frozen"):
        recipe.seed = 3
    with pytest.raises(ValueError, match="frozen"):
        recipe.images.batch_size = 3


def test_one_number_is_a_square():
    recipe = Recipe.from_values({"data": {"path": "photos"}, "backbone": {"image_size": 96}})
    assert recipe.backbone.image_size == (96, 96)


@pytest.mark.parametrize("text", ["seed = ", b"\xff\xfe", None])
def test_a_file_that_is_no_toml_is_told(tmp_path, text):
    path = tmp_path / "mine.toml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RecipeError, match=r"mine\.toml' cannot be read"):
        Recipe.read(path)


@pytest.mark.parametrize("name", sorted(BACKBONES))
def test_resolving_makes_every_open_choice_that_needs_no_pictures(name):
    spec = find_backbone(name)
    recipe = Recipe.from_values({"data": {"path": "photos"}, "backbone": {"name": name}, "seed": 5})
    resolved = recipe.resolved()
    assert resolved.backbone.image_size == spec.image_size
    assert resolved.backbone.weights == spec.weights.source
    assert resolved.fine_tuning_phase.unfreeze_from == spec.default_unfreeze_from
    assert resolved.deep_phase.unfreeze_from == spec.stages[0].name
    assert resolved.resolved() == resolved
    assert resolved.seed == 5
    assert resolved.task == CLASSIFICATION
    open_choices = {name: getattr(recipe, name) for name in ("backbone", "fine_tuning_phase", "deep_phase")}
    assert resolved.model_copy(update={**open_choices, "task": None}) == recipe


@pytest.mark.parametrize("task", TASK_KINDS)
def test_a_task_fills_in_its_own_defaults_and_nothing_that_was_asked_for(task):
    plain = Recipe.from_values({"data": {"path": "photos"}, "backbone": {"name": "mobilenetv2"}})
    resolved = plain.resolved(task)
    assert resolved.task == task
    for (section, name), value in settings_of(task).defaults.items():
        if name != "augmentation":
            assert getattr(getattr(resolved, section), name) == value
    epochs = 3 if settings_of(task).has_phases else 0
    asked = {"images": {"batch_size": 5}, "frozen_phase": {"epochs": epochs}, "backbone": {"image_size": 96}}
    chosen = Recipe.from_values({"data": {"path": "photos"}, **asked}).resolved(task)
    assert chosen.images.batch_size == 5
    assert chosen.frozen_phase.epochs == epochs
    assert chosen.backbone.image_size == (96, 96)
    assert chosen.resolved() == chosen
    assert Recipe.from_values(chosen.model_dump(mode="json", exclude_none=True)).resolved() == chosen


@pytest.mark.parametrize("task", sorted(set(TASK_KINDS) - {CLASSIFICATION}))
def test_settings_of_classification_are_refused_for_other_tasks(task):
    for asked in ({"head": {"label_smoothing": 0.2}}, {"fine_tuning_phase": {"mixup": 0.2}}):
        with pytest.raises(RecipeError, match="other tasks"):
            Recipe.from_values({"data": {"path": "photos"}, **asked}).resolved(task)


def test_a_segmenter_sees_the_whole_picture_and_a_detector_no_mirrored_edges():
    values = {"data": {"path": "photos"}, "images": {"resize_mode": "crop"}}
    with pytest.raises(RecipeError, match="every pixel"):
        Recipe.from_values(values).resolved(SEGMENTATION)
    varied = Recipe.from_values(values).resolved(DETECTION).images.augmentation
    assert varied.edges == "grey"
    assert varied.zoom
    assert not varied.rotation_degrees  # the box around a turned box is larger than the object
    asked = Recipe.from_values({"data": {"path": "photos"}, "images": {"augmentation": "strong"}}).resolved(DETECTION)
    assert asked.images.augmentation == replace(AUGMENTATIONS["strong"], edges="grey")


@pytest.mark.parametrize("task", [CLASSIFICATION, DETECTION])
@pytest.mark.parametrize(
    ("flips", "expected"),
    [("none", (False, False)), ("horizontal", (True, False)), ("vertical", (False, True)), ("both", (True, True))],
)
def test_flips_are_those_asked_for_and_nothing_else_of_the_augmentation_changes(task, flips, expected):
    values = {"data": {"path": "photos"}}
    plain = Recipe.from_values(values).resolved(task).images.augmentation
    asked = Recipe.from_values({**values, "images": {"flips": flips}}).resolved(task)
    varied = asked.images.augmentation
    assert (varied.horizontal_flip, varied.vertical_flip) == expected
    assert replace(varied, horizontal_flip=plain.horizontal_flip, vertical_flip=plain.vertical_flip) == plain
    assert asked.resolved() == asked


def test_vgg19_is_unfrozen_from_block5_and_vgg19_mini_brings_its_weights():
    assert find_backbone("vgg19").default_unfreeze_from == "block5"
    assert find_backbone("vgg19").weights.source == "imagenet"
    assert find_backbone("vgg19_mini").weights.source == "builtin"


def test_resolving_keeps_choices_that_were_made():
    chosen = {"name": "vgg19", "weights": "none", "image_size": (64, 96)}
    values = {"data": {"path": "photos"}, "backbone": chosen, "fine_tuning_phase": {"unfreeze_from": "block3"}}
    resolved = Recipe.from_values(values).resolved()
    assert resolved.backbone.model_dump() == chosen
    assert resolved.fine_tuning_phase.unfreeze_from == "block3"


def test_resolving_refuses_names_that_are_in_no_table():
    with pytest.raises(UnknownBackboneError):
        Recipe.from_values({"data": {"path": "photos"}, "backbone": {"name": "vgg20"}}).resolved()
    values = {"data": {"path": "photos"}, "fine_tuning_phase": {"unfreeze_from": "block9"}}
    with pytest.raises(UnknownStageError):
        Recipe.from_values(values).resolved()


def test_the_file_holds_every_setting_that_is_decided(tmp_path):
    recipe = Recipe.from_values({"data": {"path": "photos"}}).resolved()
    recipe.write(tmp_path / "recipe.toml")
    values = tomllib.loads((tmp_path / "recipe.toml").read_text())
    assert values == read_toml(tmp_path / "recipe.toml")
    for section in ("data", "backbone", "images", "bank", "head", "frozen_phase", "fine_tuning_phase", "deep_phase"):
        decided = {name for name, value in getattr(recipe, section).model_dump().items() if value is not None}
        assert set(values[section]) == decided
    assert values["format_version"] == 1
