"""The default learning rate of fine-tuning: the rate of the task, or a lower one if the network requires it."""

from collections.abc import Iterator

import keras
import numpy as np

from headstart.backbones import Backbone, stage_layers
from headstart.recipe import Recipe
from headstart.task_settings import settings_of
from headstart.task_spec import DEFAULT_TASK

DEEP_RATE = 1e-4
# Highest relative change of a kernel per step, in spectral norms.
MAX_RELATIVE_STEP = 0.57
PERCENTILE = 75  # of the unfrozen kernels: a few kernels near zero do not decide


def with_rates(recipe: Recipe, backbone: Backbone) -> tuple[Recipe, list[str]]:
    """The recipe with the learning rates that it leaves open, and a sentence where the network lowered one.

    Args:
        recipe: resolved.
        backbone: with the weights that fine-tuning starts from.
    """
    rates = {"fine_tuning_phase": settings_of(recipe.task or DEFAULT_TASK).fine_tuning_rate, "deep_phase": DEEP_RATE}
    notes = []
    for name, usual in rates.items():
        section = getattr(recipe, name)
        if section.learning_rate is not None:
            continue
        highest = highest_rate(backbone, section.unfreeze_from)
        rate = usual if highest >= usual else float(f"{highest:.2g}")
        recipe = recipe.with_values(name, learning_rate=rate)
        if section.epochs and rate < usual:
            notes.append(
                f"learning rate {rate:g} instead of {usual:g}, because the kernels of {backbone.spec.title} from "
                f"{section.unfreeze_from} upwards are small"
            )
    return recipe, notes


def highest_rate(backbone: Backbone, unfreeze_from: str) -> float:
    """The highest learning rate of Adam that changes the unfrozen kernels slowly enough.

    A step of Adam changes every weight by about the rate. Where the steps of all weights agree, its spectral norm is
    the rate times √(n m), for a kernel with n inputs and m outputs; that of the kernel itself is about its root mean
    square times √n + √m. Their ratio is what decides how far the activations move (Yang et al., arXiv 2310.17813,
    section 3).

    Args:
        backbone: with the weights that fine-tuning starts from.
        unfreeze_from: name of the lowest stage that learns.
    """
    relative_steps = [_relative_step(kernel) for kernel in _kernels(backbone, unfreeze_from)]
    return MAX_RELATIVE_STEP / float(np.percentile(relative_steps, PERCENTILE)) if relative_steps else np.inf


def _relative_step(kernel: np.ndarray) -> float:
    """Spectral norm of a step at rate 1, divided by that of the kernel `(..., inputs, outputs)`."""
    outputs = kernel.shape[-1]
    inputs = kernel.size / outputs
    size = max(float(np.sqrt(np.mean(np.square(kernel, dtype="float64")))), 1e-12)
    return float(np.sqrt(inputs * outputs) / (size * (np.sqrt(inputs) + np.sqrt(outputs))))


def _kernels(backbone: Backbone, unfreeze_from: str) -> Iterator[np.ndarray]:
    """Kernels of the stages from `unfreeze_from` up."""
    names = [stage.name for stage in backbone.spec.stages]
    by_stage = stage_layers(backbone.model, backbone.spec)
    for stage in names[names.index(unfreeze_from) :]:
        for layer in by_stage[stage]:
            for variable in backbone.model.get_layer(layer).weights:
                if variable.name.endswith("kernel"):
                    yield keras.ops.convert_to_numpy(variable)
