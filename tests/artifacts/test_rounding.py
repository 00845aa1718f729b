"""What is spared rounding to int8: what does most harm for what it costs, as little as answers allow."""

from dataclasses import replace

import keras
import numpy as np
import openvino as ov
import pytest
import tensorflow as tf

from headstart.artifacts import FORMATS, ServingModel, rounding
from headstart.artifacts.formats import load_named
from headstart.artifacts.openvino_export import bias_of, with_biases
from headstart.artifacts.rounding import (
    MIN_KEPT,
    Rounding,
    expected_changes,
    fewest_spared,
    fit_rounding,
    mean_shift,
)
from headstart.features import convert_graph
from headstart.tasks import ImageClassifier, build_serving_model
from headstart.trust import Calibration

INT8 = [name for name, each in FORMATS.items() if each.is_int8]
SIDE = 16
NUM_FEATURES = 512
COLOURS = np.array([[200, 90, 90], [90, 200, 90], [90, 90, 200]])


def weights(name: str, harm: float, num_weights: int) -> Rounding:
    return Rounding(name, harm, num_weights, is_of_weights=True)


def activations(name: str, harm: float, num_weights: int) -> Rounding:
    return Rounding(name, harm, num_weights, is_of_weights=False)


NARROW, WIDE, WIDER = weights("narrow", 0.2, 10), weights("wide", 0.3, 500), weights("wider", 0.3, 1000)
INPUT, SUM = activations("input", 0.3, 10), activations("sum", 0.3, 0)


def test_what_does_most_harm_for_the_weights_it_costs_is_spared_first():
    """A sum, which has no weights, counts like an average operation."""
    asked = []

    def changes(spared):
        asked.append([each.name for each in spared])
        return 1.0

    spared = fewest_spared([SUM, WIDER, WIDE, NARROW, INPUT], changes)
    assert [each.name for each in spared] == ["input", "narrow", "wide", "sum"]
    assert all(names == ["input", "narrow", "wide", "sum"][: len(names)] for names in asked)


def test_no_more_is_spared_than_answers_need():
    for enough in range(4):
        spared = fewest_spared([NARROW, WIDE, WIDER, INPUT], lambda names, enough=enough: float(len(names) < enough))
        assert len(spared) == min(enough, 3)


def test_a_fifth_of_the_weights_stays_int8_whatever_changes():
    all_weights = [weights(str(number), 1.0, 100) for number in range(100)]
    assert len(fewest_spared(all_weights, lambda _: 1.0)) == round(100 * (1 - MIN_KEPT))


def test_leads_of_pictures_that_were_not_learned_from_decide():
    """Of the others the model is so certain that rounding seems to do no harm."""
    certain = np.array([[0.99, 0.01], [0.02, 0.98]])
    rounded = np.array([[0.97, 0.03], [0.03, 0.97]])
    doubtful = np.array([[0.6, 0.4], [0.3, 0.7], [0.45, 0.55]])
    assert expected_changes(certain, rounded, held_out=certain, multi_label=False) == 0
    assert expected_changes(certain, rounded, held_out=doubtful, multi_label=False) > 0.5
    assert expected_changes(certain, rounded, held_out=doubtful, multi_label=True) > 0.5
    assert expected_changes(certain, certain, held_out=doubtful, multi_label=False) == 0


@pytest.mark.parametrize("multi_label", [False, True])
def test_what_rounding_moves_in_all_pictures_alike_changes_nothing(multi_label):
    logits, shift = np.random.default_rng(0).normal(0, 1, (20, 3)), np.array([0.5, -0.3, -0.2])
    model, rounded = (1 / (1 + np.exp(-one)) for one in (logits, logits + shift))
    if not multi_label:
        model, rounded = (np.exp(one) / np.exp(one).sum(axis=1, keepdims=True) for one in (logits, logits + shift))
    np.testing.assert_allclose(mean_shift(model, rounded, multi_label=multi_label), shift, atol=1e-9)
    assert expected_changes(model, rounded, held_out=model, multi_label=multi_label) == 0


