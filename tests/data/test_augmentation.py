import dataclasses
import subprocess
import sys
from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from headstart.data.augmentation import AUGMENTATIONS, EDGES, Augmentation
from headstart.data.augmentation_layers import KeyedSeeds, augment_views, build_augmenter, example_key
from headstart.data.random_keys import fold, phase_key
from headstart.errors import RecipeError

AMOUNTS = {
    "rotation_degrees": 180.0,
    "zoom": 0.9,
    "translation": 1.0,
    "brightness": 1.0,
    "contrast": 1.0,
    "saturation": 1.0,
    "hue": 1.0,
}
ONE_AT_A_TIME = {
    "horizontal_flip": Augmentation(horizontal_flip=True),
    "vertical_flip": Augmentation(vertical_flip=True),
    **{name: Augmentation(**{name: limit / 4}) for name, limit in AMOUNTS.items()},
}


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """Smooth coloured noise, 24 high and 32 wide."""
    noise = tf.random.stateless_uniform((1, 5, 6, 3), seed=(1, 2), maxval=255)
    return np.round(tf.image.resize(noise, (24, 32), "bicubic")[0]).clip(0, 255).astype(np.uint8)


def views(picture: np.ndarray, augmentation: Augmentation, count: int = 12) -> np.ndarray:
    return augment_views(picture[None], augmentation, seed=3, num_views=count)[:, 0]


@pytest.mark.parametrize(("name", "limit"), AMOUNTS.items())
def test_amounts_outside_their_range_are_refused_by_name(name, limit):
    assert not Augmentation(**{name: limit}).is_none
    for bad in (-0.01, limit * 1.01, float("nan")):
        with pytest.raises(RecipeError, match=name):
            Augmentation(**{name: bad})


def test_every_field_is_tested_here():
    assert {*ONE_AT_A_TIME, "edges"} == {field.name for field in dataclasses.fields(Augmentation)}


def test_grey_edges_show_grey_where_mirrored_ones_show_the_picture(picture):
    mirrored, grey = (views(picture, Augmentation(translation=0.5, edges=edges)) for edges in EDGES)
    differs = (mirrored != grey).any(axis=-1)
    assert 0.05 < differs.mean() < 0.5
    assert (np.abs(grey[differs].astype(int) - 128) <= 1).mean() > 0.8  # along the edge, the picture is mixed in


def test_other_edges_are_refused_by_name():
    with pytest.raises(RecipeError, match="edges"):
        Augmentation(edges="black")


def test_nothing_is_varied_unless_asked_for():
    assert Augmentation().is_none
    assert AUGMENTATIONS["none"].is_none
    assert not any(one.is_none for one in ONE_AT_A_TIME.values())


def test_presets_grow_from_none_to_strong():
    steps = [dataclasses.astuple(AUGMENTATIONS[name]) for name in ("none", "light", "medium", "strong")]
    assert list(AUGMENTATIONS) == ["none", "light", "medium", "strong"]
    for weaker, stronger in pairwise(steps):
        assert all(a <= b for a, b in zip(weaker, stronger, strict=True))


@given(st.floats(0, 10), st.floats(0, 10))
def test_one_strength_moves_everything_in_step(one, other):
    weaker, stronger = (dataclasses.astuple(Augmentation.from_strength(s)) for s in sorted((one, other)))
    assert all(a <= b for a, b in zip(weaker, stronger, strict=True))


def test_strength_0_is_none():
    assert Augmentation.from_strength(0).is_none


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_name_gives_its_preset(name):
    assert Augmentation.from_name(name) is AUGMENTATIONS[name]


def test_a_number_as_name_gives_its_strength():
    assert Augmentation.from_name("7") == Augmentation.from_strength(7)
    assert Augmentation.from_name("2.5") == Augmentation.from_strength(2.5)


@pytest.mark.parametrize("name", ["", "huge", "11", "-1", "nan", "inf"])
def test_any_other_name_is_refused(name):
    with pytest.raises(RecipeError):
        Augmentation.from_name(name)


def test_naming_an_augmentation_does_not_import_tensorflow():
    code = "import sys; from headstart.data import AUGMENTATIONS; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


@pytest.mark.parametrize("name", ONE_AT_A_TIME)
def test_each_field_alone_changes_the_picture_and_stays_within_0_to_255(picture, name):
    augment = build_augmenter(ONE_AT_A_TIME[name])
    key = phase_key(0, 0)
    varied = [augment(picture, example_key(key, 0, example)).numpy() for example in range(8)]
    assert any(not np.allclose(view, picture, atol=1) for view in varied)
    for view in varied:
        assert view.shape == picture.shape
        assert view.dtype == np.float32
        assert view.min() >= 0
        assert view.max() <= 255


def test_no_augmentation_changes_nothing(picture):
    assert np.array_equal(build_augmenter(Augmentation())(picture, phase_key(0, 0)), picture)


@pytest.mark.parametrize(("name", "axis"), [("horizontal_flip", 1), ("vertical_flip", 0)])
def test_a_flip_is_exact_and_happens_to_about_half(picture, name, axis):
    varied = views(picture, ONE_AT_A_TIME[name], count=40)
    flipped = [np.array_equal(view, np.flip(picture, axis)) for view in varied]
    assert all(np.array_equal(view, picture) or is_flipped for view, is_flipped in zip(varied, flipped, strict=True))
    assert 10 <= sum(flipped) <= 30


