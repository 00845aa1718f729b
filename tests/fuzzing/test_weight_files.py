"""Files of weights, damaged: an error that says what the file seems to hold, whatever HDF5 and Keras make of it."""

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from headstart.backbones import BACKBONES
from headstart.backbones.weights_file import read_weights
from headstart.errors import WeightsMismatchError


def network() -> keras.Model:
    images = keras.Input((8, 8, 3))
    return keras.Model(images, keras.layers.Conv2D(2, 3, name="b")(keras.layers.Conv2D(2, 3, name="a")(images)))


def write_older(path: Path) -> None:
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, network())


WRITERS = {
    "a.weights.h5": lambda path: network().save_weights(path),
    "a.h5": write_older,
    "a.keras": lambda path: network().save(path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_no_mutation_of_a_file_of_weights_is_a_mistake_of_the_program(name, fuzz):
    def make(folder: Path) -> Path:
        WRITERS[name](folder / name)
        return folder / name

    fuzz(make, lambda path: read_weights(path, network(), BACKBONES["vgg19_mini"]))


@pytest.mark.parametrize("name", ["a.weights.h5", "a.h5"])
def test_arrays_far_larger_than_their_file_are_refused_before_memory_is_taken(name, tmp_path):
    WRITERS[name](tmp_path / name)
    with h5py.File(tmp_path / name, "r+") as file:
        names: list[str] = []
        file.visititems(lambda place, entry: names.append(place) if isinstance(entry, h5py.Dataset) else None)
        del file[names[0]]
        file.create_dataset(names[0], (10**6, 10**6), np.float32, compression="gzip")
    with pytest.raises(WeightsMismatchError, match="bytes in a file of"):
        read_weights(tmp_path / name, network(), BACKBONES["vgg19_mini"])
