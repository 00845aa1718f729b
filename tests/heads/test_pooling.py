"""The head of a classifier reads the last feature map, or those of several stages."""

import json

import numpy as np
import pytest

from headstart.backbones import build_backbone, cut_model, separating_layers
from headstart.heads import num_pooled_features, read_task, stages_read
from headstart.tasks import ImageClassifier, build_classifier

NAMES = ("ant", "mole")


@pytest.fixture(scope="module", params=["vgg19_mini", "mobilenetv2"])
def backbone(request):
    return build_backbone(request.param, image_size=(32, 32), weights="none")


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype("float32")


def layers_of(task):
    return [(layer.name, type(layer).__name__, layer.get_config()) for layer in task.model.layers]


def test_a_head_of_one_stage_is_average_dropout_and_dense_layer(backbone):
    task = build_classifier(backbone, NAMES)
    assert task.head_layers == ("head_pool", "head_dropout", "logits")
    assert [type(task.model.get_layer(name)).__name__ for name in task.head_layers] == [
        "GlobalAveragePooling2D",
        "Dropout",
        "Dense",
    ]
    assert task.model.get_layer("head_pool").input is backbone.model.output
    assert layers_of(build_classifier(backbone, NAMES, num_stages=1)) == layers_of(task)


@pytest.mark.parametrize("num_stages", [2, 4])
def test_the_averages_of_each_of_several_stages_are_divided_by_their_root_mean_square(backbone, images, num_stages):
    task = build_classifier(backbone, NAMES, num_stages=num_stages)
    _, features = task.model_with_features(images)
    expected = []
    for stage in backbone.spec.stages[-num_stages:]:
        averages = np.asarray(cut_model(backbone.model, stage.layer).lower(images)).mean(axis=(1, 2))
        expected.append(averages / np.sqrt((averages**2).mean(axis=1, keepdims=True)))
    np.testing.assert_allclose(features, np.concatenate(expected, axis=1), rtol=1e-4, atol=1e-5)
    assert features.shape[1] == num_pooled_features(backbone, num_stages)
    assert stages_read(backbone.spec, num_stages) == backbone.spec.stages[-num_stages:]


def test_a_model_of_several_stages_is_cut_at_its_pooled_features_and_not_below(backbone, images):
    model = build_classifier(backbone, NAMES, num_stages=4).model
    assert "head_pool" in separating_layers(model)
    assert backbone.spec.stages[-2].layer not in separating_layers(model)
    halves = cut_model(model, "head_pool")
    np.testing.assert_allclose(halves.upper(halves.lower(images)), model(images), atol=1e-5)


def test_a_saved_classifier_of_several_stages_is_read_with_its_head(backbone, images, tmp_path):
    task = build_classifier(backbone, NAMES, num_stages=4)
    task.model.save(tmp_path / "model.keras")
    read = read_task(tmp_path / "model.keras", json.loads(json.dumps(task.facts())))
    assert isinstance(read, ImageClassifier)
    assert read.head_layers == task.head_layers
    assert len(read.head_layers) == 3 * 4 + 3
    for one, other in zip(read.model_with_features(images), task.model_with_features(images), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