STOCK_LAYERS = {
    "horizontal_flip": lambda: keras.layers.RandomFlip("horizontal"),
    "vertical_flip": lambda: keras.layers.RandomFlip("vertical"),
    "rotation_degrees": lambda: keras.layers.RandomRotation(45 / 360),
    "zoom": lambda: keras.layers.RandomZoom(0.225),
    "translation": lambda: keras.layers.RandomTranslation(0.25, 0.25),
    "brightness": lambda: keras.layers.RandomBrightness(0.25),
    "contrast": lambda: keras.layers.RandomContrast((0.25, 0.25)),
    "hue": lambda: keras.layers.RandomHue(0.25),
}


@pytest.mark.parametrize("name", STOCK_LAYERS)
def test_one_variation_alone_is_what_keras_own_layer_does_with_the_same_draws(picture, name):
    key = example_key(phase_key(5, 1), 2, 3)
    ours = build_augmenter(ONE_AT_A_TIME[name])(picture, key).numpy()

    layer = STOCK_LAYERS[name]()
    index = list(ONE_AT_A_TIME).index(name)
    image = tf.cast(picture, tf.float32)
    drawn = layer.get_random_transformation(image, training=True, seed=KeyedSeeds(fold(key, index)))
    stock = layer.transform_single_image(image, drawn).numpy()

    assert np.allclose(ours, stock, atol=0.05)


def test_combined_geometry_shows_what_keras_layers_one_after_another_show(picture):
    augmentation = Augmentation(horizontal_flip=True, rotation_degrees=20, zoom=0.2, translation=0.1)
    fields = list(ONE_AT_A_TIME)
    layers = {
        "horizontal_flip": keras.layers.RandomFlip("horizontal"),
        "rotation_degrees": keras.layers.RandomRotation(20 / 360),
        "zoom": keras.layers.RandomZoom(0.2),
        "translation": keras.layers.RandomTranslation(0.1, 0.1),
    }
    smooth = tf.image.resize(tf.cast(picture, tf.float32), (96, 128)).numpy()
    for example in range(4):
        key = example_key(phase_key(0, 0), 0, example)
        stacked = tf.constant(smooth)
        for name, layer in layers.items():
            seeds = KeyedSeeds(fold(key, fields.index(name)))
            stacked = layer.transform_single_image(
                stacked, layer.get_random_transformation(stacked, training=True, seed=seeds)
            )
        ours = build_augmenter(augmentation)(smooth, key).numpy()
        middle = np.s_[32:64, 44:84]  # away from the edges, where mirroring once or four times differs
        assert np.abs(ours[middle] - stacked.numpy()[middle]).mean() < 2


def test_translation_moves_by_the_fraction_drawn():
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[20, 20] = 255
    for view in views(pixels, Augmentation(translation=0.25), count=20):
        weights = view[..., 0] / max(1, view[..., 0].sum())
        centre = [(weights.sum(1 - axis) * np.arange(40)).sum() for axis in (0, 1)]
        assert np.abs(np.subtract(centre, 20)).max() <= 10.01


def test_contrast_falls_as_well_as_rises(picture):
    spread = [view.std() for view in views(picture, Augmentation(contrast=0.3), count=30)]
    assert min(spread) < picture.std() * 0.95
    assert max(spread) > picture.std() * 1.05


def test_saturation_falls_as_well_as_rises_and_spares_grey(picture):
    def colourfulness(image: np.ndarray) -> float:
        return float(np.ptp(image.astype(float), axis=-1).mean())

    varied = [colourfulness(view) for view in views(picture, Augmentation(saturation=0.4), count=30)]
    assert min(varied) < colourfulness(picture) * 0.9
    assert max(varied) > colourfulness(picture) * 1.1
    grey = np.full((4, 4, 3), 77, np.uint8)
    assert (views(grey, Augmentation(saturation=1, hue=1)) == 77).all()


def test_switching_one_variation_off_leaves_the_draws_of_the_others(picture):
    both = Augmentation(horizontal_flip=True, brightness=0.3)
    darker = [view.mean() for view in views(picture, dataclasses.replace(both, horizontal_flip=False))]
    assert [view.mean() for view in views(picture, both)] == pytest.approx(darker, abs=0.01)


def test_precision_policy_of_the_model_does_not_reach_the_pictures(picture):
    key = phase_key(0, 0)
    expected = build_augmenter(AUGMENTATIONS["strong"])(picture, key).numpy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        assert np.array_equal(build_augmenter(AUGMENTATIONS["strong"])(picture, key), expected)
    finally:
        keras.config.set_dtype_policy("float32")


def test_views_differ_from_each_other_and_repeat_with_their_seed(picture):
    images = np.stack([picture, picture])
    first = augment_views(images, AUGMENTATIONS["medium"], seed=1, num_views=3)
    assert first.shape == (3, 2, 24, 32, 3)
    assert first.dtype == np.uint8
    assert len({view.tobytes() for view in first.reshape(6, -1)}) == 6
    assert np.array_equal(first, augment_views(images, AUGMENTATIONS["medium"], seed=1, num_views=3))
    assert not np.array_equal(first, augment_views(images, AUGMENTATIONS["medium"], seed=2, num_views=3))


def test_keys_differ_in_seed_phase_epoch_and_example():
    keys = [
        tuple(example_key(phase_key(seed, phase), epoch, example).numpy().tolist())
        for seed in (0, 1, 2**40)
        for phase in (0, 1)
        for epoch in (0, 1, 2)
        for example in range(20)
    ]
    assert len(set(keys)) == len(keys)
