"""The graph of a functional model: which operation takes its input from which.

Keras 3 has no public names for it. This file alone reads its private attributes.
"""

import keras


def operation_name(tensor: keras.KerasTensor) -> str:
    """Name of the layer or operation that a tensor of a functional model comes from."""
    name: str = tensor._keras_history.operation.name
    return name


def num_outputs(operation: keras.Operation) -> int:
    """How many tensors an operation gives where it is called first."""
    return len(operation._inbound_nodes[0].output_tensors)


def output_of(model: keras.Model, layer_name: str) -> keras.KerasTensor:
    """The output of a layer in this model; `layer.output` is that of the layer's first call."""
    nodes = (node for nodes in model._nodes_by_depth.values() for node in nodes)
    return next(node.output_tensors[0] for node in nodes if node.operation.name == layer_name)


def parents(model: keras.Model) -> dict[str, tuple[str, ...]]:
    """The operations that each operation of a functional model takes its input from, by name.

    Walks back from the outputs along the model's own connections only: a layer that is called again
    elsewhere, as when a model is cut in two, gives the operations of this model alone.

    Args:
        model: Functional model. Plain operations, such as a sum of tensors, count like layers.

    Returns:
        Names of the parents by name, from the outputs down.
    """
    found: dict[str, tuple[str, ...]] = {}
    waiting = list(model.outputs)
    while waiting:
        operation, node_index, _ = waiting.pop()._keras_history
        if operation.name in found:
            continue
        inputs = operation._inbound_nodes[node_index].input_tensors
        found[operation.name] = tuple(map(operation_name, inputs))
        waiting.extend(inputs)
    return found


def ancestors(parents_by_name: dict[str, tuple[str, ...]], name: str) -> set[str]:
    """The operation of this name and everything below it.

    Args:
        parents_by_name: What `parents` gives.
        name: Name of an operation in it.
    """
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting.extend(parents_by_name[current])
    return found
