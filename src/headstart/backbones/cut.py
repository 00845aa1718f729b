"""A network in two: what never changes, and what learns on top of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

import keras

from headstart.backbones.graph import num_outputs, operation_name, output_of, parents
from headstart.errors import UnknownStageError


@dataclass(frozen=True, eq=False)
class CutModel:
    """Two functional models that together do what one did, made of its own layers and variables.

    Attributes:
        lower: from the image to the activation at the cut.
        upper: from that activation to the outputs of the whole; training it trains the whole. Its input takes the
            activation in any floating-point type, such as float16 from a file.
    """

    lower: keras.Model
    upper: keras.Model


def cut_model(model: keras.Model, layer_name: str) -> CutModel:
    """The model cut at the output of a layer that everything above depends on only through it.

    Neither half holds a copy: weights, names and `trainable` flags are those of the model's layers, and the model can
    be used, saved and cut elsewhere as before.

    Args:
        model: flat functional model.
        layer_name: a name out of `separating_layers(model)`. At the input layer, `lower` gives the image back and
            `upper` is the model itself; at the output layer, `lower` does everything and `upper` gives back what it
            gets.

    Raises:
        UnknownStageError: the model has no such layer, or something goes past it.
    """
    separating = separating_layers(model)
    if layer_name not in separating:
        raise _not_separating(model, layer_name, separating)
    activation = output_of(model, layer_name)
    lower = keras.Model(model.input, activation, name=f"{model.name}_below_{layer_name}")
    if isinstance(model.get_layer(layer_name), keras.layers.InputLayer):
        return CutModel(lower=lower, upper=model)
    name = f"{model.name}_above_{layer_name}"
    if any(output is activation for output in model.outputs):
        kept = keras.Input(batch_shape=activation.shape, dtype=activation.dtype, name=layer_name)
        return CutModel(lower=lower, upper=keras.Model(kept, kept, name=name))
    return CutModel(lower=lower, upper=keras.Model(activation, model.output, name=name))


def model_above(model: keras.Model, layer_names: Sequence[str]) -> keras.Model:
    """The part of a model above several layers, which together are the only way up: an input for each of them.

    Like the upper half of a cut: nothing is copied. With one name this is `cut_model(model, name).upper`.

    Args:
        model: flat functional model.
        layer_names: such as the stages that a head reads; each becomes an input, in this order.

    Raises:
        ValueError: something goes past all of these layers.
    """
    if len(layer_names) == 1:
        return cut_model(model, layer_names[0]).upper
    tensors = [output_of(model, name) for name in layer_names]
    return keras.Model(tensors, model.output, name=f"{model.name}_above_{layer_names[-1]}")


def separating_layers(model: keras.Model) -> tuple[str, ...]:
    """Names of the layers whose one output tensor is the only way up, from the image to the last layer.

    In any order that puts parents first, such a layer has all that is below it before it and all that is above after
    it, so that one pass which counts the connections left open finds them all.

    Args:
        model: flat functional model in which every layer is called once.
    """
    below = parents(model)
    operations = {operation.name: operation for operation in model.operations}
    outputs = [operation_name(tensor) for tensor in model.outputs]
    # An output stays open to the end, and an input that has not come yet is open from the start.
    num_children = {name: outputs.count(name) for name in below}
    for name in (parent for inputs in below.values() for parent in inputs):
        num_children[name] += 1
    num_open = sum(not inputs for inputs in below.values())
    separating = []
    for name in TopologicalSorter(below).static_order():
        num_open -= len(below[name]) or 1
        if num_open == 0 and _is_layer_with_one_output(operations[name]):
            separating.append(name)
        num_open += num_children[name]
    return tuple(separating)


def _is_layer_with_one_output(operation: keras.Operation) -> bool:
    return isinstance(operation, keras.layers.Layer) and num_outputs(operation) == 1


def _not_separating(model: keras.Model, layer_name: str, separating: tuple[str, ...]) -> UnknownStageError:
    names = [layer.name for layer in model.layers]
    if layer_name not in names:
        return UnknownStageError(
            f"'{model.name}' has no layer '{layer_name}' to cut at.",
            expected="the name of a layer through which all information passes",
            received=layer_name,
            hint=f"Use the last layer of a stage; the last such layers are {', '.join(separating[-8:])}.",
        )
    position = names.index(layer_name)
    beneath = [name for name in separating if names.index(name) < position][-2:]
    above = [name for name in separating if names.index(name) > position][:2]
    return UnknownStageError(
        f"'{model.name}' cannot be cut at '{layer_name}': a shortcut goes past that layer.",
        expected="a layer through which all information passes",
        received=layer_name,
        hint=f"Use one of the nearest such layers: {', '.join(beneath)} below it, {', '.join(above)} above it.",
    )
