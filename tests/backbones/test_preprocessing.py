"""Preprocessing inside the model against Keras' own."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from keras.src.applications import imagenet_utils

from headstart.backbones import BACKBONES
from headstart.backbones.preprocessing import LAYER_NAME, preprocess


def _model(name: str) -> keras.Model:
    image = keras.Input((4, 6, 3))
    return keras.Model(image, preprocess(image, BACKBONES[name].preprocessing))


CAFFE, TF, TORCH = (_model(name) for name in ("vgg19", "mobilenetv2", "densenet121"))


@pytest.mark.parametrize(
    ("model", "mode"), [(CAFFE, "caffe"), (TF, "tf"), (TORCH, "torch")], ids=["caffe", "tf", "torch"]
)
@settings(deadline=None, max_examples=20)
@given(images=arrays(np.uint8, (2, 4, 6, 3)))
def test_equals_the_function_of_keras(model, mode, images):
    expected = imagenet_utils.preprocess_input(images.astype("float32"), mode=mode)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model(images)), expected, atol=1e-4)


def test_blue_comes_first_for_networks_of_caffe():
    red = np.zeros((1, 4, 6, 3), "float32")
    red[..., 0] = 255
    pixel = keras.ops.convert_to_numpy(CAFFE(red))[0, 0, 0]
    np.testing.assert_allclose(pixel, [-103.939, -116.779, 255 - 123.68], atol=1e-4)


def test_efficientnet_divides_by_the_deviation_and_by_its_root():
    image = keras.Input((4, 6, 3))
    corrected = preprocess(image, BACKBONES["efficientnetb0"].preprocessing)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    inside = keras.layers.Normalization(mean=mean, variance=std**2)(keras.layers.Rescaling(1 / 255)(corrected))
    images = np.random.default_rng(0).integers(0, 256, (2, 4, 6, 3)).astype("float32")
    normalised = keras.ops.convert_to_numpy(keras.Model(image, inside)(images))
    np.testing.assert_allclose(normalised, (images / 255 - mean) / std / np.sqrt(std), atol=1e-4)


def test_nothing_stands_in_front_of_a_network_that_normalises_inside():
    image = keras.Input((4, 6, 3))
    assert preprocess(image, BACKBONES["convnexttiny"].preprocessing) is image


def test_every_layer_in_front_has_the_same_name():
    for model in (CAFFE, TF, TORCH):
        assert LAYER_NAME in [layer.name for layer in model.layers]


def test_facts_describe_what_the_layers_do():
    images = np.random.default_rng(0).integers(0, 256, (1, 4, 6, 3)).astype("float32")
    for name, model in (("vgg19", CAFFE), ("mobilenetv2", TF), ("densenet121", TORCH)):
        facts = BACKBONES[name].preprocessing
        pixels = images[..., ::-1] if facts.channels == "BGR" else images
        described = (pixels * facts.scale - np.array(facts.mean)) / np.array(facts.std)
        np.testing.assert_allclose(keras.ops.convert_to_numpy(model(images)), described, atol=1e-4)
