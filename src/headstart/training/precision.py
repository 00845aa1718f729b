"""What the layers that learn compute in: float32, or bfloat16 where the processor multiplies matrices of it faster."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from headstart.backbones import operation_name
from headstart.features import BFLOAT16_MATRICES, instructions
from headstart.heads import Task

LOGITS = "logits"
# What multiplies matrices. Steps of MobileNetV2 took 0.9 of their time with these alone in bfloat16, and 1.2 times as
# long with every layer: a depthwise convolution is no product of matrices.
_MATRIX_LAYERS = (keras.layers.Conv2D, keras.layers.Dense)


@contextmanager
def computing_in(task: Task, model: keras.Model, precision: str) -> Iterator[None]:
    """Lets convolutions and dense layers below the logits compute in a precision; all else stays in float32.

    Args:
        task: says which layers learn.
        model: the layers that learn; built and traced inside the block only.
        precision: `float32`, which leaves every layer as it was built, or `bfloat16`.

    References:
        Kalamkar et al. 2019, A Study of BFLOAT16 for Deep Learning Training, arXiv 1905.12322: no loss scaling is
        needed, since the range is that of float32.
    """
    names = _inner_layers(task) if precision == "bfloat16" else set()
    layers = [layer for layer in model.layers if layer.name in names and isinstance(layer, _MATRIX_LAYERS)]
    policies = {layer: layer.dtype_policy for layer in layers}
    try:
        for layer in policies:
            layer.dtype_policy = keras.DTypePolicy("mixed_bfloat16")
        yield
    finally:
        for layer, policy in policies.items():
            layer.dtype_policy = policy


def _inner_layers(task: Task) -> set[str]:
    """Names of all layers but the last ones, whose rounding would be seen in every prediction."""
    inputs = keras.tree.flatten(task.model.get_layer(LOGITS).input)
    last = {LOGITS, *map(operation_name, inputs)}
    return {*task.head_layers}.union(*task.stages.values()) - last


def fastest_precision() -> str:
    """`bfloat16` where this machine's processor has instructions for it and does the work, else `float32`.

    By rule and not by stop-watch: the same seed on the same machine gives the same result.
    """
    has_gpu = bool(keras.distribution.list_devices("gpu"))
    return "bfloat16" if BFLOAT16_MATRICES in instructions() and not has_gpu else "float32"