def pictures_of(count: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 30, (count, SIDE, SIDE, 3))
    return (COLOURS[np.arange(count) % 3, np.newaxis, np.newaxis] + noise).clip(0, 255).astype("uint8")


@pytest.fixture(scope="module")
def fragile() -> ServingModel:
    """Tells three colours apart; large weights for what is always zero leave the others next to no steps of int8.

    Most weights are those of a pointwise convolution.
    """
    images = keras.Input((SIDE, SIDE, 3))
    given = keras.layers.Rescaling(1 / 255, name="preprocessing")(images)
    for number, (filters, side) in enumerate(((8, 3), (8, 3), (32, 3), (NUM_FEATURES, 1))):
        layer = keras.layers.Conv2D(
            filters,
            side,
            activation="relu",
            name=f"conv_{number}",
            kernel_initializer=keras.initializers.HeUniform(seed=number),
        )
        given = layer(given)
    pooled = keras.layers.GlobalAveragePooling2D(name="head_pool")(given)
    model = keras.Model(images, keras.layers.Dense(3, name="logits")(pooled), name="fragile")
    silent, (kernel, bias) = model.get_layer("conv_0"), model.get_layer("conv_0").get_weights()
    kernel[..., 0], bias[0] = 0, -1
    silent.set_weights([kernel, bias])
    kernel, bias = model.get_layer("conv_1").get_weights()
    kernel[:, :, 0] = 1000
    model.get_layer("conv_1").set_weights([kernel, bias])
    task = ImageClassifier(model, ("blue", "green", "red"), "fragile", {}, "conv_3")
    features = task.model_with_features.predict(pictures_of(48, seed=0).astype("float32"), verbose=0)[1]
    inputs, targets = np.hstack([features, np.ones((48, 1))]), 6 * np.eye(3)[np.arange(48) % 3] - 3
    solution = np.linalg.solve(inputs.T @ inputs + 1e-3 * np.eye(inputs.shape[1]), inputs.T @ targets)
    model.get_layer("logits").set_weights([solution[:-1], solution[-1]])
    calibration = Calibration(np.ones(3), np.eye(NUM_FEATURES)[:, :4], np.linspace(0, 0.2, 20), np.linspace(0, 0.1, 20))
    serving = build_serving_model(task, calibration)
    held_out = serving.model.predict(pictures_of(24, seed=1), verbose=0)["probabilities"]
    return replace(serving, calibration_pictures=pictures_of(24, seed=2), held_out=held_out)


def agreement(serving: ServingModel, name: str, folder) -> tuple[float, float]:
    """Of an int8 file with the model, and the share of its weights that are int8."""
    file = folder / FORMATS[name].path
    load_named(FORMATS[name].exporter)(serving, file)
    pictures = pictures_of(30, seed=3)
    answers = load_named(FORMATS[name].runtime)(file, serving.outputs).run(pictures)[0]
    same = answers.argmax(axis=1) == serving.model.predict(pictures, verbose=0)["probabilities"].argmax(axis=1)
    return float(same.mean()), load_named(FORMATS[name].int8_share)(file).stored


@pytest.mark.parametrize("name", INT8)
def test_weights_that_eight_bits_cannot_hold_stay_float_and_the_others_do_not(name, fragile, tmp_path, monkeypatch):
    same, stored = agreement(fragile, name, tmp_path)
    monkeypatch.setattr(rounding, "MAX_CHANGED", 1.0)
    same_of_all, all_stored = agreement(fragile, name, tmp_path)
    assert same_of_all < 0.98 <= same
    assert MIN_KEPT < stored < all_stored


