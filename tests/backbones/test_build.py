"""Building backbones: sizes, names, precision, and models that live without this package."""

import subprocess
import sys
from collections.abc import Iterator

import keras
import numpy as np
import pytest
from family_backbones import family_backbone

from headstart.backbones import Backbone, build_backbone, find_backbone, stage_layers
from headstart.errors import ImageSizeError


@pytest.fixture(scope="module")
def mini() -> Backbone:
    return build_backbone("vgg19_mini", image_size=(48, 64), weights="none")


@pytest.fixture
def half_precision() -> Iterator[None]:
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy(policy)


def test_uint8_and_float32_pictures_give_the_same_features(mini):
    images = np.random.default_rng(0).integers(0, 256, (2, 48, 64, 3), dtype=np.uint8)
    whole, real = mini.model(images), mini.model(images.astype("float32"))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(whole), keras.ops.convert_to_numpy(real))


def test_image_size_is_height_then_width(mini):
    assert mini.model.input.shape == (None, 48, 64, 3)
    assert mini.stage_output("block2").shape == (None, 12, 16, 32)


def test_without_a_size_the_weights_decide():
    assert build_backbone("vgg19_mini", weights="none").image_size == find_backbone("vgg19_mini").image_size


@pytest.mark.parametrize("size", [(31, 64), (64, 31), (0, 0)])
def test_too_small_pictures_are_refused_with_the_smallest_size(size):
    with pytest.raises(ImageSizeError, match="at least 32 x 32") as caught:
        build_backbone("vgg19", image_size=size, weights="none")
    assert "--image-size" in str(caught.value)


def test_the_smallest_size_is_the_backbones_own():
    with pytest.raises(ImageSizeError, match="at least 75 x 75"):
        build_backbone("inceptionv3", image_size=(74, 80), weights="none")


def test_layer_names_do_not_depend_on_what_was_built_before():
    first = [
        layer.name for layer in build_backbone("mobilenetv3small", image_size=(32, 32), weights="none").model.layers
    ]
    again = [
        layer.name for layer in build_backbone("mobilenetv3small", image_size=(32, 32), weights="none").model.layers
    ]
    assert first == again


def test_an_unnamed_layer_on_top_does_not_take_a_name_of_the_backbone():
    backbone = build_backbone("mobilenetv3small", image_size=(32, 32), weights="none")
    model = keras.Model(backbone.model.input, keras.layers.Activation("relu")(backbone.model.output))
    names = [layer.name for layer in model.layers]
    assert len(set(names)) == len(names)


def test_stages_of_a_model_with_a_head_leave_the_head_out(mini):
    features = keras.layers.GlobalAveragePooling2D(name="head_pool")(mini.model.output)
    model = keras.Model(mini.model.input, keras.layers.Dense(2, name="logits")(features))
    assert stage_layers(model, mini.spec) == stage_layers(mini.model, mini.spec)
    assert stage_layers(model, mini.spec)["block1"] == ("block1_conv1", "block1_conv2", "block1_pool")


def test_stages_are_known_after_the_model_was_cut_in_two(mini):
    before = stage_layers(mini.model, mini.spec)
    tensor = keras.Input(mini.stage_output("block4").shape[1:])
    features = tensor
    for name in before["block5"]:
        features = mini.model.get_layer(name)(features)
    assert stage_layers(mini.model, mini.spec) == before


@pytest.mark.usefixtures("half_precision")
def test_layers_follow_the_dtype_policy():
    backbone = build_backbone("vgg19_mini", image_size=(32, 32), weights="none")
    assert backbone.model.get_layer("block1_conv1").compute_dtype == "float16"
    assert backbone.model.output.dtype == "float16"
    brightest = np.full((1, 32, 32, 3), 255, np.uint8)
    assert np.isfinite(keras.ops.convert_to_numpy(backbone.model(brightest))).all()


# Between them every kind of operation that is not in keras.layers: flip, sums, products, layer scale, scaled sums.
@pytest.mark.parametrize(
    "names",
    [("VGG", "MobileNetV3"), pytest.param(("ConvNeXt", "EfficientNet", "InceptionResNet"), marks=pytest.mark.slow)],
)
def test_the_keras_file_loads_safely_where_this_package_is_not(names, tmp_path):
    for name in names:
        model = family_backbone(name).model
        images = np.random.default_rng(0).integers(0, 256, (2, *model.input_shape[1:])).astype("float32")
        model.save(tmp_path / f"{name}.keras")
        np.savez(tmp_path / f"{name}.npz", images=images, features=keras.ops.convert_to_numpy(model(images)))
    code = """
import sys
sys.modules["headstart"] = None
import keras, numpy as np
for name in sys.argv[1:]:
    case = np.load(f"{name}.npz")
    model = keras.models.load_model(f"{name}.keras", safe_mode=True)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model(case["images"])), case["features"], atol=1e-5)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, *names], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_flip_to_bgr_survives_a_saved_model(mini, tmp_path):
    import tensorflow as tf  # noqa: PLC0415

    mini.model.export(tmp_path / "saved", format="tf_saved_model", verbose=False)
    images = np.random.default_rng(0).integers(0, 256, (2, 48, 64, 3)).astype("float32")
    saved = tf.saved_model.load(tmp_path / "saved")
    np.testing.assert_allclose(
        saved.serve(images), keras.ops.convert_to_numpy(mini.model(images)), rtol=1e-4, atol=1e-5
    )
