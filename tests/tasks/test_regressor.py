"""A regressor is a plain Keras model that answers in the user's unit, and learns in deviations."""

import json
import re
import zipfile
from functools import cache

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from headstart.backbones import build_backbone, model_above
from headstart.data import Dataset, ImageSource
from headstart.errors import ClassNamesError
from headstart.features import ridge_start
from headstart.task_spec import REGRESSION
from headstart.tasks import ImageRegressor, RegressionLoss, build_regressor

NAMES = ("weight", "age")
MEANS, DEVIATIONS = (5000.0, 0.2), (1000.0, 0.01)


@cache
def network():
    return build_backbone("vgg19_mini", image_size=(32, 32), weights="builtin")


def build(names=NAMES, *, means=MEANS, deviations=DEVIATIONS, **options):
    return build_regressor(network(), names, means=means, deviations=deviations, **options)


@pytest.fixture(scope="module")
def regressor():
    return build(resize_mode="pad")


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), "uint8")


def dataset_of(targets, names=NAMES, root=None):
    rows = [{"path": f"{row}.png", "target": target, "group": "", "split": ""} for row, target in enumerate(targets)]
    return Dataset(pd.DataFrame(rows), names, root, task=REGRESSION)


def test_every_layer_with_weights_belongs_to_one_stage_or_to_the_head(regressor):
    owners = [layer for layers in regressor.stages.values() for layer in layers] + list(regressor.head_layers)
    assert len(owners) == len(set(owners))
    assert {layer.name for layer in regressor.model.layers if layer.weights} <= set(owners)
    assert regressor.tap_layers == ()


def test_answers_are_in_the_unit_of_each_number(regressor, pictures):
    task = build()
    task.model.get_layer("head_numbers").set_weights([np.zeros((128, 2)), np.array([1.0, -2.0])])
    assert task.model.output.dtype == "float32"
    np.testing.assert_allclose(task.model.predict_on_batch(pictures), [[6000.0, 0.18]] * 3, rtol=1e-6)
    assert (regressor.means.tolist(), regressor.deviations.tolist()) == (list(MEANS), list(DEVIATIONS))


def test_the_unit_of_the_last_layer_never_learns(regressor):
    assert not regressor.model.get_layer("logits").weights


def test_a_number_that_never_changed_has_deviation_one():
    assert build(("weight",), means=np.array([3.0]), deviations=np.array([0.0])).deviations.tolist() == [1.0]


def test_a_linear_solution_becomes_the_head(pictures):
    task = build()
    random = np.random.default_rng(0)
    kernel, bias = random.normal(size=(128, 2)) * DEVIATIONS, np.array(MEANS) + DEVIATIONS
    task.start_from(kernel, bias)
    numbers, features = task.model_with_features.predict_on_batch(pictures)
    expected = np.asarray(features, "float64") @ kernel + bias
    np.testing.assert_allclose((numbers - expected) / DEVIATIONS, 0.0, atol=1e-3)


def test_numbers_are_encoded_by_name_whatever_the_order_of_the_data(regressor):
    encoded = regressor.encode(dataset_of(["0.25;4000", "-1e-2;0"], ("age", "weight")))
    assert encoded.dtype == np.float32
    np.testing.assert_allclose(encoded, [[4000, 0.25], [0, -0.01]], rtol=1e-6)


@pytest.mark.parametrize("names", [("weight",), ("weight", "height"), ("weight", "age", "height")])
def test_other_numbers_are_refused(regressor, names):
    with pytest.raises(ClassNamesError) as caught:
        regressor.encode(dataset_of([";".join("1" for _ in names)], names))
    assert caught.value.expected == "weight, age"


def test_the_loss_is_hubers_in_deviations(regressor):
    truth = np.array([[5000.0, 0.2], [5000.0, 0.2]], "float32")
    answers = truth + np.array([[500.0, 0.03], [-2000.0, 0.0]], "float32")
    expected = np.mean([[0.5**2 / 2, 3 - 0.5], [2 - 0.5, 0.0]])
    loss = regressor.loss(label_smoothing=0.1)
    assert float(loss(truth, answers)) == pytest.approx(expected, rel=1e-4)
    again = RegressionLoss.from_config(loss.get_config())
    assert float(again(truth, answers)) == float(loss(truth, answers))


def test_training_shows_the_error_in_its_unit_where_there_is_one(regressor):
    truth, answers = np.array([[5000.0, 0.2]], "float32"), np.array([[5500.0, 0.23]], "float32")
    (several,) = regressor.metrics()
    several.update_state(truth, answers)
    assert several.name == "mean_standardised_error"
    assert float(several.result()) == pytest.approx((0.5 + 3) / 2, rel=1e-4)
    (single,) = build(("weight",), means=MEANS[:1], deviations=DEVIATIONS[:1]).metrics()
    single.update_state(truth[:, :1], answers[:, :1])
    assert (single.name, float(single.result())) == ("mean_absolute_error", 500.0)


def test_training_makes_the_loss_smaller(pictures):
    task = build(dropout=0.0)
    targets = np.array([[3000.0, 0.21], [7000.0, 0.19], [5200.0, 0.2]], "float32")
    _, features = task.model_with_features.predict_on_batch(pictures)
    head = model_above(task.model, ["head_pool"])
    head.compile(keras.optimizers.AdamW(3e-2), loss=task.loss(), metrics=task.metrics())
    losses = [head.train_on_batch(features, targets)[0] for _ in range(20)]
    assert losses[-1] < 0.9 * losses[0]
    assert task.decode(task.model.predict_on_batch(pictures)).dtype == np.float64


def test_a_few_pictures_can_be_learned_by_heart(pictures):
    task = build()
    targets = np.array([[3000.0, 0.21], [7000.0, 0.19], [5200.0, 0.2]])
    _, features = task.model_with_features.predict_on_batch(pictures)
    start = ridge_start(features, targets, features, targets, strengths=[1e4])
    task.start_from(start.kernel, start.bias)
    np.testing.assert_allclose((task.model.predict_on_batch(pictures) - targets) / DEVIATIONS, 0.0, atol=0.05)


def test_prediction_answers_for_every_picture_in_order(regressor, tmp_path, pictures):
    for number, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    source = ImageSource([tmp_path / f"{number}.png" for number in range(3)], image_size=(32, 32))
    answers = regressor.predict(source, batch_size=2)
    np.testing.assert_allclose(answers, regressor.model.predict_on_batch(pictures), rtol=1e-5)


def test_everything_about_a_regressor_travels_in_its_file_and_its_facts(regressor, tmp_path, pictures):
    regressor.model.save(tmp_path / "model.keras")
    loaded = ImageRegressor.from_file(tmp_path / "model.keras", json.loads(json.dumps(regressor.facts())))
    assert loaded.facts() == regressor.facts()
    assert (loaded.image_size, loaded.head_layers) == (regressor.image_size, regressor.head_layers)
    assert (loaded.means.tolist(), loaded.deviations.tolist()) == (list(MEANS), list(DEVIATIONS))
    numbers = regressor.model.predict_on_batch(pictures)
    assert np.array_equal(loaded.model.predict_on_batch(pictures), numbers)
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        modules = re.findall(r'"module": "([^"]+)"', archive.read("config.json").decode())
    assert {module.partition(".")[0] for module in modules} == {"keras"}
