"""Weights from a file into a network: all of them, or an error that says what the file holds instead.

Three kinds of file occur. Keras 3 writes `.weights.h5`, which Keras reads. What `keras.applications` publishes is the
older `.h5`, layer after layer in the order of the network; the layers of a classifier come last and are left out here.
A `.keras` file holds a whole model, whose layers are taken in the same way.
"""

import itertools
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import keras
import numpy as np

from headstart.backbones.spec import BackboneSpec
from headstart.backbones.weights_contents import DAMAGE_ERRORS, describe_contents
from headstart.errors import WeightsMismatchError
from headstart.files import check_keras_file

# The weights of one layer with its name: variables of a model, or arrays in a file, read when they are asked for.
LayerVariables = tuple[str, list[keras.Variable]]
LayerWeights = tuple[str, list[np.ndarray]]
_LARGEST_RATIO = 4  # of the arrays to the file; a file that was compressed is a little smaller than its arrays


class _DoesNotFitError(Exception):
    """The file is sound but holds another network."""


def read_weights(path: Path, model: keras.Model, spec: BackboneSpec) -> None:
    """Fills every weight of a network from a file.

    Args:
        path: `.weights.h5`, `.h5` or `.keras` file, with or without the classifier's layers.
        model: Network as `keras.applications` builds it, behind its preprocessing. Undefined after an error.
        spec: Its facts, for the error.

    Raises:
        WeightsMismatchError: The file holds another network, or is damaged.
    """
    try:
        _reader(path)(path, model)
    except (_DoesNotFitError, *DAMAGE_ERRORS) as error:
        raise _mismatch(path, spec, error) from error
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()


def _reader(path: Path) -> Callable[[Path, keras.Model], None]:
    if path.name.endswith(".keras"):
        return _read_model_file
    with h5py.File(path) as file:
        _check_sizes(file, path.stat().st_size)
        is_older = "model_weights" in file or bool(_names(file, "layer_names"))
    return _read_older_file if is_older else _read_weights_file


def _check_sizes(file: h5py.File, file_bytes: int) -> None:
    """Refuses arrays far larger than their file, before memory is taken for them."""
    num_bytes = 0

    def add(_: str, entry: h5py.Group | h5py.Dataset) -> None:
        nonlocal num_bytes
        num_bytes += entry.size * entry.dtype.itemsize if isinstance(entry, h5py.Dataset) else 0

    file.visititems(add)
    if num_bytes > _LARGEST_RATIO * file_bytes:
        raise _DoesNotFitError(f"arrays of {num_bytes:,} bytes in a file of {file_bytes:,}")


def _read_weights_file(path: Path, model: keras.Model) -> None:
    if not path.name.endswith(".weights.h5"):
        raise _DoesNotFitError("Keras 3 weights under another ending; rename the file so that it ends in .weights.h5")
    floats = [variable for variable in model.weights if keras.backend.is_float_dtype(variable.dtype)]
    for variable in floats:
        variable.assign(np.full(variable.shape, np.nan))
    with warnings.catch_warnings():
        # Every layer that is missing would add a line to the one error that counts.
        warnings.simplefilter("ignore")
        model.load_weights(path)
    unread = [variable.path for variable in floats if np.isnan(keras.ops.convert_to_numpy(variable)).all()]
    if unread:
        raise _DoesNotFitError(f"nothing for {len(unread)} weights, the first is {unread[0]}")


def _read_older_file(path: Path, model: keras.Model) -> None:
    with h5py.File(path) as file:
        group = file.get("model_weights", file)
        layers = [group[name] for name in _names(group, "layer_names")]
        saved = [(layer.name, [layer[name] for name in _names(layer, "weight_names")]) for layer in layers]
        _fill([_variables(layer) for layer in model.layers], saved)


def _names(group: h5py.Group, attribute: str) -> list[str | bytes]:
    """A list of names, which Keras cuts into numbered parts where it is too long for one attribute."""
    if attribute in group.attrs:
        return list(group.attrs[attribute])
    parts = itertools.takewhile(group.attrs.__contains__, (f"{attribute}{number}" for number in itertools.count()))
    return [name for part in parts for name in group.attrs[part]]


def _read_model_file(path: Path, model: keras.Model) -> None:
    check_keras_file(path)
    saved = keras.models.load_model(path, compile=False, safe_mode=True)
    _fill([_variables(layer) for layer in _leaves(model)], [_variables(layer) for layer in _leaves(saved)])


def _leaves(model: keras.Model) -> Iterator[keras.layers.Layer]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer)
        else:
            yield layer


def _variables(layer: keras.layers.Layer) -> LayerVariables:
    return layer.name, layer.trainable_weights + layer.non_trainable_weights


def _fill(layers: list[LayerVariables], saved: list[LayerWeights]) -> None:
    """Gives each layer with weights the arrays at its place, once all are known to fit."""
    layers = [layer for layer in layers if layer[1]]
    saved = [layer for layer in saved if layer[1]]
    if len(saved) < len(layers):
        raise _DoesNotFitError(f"{len(saved)} layers with weights where {len(layers)} are needed")
    pairs = list(zip(layers, saved, strict=False))
    for (name, variables), (saved_name, arrays) in pairs:
        shapes, saved_shapes = [tuple(v.shape) for v in variables], [tuple(array.shape) for array in arrays]
        if shapes != saved_shapes:
            raise _DoesNotFitError(f"shapes {saved_shapes} in {saved_name} where {name} needs {shapes}")
    for (_, variables), (_, arrays) in pairs:
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array[...])


def _mismatch(path: Path, spec: BackboneSpec, error: Exception) -> WeightsMismatchError:
    contents = describe_contents(path)
    reason = str(error).split("\n\n")
    # The second paragraph of Keras' report names the first weight that did not fit.
    detail = " ".join((reason[1] if len(reason) > 2 else reason[0]).split())[:300]
    return WeightsMismatchError(
        f"The weights in {path} do not fit {spec.title}.",
        expected=f"{spec.num_parameters:,} parameters of {spec.title}, with or without its classifier",
        received=f"{contents.text} ({detail})",
        hint=contents.hint or f"The file that Keras publishes for it is {spec.weights.file_name}.",
    )
