"""What depends on what in a functional model."""

import keras


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
        found[operation.name] = tuple(tensor._keras_history.operation.name for tensor in inputs)
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
