"""Cutting a model in two; that every backbone can be cut at every stage stands in test_contract.py."""

import keras
import numpy as np
import pytest

from headstart.backbones import build_backbone, cut_model, separating_layers
from headstart.backbones.graph import ancestors, parents
from headstart.errors import UnknownStageError
from headstart.tasks import build_classifier
from headstart.training import set_trainable


@pytest.fixture
def classifier():
    backbone = build_backbone("vgg19_mini", image_size=(32, 32), weights="builtin")
    return build_classifier(backbone, ("cat", "dog", "owl"))


@pytest.fixture(scope="module")
def mobilenet():
    return build_backbone("mobilenetv2", image_size=(32, 32), weights="none").model


def pictures(number: int, side: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (number, side, side, 3)).astype("float32")


def answer(model: keras.Model, images: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(images, training=False))


def branching_model() -> keras.Model:
    """Two outputs, and a block that a bare operation closes."""
    image = keras.Input((4,), name="image")
    stem = keras.layers.Dense(4, name="stem")(image)
    total = stem + keras.layers.Dense(4, name="branch")(stem)
    top = keras.layers.Dense(4, name="top")(total)
    return keras.Model(image, [keras.layers.Dense(2, name="left")(top), keras.layers.Dense(3, name="right")(top)])


def test_layers_that_separate_are_those_that_every_path_goes_through(mobilenet):
    below = parents(mobilenet)

    def separates(name: str) -> bool:
        under = ancestors(below, name)
        return all(high in under or not under.intersection(inputs) - {name} for high, inputs in below.items())

    expected = {layer.name for layer in mobilenet.layers if separates(layer.name)}
    assert set(separating_layers(mobilenet)) == expected
    assert {"image", "block_12_add", "out_relu"} <= expected
    assert "block_12_project_BN" not in expected


def test_bare_operations_and_several_outputs_are_understood():
    model = branching_model()
    assert separating_layers(model) == ("image", "stem", "top")
    cut = cut_model(model, "stem")
    images = np.ones((2, 4), "float32")
    for whole, again in zip(model(images), cut.upper(cut.lower(images)), strict=True):
        np.testing.assert_array_equal(whole, again)


def test_a_layer_inside_a_block_is_refused_and_its_neighbours_are_named(mobilenet):
    with pytest.raises(UnknownStageError, match=r"shortcut goes past.* block_11_add below it, block_12_add"):
        cut_model(mobilenet, "block_12_project_BN")


def test_a_layer_that_does_not_exist_is_refused(mobilenet):
    with pytest.raises(UnknownStageError, match="no layer 'block99_pool'"):
        cut_model(mobilenet, "block99_pool")


def test_halves_are_flat_and_made_of_the_models_own_layers(classifier):
    model = classifier.model
    cut = cut_model(model, "block3_pool")
    for half in (cut.lower, cut.upper):
        layers = [layer for layer in half.layers if not isinstance(layer, keras.layers.InputLayer)]
        assert all(model.get_layer(layer.name) is layer for layer in layers)
        assert not any(isinstance(layer, keras.Model) for layer in half.layers)
    assert cut.upper.get_layer("logits") is model.get_layer("logits")


def test_cut_at_the_pixels_leaves_everything_above(classifier):
    images = pictures(2)
    cut = cut_model(classifier.model, "image")
    assert cut.upper is classifier.model
    np.testing.assert_array_equal(answer(cut.lower, images), images)


def test_cut_at_the_output_leaves_nothing_above(classifier):
    images = pictures(2)
    cut = cut_model(classifier.model, "logits")
    logits = answer(cut.lower, images)
    np.testing.assert_array_equal(logits, answer(classifier.model, images))
    np.testing.assert_array_equal(answer(cut.upper, logits), logits)


def test_training_the_upper_half_trains_the_model_and_leaves_the_lower_half_bit_equal(classifier):
    model = classifier.model
    set_trainable(classifier, unfreeze_from="block5")
    cut = cut_model(model, "block4_pool")
    assert len(cut.upper.trainable_weights) == len(model.trainable_weights) == 10
    before = {variable.path: variable.numpy() for variable in model.weights}
    cut.upper.compile("sgd", classifier.loss())
    cut.upper.fit(answer(cut.lower, pictures(6)), np.eye(3)[[0, 1, 2, 0, 1, 2]], epochs=2, verbose=0)
    changed = {path for path, value in before.items() if not np.array_equal(value, _value(model, path))}
    assert changed == {variable.path for variable in cut.upper.weights}
    assert not changed & {variable.path for variable in cut.lower.weights}
    np.testing.assert_allclose(
        answer(model, pictures(2)), answer(cut.upper, answer(cut.lower, pictures(2))), rtol=1e-5, atol=1e-5
    )


def _value(model: keras.Model, path: str) -> np.ndarray:
    return next(variable.numpy() for variable in model.weights if variable.path == path)


def test_flags_set_on_the_model_count_in_the_upper_half_whenever_they_are_set(classifier):
    cut = cut_model(classifier.model, "block3_pool")
    set_trainable(classifier, unfreeze_from=None)
    assert {variable.path for variable in cut.upper.trainable_weights} == {"logits/kernel", "logits/bias"}


def test_weights_of_the_upper_half_travel_through_a_file(classifier, tmp_path):
    cut = cut_model(classifier.model, "block4_pool")
    images, path = pictures(2), tmp_path / "upper.weights.h5"
    logits = answer(classifier.model, images)
    cut.upper.save_weights(path)
    for variable in cut.upper.weights:
        variable.assign(variable + 1)
    assert not np.array_equal(answer(classifier.model, images), logits)
    cut.upper.load_weights(path)
    np.testing.assert_array_equal(answer(classifier.model, images), logits)


def test_a_model_that_was_cut_is_saved_like_any_other(classifier, tmp_path):
    cut_model(classifier.model, "block4_pool")
    classifier.model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(answer(loaded, pictures(2)), answer(classifier.model, pictures(2)))


def test_a_half_can_be_cut_again(mobilenet):
    images = pictures(2)
    outer = cut_model(mobilenet, "block_6_project_BN")
    inner = cut_model(outer.upper, "block_12_add")
    activation = answer(inner.lower, answer(outer.lower, images))
    whole = answer(mobilenet, images)
    np.testing.assert_allclose(answer(inner.upper, activation), whole, rtol=0, atol=1e-5 * np.abs(whole).max())