def with_several_labels(serving: ServingModel) -> ServingModel:
    """The same logits, but every class says yes or no for itself."""
    logits = serving.model.get_layer("probabilities").input
    answers = keras.layers.Activation("sigmoid", dtype="float32", name="probabilities")(logits)
    model = keras.Model(serving.model.input, {**serving.model.output, "probabilities": answers})
    held_out = model.predict(pictures_of(24, seed=1), verbose=0)["probabilities"]
    return replace(serving, model=model, multi_label=True, held_out=held_out)


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("name", INT8)
def test_what_rounding_moves_on_average_is_made_up_for(name, multi_label, fragile, tmp_path, monkeypatch):
    monkeypatch.setattr(rounding, "MAX_CHANGED", 1.0)
    serving, file = with_several_labels(fragile) if multi_label else fragile, tmp_path / FORMATS[name].path
    load_named(FORMATS[name].exporter)(serving, file)
    answers = load_named(FORMATS[name].runtime)(file, serving.outputs).run(serving.calibration_pictures)[0]
    expected = serving.model.predict(serving.calibration_pictures, verbose=0)["probabilities"]
    assert np.abs(expected - answers).max() > 0.01
    assert np.abs(mean_shift(expected, answers, multi_label=multi_label)).max() < 1e-3


def test_openvino_answers_alike_in_one_stream_and_in_several(fragile, tmp_path, monkeypatch):
    """Whatever is spared: of some operations it computes nonsense in several streams."""
    monkeypatch.setattr(rounding, "MAX_CHANGED", -1.0)
    file = tmp_path / FORMATS["openvino-int8"].path
    load_named(FORMATS["openvino-int8"].exporter)(fragile, file)

    def answers(num_streams: int) -> np.ndarray:
        settings = {"INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": num_streams}
        return ov.compile_model(str(file), "CPU", settings)(pictures_of(6, seed=4))["probabilities"]

    np.testing.assert_allclose(answers(2), answers(1), atol=1e-5)


def test_convolutions_without_a_bias_get_one_that_can_make_up_for_rounding():
    images = keras.Input((SIDE, SIDE, 3))
    model = keras.Model(images, keras.layers.Conv2D(4, 3, padding="same", name="conv")(images))
    converted = convert_graph(tf.function(model).get_concrete_function(tf.TensorSpec((None, SIDE, SIDE, 3))))
    pictures = pictures_of(2, seed=5).astype("float32")
    before = ov.compile_model(converted, "CPU")(pictures)[0]
    (plain,) = (each for each in converted.get_ordered_ops() if each.get_type_name() == "Convolution")
    assert bias_of(plain) is None  # it was zero
    biased = with_biases(converted)
    (mended,) = (each for each in biased.get_ordered_ops() if each.get_type_name() == "Convolution")
    assert bias_of(mended).get_shape() == [1, 4, 1, 1]
    np.testing.assert_allclose(ov.compile_model(biased, "CPU")(pictures)[0], before, atol=1e-4)


@pytest.mark.parametrize("name", INT8)
def test_int8_without_answers_for_other_pictures_is_a_mistake(name, fragile, tmp_path):
    with pytest.raises(ValueError, match="held_out=None"):
        load_named(FORMATS[name].exporter)(replace(fragile, held_out=None), tmp_path / FORMATS[name].path)


@pytest.mark.parametrize(("certain", "is_measured"), [(0.99, False), (0.52, True)])
def test_single_roundings_are_measured_only_where_all_together_change_answers(certain, is_measured):
    """Rounding moves each answer by 0.05, one way or the other."""
    image = keras.Input((SIDE, SIDE, 3))
    answers = np.tile([certain, 1 - certain], (40, 1))
    serving = ServingModel(keras.Model(image, image), (SIDE, SIDE), "stretch", held_out=answers)
    moves = np.where(np.arange(40) % 2, 0.05, -0.05)[:, np.newaxis] * np.array([1, -1])
    rounding = Rounding("conv", harm=0.05, num_weights=0, is_of_weights=False)
    measured = []

    def measure():
        measured.append(True)
        return [rounding]

    spared, _ = fit_rounding(
        serving, answers, measure, lambda spared: answers if spared else (answers + moves).clip(1e-3, 1 - 1e-3)
    )
    assert bool(measured) is is_measured
    assert spared == ([rounding] if is_measured else [])
