"""A `.keras` file is layers that compute, or Keras never sees it."""

import json
import zipfile

import keras
import pytest

from headstart.files import UnusableFileError, check_keras_file
from headstart.heads import load_stock_model


def saved(path, *layers):
    images = keras.Input((8, 8, 3))
    answer = images
    for layer in layers:
        answer = layer(answer)
    keras.Model(images, answer).save(path)
    return path


def with_config(path, change):
    """The same file with another configuration."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def layer(name, module, **config):
    """Puts a layer of a class in the place of the second."""

    def change(content):
        content["config"]["layers"][1] |= {"class_name": name, "module": module, "registered_name": None}
        content["config"]["layers"][1]["config"] |= config

    return change


def activation(content):
    named = {"class_name": "function", "config": "get_file", "module": "keras.utils", "registered_name": "get_file"}
    content["config"]["layers"][1]["config"]["activation"] = named


REFUSED = {
    "a vocabulary from a file": layer("StringLookup", "keras.layers", vocabulary="/etc/passwd"),
    "words from a file": layer("TextVectorization", "keras.layers", vocabulary="/etc/passwd"),
    "a SavedModel": layer("TFSMLayer", "keras.layers", filepath="/tmp/model", call_endpoint="serve"),
    "pickled PyTorch": layer("TorchModuleWrapper", "keras.layers", module_="x"),
    "a function of Keras": activation,
    "Python code": layer("Lambda", "keras.layers", function={"class_name": "__lambda__", "config": {"code": "4wEA"}}),
    "another package": layer("Dense", "os.path"),
    "a name that is none": layer(["Dense"], "keras.layers"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_part_that_does_more_than_compute_is_refused(name, tmp_path):
    path = with_config(saved(tmp_path / "a.keras", keras.layers.Dense(2)), REFUSED[name])
    for read in (check_keras_file, load_stock_model):
        with pytest.raises(UnusableFileError, match="without code of its own"):
            read(path)


def test_how_a_model_was_trained_is_not_loaded_and_not_judged(tmp_path):
    path = saved(tmp_path / "a.keras", keras.layers.Dense(2))
    check_keras_file(with_config(path, lambda config: config.update(compile_config={"class_name": "Mine"})))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04", bytes(100)])
def test_what_is_no_such_file_is_refused(content, tmp_path):
    (tmp_path / "a.keras").write_bytes(content)
    for path in (tmp_path / "a.keras", tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UnusableFileError):
            check_keras_file(path)


def test_a_file_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", bytes(50_000_000))
    with pytest.raises(UnusableFileError, match="unpacked"):
        check_keras_file(tmp_path / "a.keras")


def test_a_configuration_nested_thousands_of_times_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as archive:
        archive.writestr("config.json", "[" * 100_000 + "]" * 100_000)
    with pytest.raises(UnusableFileError, match="nested"):
        check_keras_file(tmp_path / "a.keras")
