"""The real thing: ImageNet weights name real pictures that went through our reader, resizing and preprocessing."""

from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from headstart.backbones import build_backbone
from headstart.data import ImageSource

pytestmark = pytest.mark.shared

# Picture → the beginning of its line in imagenet1000_labels.txt. The owl is a burrowing owl, for which ImageNet has no
# class: its nearest one wins at 160 pixels and stands among the first five at 224, where Keras' own path says the same.
PICTURES = {"cat_720p.jpg": "Egyptian cat", "parrot.jpg": "macaw", "owl.jpg": "great grey owl"}


@pytest.fixture(scope="module")
def weights_path(shared_dir: Path) -> Path:
    return shared_dir / "weights" / "mobilenet_v2_imagenet1000.weights.h5"


@pytest.fixture(scope="module")
def class_names(shared_dir: Path) -> np.ndarray:
    lines = (shared_dir / "weights" / "imagenet1000_labels.txt").read_text(encoding="utf-8").splitlines()
    return np.array([line.split(",")[0] for line in lines])


@pytest.fixture(scope="module")
def load_pictures(shared_dir: Path) -> Callable[..., np.ndarray]:
    paths = [shared_dir / "weights" / "sample_images" / name for name in PICTURES]
    return lambda size, **options: ImageSource(paths, image_size=(size, size), **options).load_all()


@pytest.fixture(scope="module")
def build_classifier(weights_path: Path) -> Callable[[int], keras.Model]:
    """Our backbone below the classifier that its ImageNet weights were trained with."""

    def build(size: int) -> keras.Model:
        backbone = build_backbone("mobilenetv2", image_size=(size, size), weights=weights_path).model
        dense = keras.layers.Dense(1000, activation="softmax")
        model = keras.Model(backbone.input, dense(keras.layers.GlobalAveragePooling2D()(backbone.output)))
        with h5py.File(weights_path) as file:
            dense.set_weights([file[f"layers/dense/vars/{index}"][...] for index in range(2)])
        return model

    return build


@pytest.mark.parametrize("resize_mode", ["stretch", "pad"])
def test_mobilenet_v2_names_the_sample_pictures(build_classifier, load_pictures, class_names, resize_mode):
    probabilities = build_classifier(160).predict(load_pictures(160, resize_mode=resize_mode), verbose=0)
    assert list(class_names[probabilities.argmax(axis=1)]) == list(PICTURES.values())


def test_mobilenet_v2_answers_as_keras_own_model_with_keras_own_preprocessing(
    build_classifier, load_pictures, class_names, weights_path
):
    pictures = load_pictures(224)
    stock = keras.applications.MobileNetV2(classes=1000, weights=None)
    stock.load_weights(weights_path)
    normalised = keras.applications.mobilenet_v2.preprocess_input(pictures.astype("float32"))
    expected = stock.predict(normalised, verbose=0)
    probabilities = build_classifier(224).predict(pictures, verbose=0)
    np.testing.assert_allclose(probabilities, expected, atol=1e-4)
    first_five = class_names[np.argsort(-probabilities, axis=1)[:, :5]]
    assert all(name in names for name, names in zip(PICTURES.values(), first_five, strict=True))


def test_pictures_normalised_twice_are_not_recognised(build_classifier, load_pictures):
    model, pictures = build_classifier(160), load_pictures(160)
    right = model.predict(pictures, verbose=0)
    wrong = model.predict(pictures / np.float32(127.5) - 1, verbose=0)
    assert (wrong.max(axis=1) < 0.5 * right.max(axis=1)).any()
    assert (wrong.argmax(axis=1) != right.argmax(axis=1)).all()
