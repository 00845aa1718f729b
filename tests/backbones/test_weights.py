"""Where weights come from, and what happens when they do not fit."""

import hashlib
import shutil
import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from headstart.backbones import build_backbone
from headstart.errors import WeightsDownloadError, WeightsMismatchError, WeightsNotFoundError

SIZE = (32, 32)


@pytest.fixture(scope="module")
def network() -> keras.Model:
    """Keras' own MobileNet with a classifier of three classes and weights unlike any other."""
    keras.utils.set_random_seed(3)
    return keras.applications.MobileNet(weights=None, classes=3, input_shape=(*SIZE, 3))


@pytest.fixture(scope="module")
def files(network: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same weights in every kind of file, with and without the classifier."""
    folder = tmp_path_factory.mktemp("weights")
    trunk = keras.Model(network.input, network.get_layer("conv_pw_13_relu").output)
    nested = keras.Sequential([keras.Input((*SIZE, 3)), keras.layers.RandomFlip(), trunk, keras.layers.Flatten()])
    names = ("new.weights.h5", "new_top.weights.h5", "old.h5", "old_top.h5", "whole.h5", "whole.keras", "nested.keras")
    paths = {name: folder / name for name in names}
    trunk.save_weights(paths["new.weights.h5"])
    network.save_weights(paths["new_top.weights.h5"])
    for name, model in (("old.h5", trunk), ("old_top.h5", network)):
        with h5py.File(paths[name], "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, model)
    network.save(paths["whole.h5"])
    network.save(paths["whole.keras"])
    nested.save(paths["nested.keras"])
    return paths


@pytest.mark.parametrize(
    "name",
    ["new.weights.h5", "new_top.weights.h5", "old.h5", "old_top.h5", "whole.h5", "whole.keras", "nested.keras"],
)
def test_every_kind_of_file_fills_every_weight(files, network, name):
    backbone = build_backbone("mobilenet", image_size=SIZE, weights=files[name])
    for layer in backbone.model.layers:
        for weight, expected in zip(layer.get_weights(), _weights(network, layer.name), strict=True):
            np.testing.assert_array_equal(weight, expected)


def _weights(network: keras.Model, layer_name: str) -> list[np.ndarray]:
    known = {layer.name for layer in network.layers}
    return network.get_layer(layer_name).get_weights() if layer_name in known else []


def test_the_record_holds_the_checksum_of_the_file(files):
    record = build_backbone("mobilenet", image_size=SIZE, weights=str(files["old.h5"])).weights
    assert record.path == files["old.h5"]
    assert record.source == str(files["old.h5"])
    assert record.sha256 == hashlib.sha256(files["old.h5"].read_bytes()).hexdigest()


def test_random_weights_leave_no_file_in_the_record():
    record = build_backbone("mobilenet", image_size=SIZE, weights="none").weights
    assert (record.source, record.path, record.sha256) == ("none", None, None)


def test_random_weights_follow_the_seed():
    keras.utils.set_random_seed(5)
    first = build_backbone("vgg19_mini", image_size=SIZE, weights="none").model.get_weights()
    keras.utils.set_random_seed(5)
    second = build_backbone("vgg19_mini", image_size=SIZE, weights="none").model.get_weights()
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


@pytest.mark.parametrize("name", ["new.weights.h5", "old.h5", "whole.keras"])
def test_weights_of_another_network_are_refused_with_its_name(files, name):
    with pytest.raises(WeightsMismatchError, match="do not fit MobileNetV2") as caught:
        build_backbone("mobilenetv2", image_size=SIZE, weights=files[name])
    assert "2,257,984 parameters" in str(caught.value)
    if name != "whole.keras":
        assert "as MobileNet has" in caught.value.received
        assert "--backbone mobilenet." in caught.value.hint


def test_shapes_that_differ_are_named(files):
    with pytest.raises(WeightsMismatchError, match=r"\(3, 3, 3, 32\)"):
        build_backbone("vgg19_mini", image_size=SIZE, weights=files["old.h5"])


@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".keras"])
@pytest.mark.parametrize("contents", [b"", b"no weights at all", b"PK\x03\x04 no archive"])
def test_a_file_that_is_none_is_refused(tmp_path, ending, contents):
    path = tmp_path / f"weights{ending}"
    path.write_bytes(contents)
    with pytest.raises(WeightsMismatchError, match="damaged or no weights file"):
        build_backbone("vgg19_mini", image_size=SIZE, weights=path)


@pytest.mark.parametrize("name", ["new.weights.h5", "old.h5", "whole.keras"])
def test_half_a_file_is_refused(files, tmp_path, name):
    path = tmp_path / name
    whole = files[name].read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsMismatchError):
        build_backbone("mobilenet", image_size=SIZE, weights=path)


def test_keras_3_weights_under_another_ending_tell_how_to_rename_them(files, tmp_path):
    path = shutil.copy(files["new.weights.h5"], tmp_path / "mobilenet.h5")
    with pytest.raises(WeightsMismatchError, match=r"ends in \.weights\.h5"):
        build_backbone("mobilenet", image_size=SIZE, weights=path)


def test_names_too_many_for_one_attribute_are_read(files, tmp_path):
    path = Path(shutil.copy(files["old.h5"], tmp_path / "old.h5"))
    with h5py.File(path, "r+") as file:
        names = file.attrs["layer_names"]
        del file.attrs["layer_names"]
        file.attrs["layer_names0"], file.attrs["layer_names1"] = names[:40], names[40:]
    assert build_backbone("mobilenet", image_size=SIZE, weights=path).weights.sha256


def test_an_unsafe_model_file_is_refused(tmp_path):
    pixels = keras.Input((*SIZE, 3))
    path = tmp_path / "unsafe.keras"
    keras.Model(pixels, keras.layers.Lambda(lambda x: x)(pixels)).save(path)
    with pytest.raises(WeightsMismatchError, match="do not fit"):
        build_backbone("vgg19_mini", image_size=SIZE, weights=path)


def test_a_path_where_nothing_is_is_refused(tmp_path):
    with pytest.raises(WeightsNotFoundError, match="does not exist"):
        build_backbone("vgg19_mini", image_size=SIZE, weights=tmp_path / "missing.weights.h5")
    with pytest.raises(WeightsNotFoundError, match="a folder"):
        build_backbone("vgg19_mini", image_size=SIZE, weights=tmp_path)


def test_only_the_built_in_backbone_has_built_in_weights():
    with pytest.raises(WeightsNotFoundError, match="--backbone vgg19_mini --weights builtin"):
        build_backbone("vgg19", image_size=SIZE, weights="builtin")


def test_the_built_in_backbone_has_no_imagenet_weights():
    with pytest.raises(WeightsNotFoundError, match="--weights builtin"):
        build_backbone("vgg19_mini", image_size=SIZE, weights="imagenet")


def test_built_in_weights_are_those_of_the_package():
    backbone = build_backbone("vgg19_mini", image_size=SIZE, weights="builtin")
    with h5py.File(backbone.weights.path) as file:
        np.testing.assert_array_equal(
            backbone.model.get_layer("block1_conv1").get_weights()[0], file["layers/conv2d/vars/0"][:]
        )


def test_a_failed_download_tells_what_to_fetch_where_to_put_it_and_the_way_without(monkeypatch):
    monkeypatch.setenv("KERAS_HOME", "/somewhere/keras")

    def fail(*_: object, **__: object) -> str:
        raise Exception("URL fetch failure on https://...: None -- [Errno -2] Name or service not known")

    monkeypatch.setattr(keras.utils, "get_file", fail)
    with pytest.raises(WeightsDownloadError) as caught:
        build_backbone("vgg19", image_size=SIZE, weights="imagenet")
    message = str(caught.value)
    file_name = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
    assert f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{file_name}" in message
    assert f"/somewhere/keras/models/{file_name}" in message
    assert "--weights FILE" in message
    assert "--backbone vgg19_mini --weights builtin" in message
    assert "Name or service not known" in message


def test_a_download_is_asked_for_by_name_address_and_hash_and_reports_on_stderr(monkeypatch, capsys, files):
    asked = {}

    def fetch(file_name: str, origin: str, **rest: object) -> str:
        sys.stdout.write("Downloading")
        asked.update(file_name=file_name, origin=origin, **rest)
        return str(files["old.h5"])

    monkeypatch.setattr(keras.utils, "get_file", fetch)
    record = build_backbone("mobilenet", image_size=SIZE, weights="imagenet").weights
    assert asked["origin"].endswith(asked["file_name"])
    assert (asked["cache_subdir"], asked["file_hash"]) == ("models", None)
    assert (record.source, record.path) == ("imagenet", files["old.h5"])
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Downloading" in printed.err
