"""Grad-CAM points at what decides, in a model made by hand; every backbone is explained in test_contract.py."""

import keras
import numpy as np
import pytest

from headstart.errors import PredictionsError, UnknownStageError
from headstart.report import grad_cam, overlay
from headstart.report.heatmaps import BATCH_SIZE

SIZE = (32, 48)
RED, BLUE, NOTHING = 0, 1, 2
# Rows are colours, columns are classes: red speaks for the first and against the second, nothing for the third.
REASONS = np.array([[8.0, -2.0, -1.0], [0.0, 0.0, -1.0], [-4.0, 6.0, -1.0]], "float32")


def colour_model(*, step: int) -> keras.Model:
    """A model whose features are the colours, averaged over squares of `step` pixels, and whose reasons are known."""
    image = keras.Input((*SIZE, 3), name="image")
    brightness = keras.layers.Rescaling(1 / 255, name="brightness")(image)
    features = keras.layers.AveragePooling2D(step, name="features")(brightness)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(features)
    logits = keras.layers.Dense(3, use_bias=False, name="logits")
    model = keras.Model(image, logits(pooled))
    logits.set_weights([REASONS])
    return model


@pytest.fixture(scope="module")
def coarse() -> keras.Model:
    return colour_model(step=4)


@pytest.fixture(scope="module")
def fine() -> keras.Model:
    return colour_model(step=1)


def picture_with_patches() -> np.ndarray:
    """Faint noise, a red square at the upper left and a blue one at the lower right."""
    picture = np.random.default_rng(0).integers(0, 4, (*SIZE, 3))
    picture[4:12, 8:16] = [250, 0, 0]
    picture[20:28, 32:44] = [0, 0, 250]
    return picture


def share_inside(heat: np.ndarray, rows: slice, columns: slice) -> float:
    return float(heat[rows, columns].sum() / heat.sum())


def test_heat_lies_on_the_patch_that_decides_the_class(coarse):
    pictures = np.stack([picture_with_patches()] * 2)
    heat = grad_cam(coarse, pictures, np.array([RED, BLUE]), layer_name="features")
    assert heat.shape == (2, *SIZE)
    # Four pixels around a patch belong to it, since heat is laid out between squares of four.
    assert share_inside(heat[RED], slice(0, 16), slice(4, 20)) > 0.9
    assert share_inside(heat[BLUE], slice(16, 32), slice(28, 48)) > 0.9
    assert heat[RED, 8, 12] == heat[BLUE, 24, 38] == 1.0
    assert heat[RED, 24, 38] == heat[BLUE, 8, 12] == 0.0


def test_heat_moves_with_the_patch(coarse):
    picture = picture_with_patches()
    there, elsewhere = grad_cam(
        coarse, np.stack([picture, picture[::-1, ::-1]]), np.array([RED, RED]), layer_name="features"
    )
    np.testing.assert_allclose(elsewhere, there[::-1, ::-1], atol=1e-5)
    assert there[8, 12] == 1.0
    assert elsewhere[8, 12] == 0.0


@pytest.mark.parametrize("chosen", [RED, BLUE])
def test_heat_follows_the_equations_of_the_paper(fine, chosen):
    picture = np.random.default_rng(1).integers(0, 256, (*SIZE, 3))
    # The gradient of an average is the same everywhere, so that a class's reasons are its weights up to a factor.
    expected = np.maximum(picture / 255 @ REASONS[:, chosen], 0)
    (heat,) = grad_cam(fine, picture[None], np.array([chosen]), layer_name="features")
    np.testing.assert_allclose(heat, expected / expected.max(), atol=1e-5)


def test_values_lie_between_0_and_1_and_the_hottest_is_1(coarse):
    pictures = np.random.default_rng(2).integers(0, 256, (6, *SIZE, 3))
    heat = grad_cam(coarse, pictures, np.array([RED, BLUE] * 3), layer_name="features")
    assert heat.dtype == np.float32
    assert heat.min() >= 0.0
    np.testing.assert_array_equal(heat.max(axis=(1, 2)), 1.0)


def test_nothing_is_hot_where_nothing_speaks_for_the_class(coarse):
    heat = grad_cam(coarse, picture_with_patches()[None], np.array([NOTHING]), layer_name="features")
    assert not heat.any()


def test_pictures_are_explained_alike_alone_and_in_many_batches(coarse):
    pictures = np.random.default_rng(3).integers(0, 256, (BATCH_SIZE + 3, *SIZE, 3), "uint8")
    classes = np.arange(len(pictures)) % 2
    together = grad_cam(coarse, pictures, classes, layer_name="features")
    assert together.shape == (BATCH_SIZE + 3, *SIZE)
    for number in (0, BATCH_SIZE - 1, BATCH_SIZE, BATCH_SIZE + 2):
        one = slice(number, number + 1)
        np.testing.assert_allclose(
            grad_cam(coarse, pictures[one], classes[one], layer_name="features"), together[one], atol=1e-6
        )


def test_no_picture_gives_no_heat(coarse):
    assert grad_cam(coarse, np.zeros((0, *SIZE, 3)), [], layer_name="features").shape == (0, *SIZE)


def test_a_frozen_model_is_explained_and_stays_as_it_is():
    model = colour_model(step=4)
    model.trainable = False
    heat = grad_cam(model, picture_with_patches()[None], [RED], layer_name="features")
    assert heat[0, 8, 12] == 1.0
    np.testing.assert_array_equal(model.get_layer("logits").get_weights()[0], REASONS)
    assert not model.trainable


@pytest.mark.parametrize(
    ("name", "advice"),
    [("featurs", "Did you mean features"), ("pool", "features"), ("x", "last such layer, 'features'")],
)
def test_a_layer_that_does_not_exist_or_gives_no_map_is_refused_with_advice(coarse, name, advice):
    with pytest.raises(UnknownStageError, match=advice) as caught:
        grad_cam(coarse, picture_with_patches()[None], np.array([0]), layer_name=name)
    assert caught.value.received == name


@pytest.mark.parametrize(
    "classes", [[3], [-1], [0, 1], [], 0, [[0]], [0.5], ["red"]], ids=lambda classes: f"classes {classes}"
)
def test_anything_but_one_known_class_a_picture_is_refused(coarse, classes):
    with pytest.raises(PredictionsError, match="one class per image") as caught:
        grad_cam(coarse, picture_with_patches()[None], classes, layer_name="features")
    assert caught.value.expected == "1 class indices from 0 to 2"


def test_an_overlay_colours_what_is_hot_and_leaves_what_is_cold():
    image = np.full((2, 2, 3), 100.0)
    mixed = overlay(image, np.array([[0.0, 0.25], [0.5, 1.0]]))
    assert mixed.dtype == np.uint8
    assert mixed[0, 0].tolist() == [100, 100, 100]
    changes = np.abs(mixed.astype(int) - 100).max(axis=2).ravel()
    assert (changes[1:] > 0).all()
    # The hottest place is half the picture, half the end of the colour map, a pale yellow.
    assert mixed[1, 1].tolist() == pytest.approx([(100 + 252) / 2, (100 + 255) / 2, (100 + 164) / 2], abs=1.5)
