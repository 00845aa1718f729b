"""The only place that writes `trainable`."""

import math
from dataclasses import dataclass

import keras

from headstart.errors import UnknownStageError
from headstart.heads import Task

# Of moving statistics that learn: averaged over about ten batches, as in PyTorch. Networks come with 0.99 or, as
# MobileNetV2, 0.999: a phase of some hundred batches would end before they had caught up with the weights.
BATCH_NORM_MOMENTUM = 0.9


@dataclass(frozen=True)
class TrainableCount:
    """How many parameters learn and how many do not; the two sum to all parameters of the model."""

    num_trainable: int
    num_frozen: int


def set_trainable(task: Task, *, unfreeze_from: str | None, unfreeze_batch_norm: bool = False) -> TrainableCount:
    """Freezes everything but the head and the stages from `unfreeze_from` up; compile the model afterwards.

    Batch normalisation stays frozen in unfrozen stages: a frozen one runs in inference mode whatever `training` says,
    so that its moving statistics cannot move (`base(x, training=False)` does not prevent it, keras issue 20285).

    Args:
        task: its model's layers are changed in place.
        unfreeze_from: lowest stage that learns, None for the head alone.
        unfreeze_batch_norm: whether batch normalisation in unfrozen stages learns too; its moving statistics then
            follow the last ten batches or so.

    Raises:
        UnknownStageError: the backbone has no such stage.
        ValueError: a layer with weights belongs to no stage and not to the head, so that no rule would cover it.
    """
    _check_cover(task)
    learning = set(task.head_layers) | _layers_from(task, unfreeze_from)
    for layer in task.model.layers:
        is_batch_norm = isinstance(layer, keras.layers.BatchNormalization)
        is_kept = is_batch_norm and not unfreeze_batch_norm and layer.name not in task.head_layers
        layer.trainable = layer.name in learning and not is_kept
        if is_batch_norm and layer.trainable:
            layer.momentum = min(layer.momentum, BATCH_NORM_MOMENTUM)
    return count_trainable(task.model)


def count_trainable(model: keras.Model) -> TrainableCount:
    """Parameters that learn and that do not, by the flags as they stand."""
    return TrainableCount(
        num_trainable=sum(math.prod(variable.shape) for variable in model.trainable_weights),
        num_frozen=sum(math.prod(variable.shape) for variable in model.non_trainable_weights),
    )


def _check_cover(task: Task) -> None:
    covered = set(task.head_layers).union(*task.stages.values())
    stray = [
        layer.name
        for layer in task.model.layers
        if layer.weights and layer.name not in covered and not isinstance(layer, keras.layers.Normalization)
    ]
    if stray:
        raise ValueError(f"No stage and no head holds the layers {stray}; declare them in the backbone's stages.")


def _layers_from(task: Task, stage_name: str | None) -> set[str]:
    if stage_name is None:
        return set()
    names = list(task.stages)
    if stage_name not in names:
        raise UnknownStageError(
            f"The backbone '{task.backbone}' has no stage '{stage_name}'.",
            expected=f"one of {', '.join(names)}",
            received=stage_name,
            hint="See its stages with `headstart backbones NAME`.",
        )
    return {layer for name in names[names.index(stage_name) :] for layer in task.stages[name]}
