"""AdamW with one learning rate for each stage."""

import math
from collections.abc import Mapping, Sequence

import keras

from headstart.data import Tensor
from headstart.heads import Task
from headstart.training.adam_operation import apply_adam
from headstart.training.phases import Phase

# Decay pulls towards zero, which is no neutral place for biases and for the scales of normalisation layers
# (He et al., arXiv 1812.01187, section 3.1).
NOT_DECAYED = ["bias", "gamma", "beta"]


class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # Keras has no types
    """A rate that rises linearly from 0 to its peak and falls as a half cosine to 0.

    Peak and lengths are variables, so that they can change without tracing the training step again; Keras' own
    `CosineDecay` has them as constants of the traced step.

    Args:
        peak: the highest rate.
        warmup_steps: steps in which the rate rises.
        num_steps: steps until the rate is 0 again.
    """

    def __init__(self, peak: float, *, warmup_steps: int, num_steps: int) -> None:
        super().__init__()
        self._peak, self._warmup_steps, self._num_steps = (
            keras.Variable(value, trainable=False, dtype="float32", name=name)
            for name, value in (("peak", peak), ("warmup_steps", warmup_steps), ("num_steps", num_steps))
        )

    def change(self, peak: float, *, warmup_steps: int, num_steps: int) -> None:
        """Changes the peak and the lengths."""
        self._peak.assign(peak)
        self._warmup_steps.assign(warmup_steps)
        self._num_steps.assign(num_steps)

    def __call__(self, step: Tensor) -> Tensor:
        """Rate of a step, counted from 0."""
        step, ops = keras.ops.cast(step, "float32"), keras.ops
        rising = step / ops.maximum(self._warmup_steps, 1.0)
        fallen = (step - self._warmup_steps) / ops.maximum(self._num_steps - self._warmup_steps, 1.0)
        falling = 0.5 * (1.0 + ops.cos(math.pi * ops.clip(fallen, 0.0, 1.0)))
        return self._peak * ops.where(step < self._warmup_steps, rising, falling)

    def get_config(self) -> dict[str, object]:
        """The arguments that build the same schedule again."""
        return {
            "peak": float(self._peak),
            "warmup_steps": int(self._warmup_steps),
            "num_steps": int(self._num_steps),
        }


class LayerwiseAdamW(keras.optimizers.Adam):  # type: ignore[misc]  # Keras has no types
    """AdamW whose step on each variable is multiplied by that variable's factor.

    Scaling gradients would change nothing, since Adam divides it out again; the step itself is scaled.

    Args:
        factors: path of a variable → factor, 1 where a variable is not named.
        pull: strength of the decoupled pull of every variable in `factors` towards the value it has when the optimizer
            is built, in place of weight decay (L2-SP); 0 for none.
        decay: strength of the decoupled weight decay.
        not_decayed: own names of the variables that are not decayed, such as `bias`.
        average: momentum of a running average of the variables' values, 0 to below 1; 0 for none.
        **kwargs: as for `keras.optimizers.Adam`, without `weight_decay` and `use_ema`.
    """

    def __init__(
        self,
        *,
        factors: Mapping[str, float],
        pull: float = 0.0,
        decay: float = 0.0,
        not_decayed: Sequence[str] = (),
        average: float = 0.0,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self._factors_by_path = dict(factors)
        self._pull, self._decay, self._not_decayed, self._average = pull, decay, tuple(not_decayed), average
        self._factors: list[float] = []
        self._decayed: set[int] = set()
        self._origins: dict[int, keras.Variable] = {}
        self._averages: list[keras.Variable] = []
        self._beta_powers: tuple[Tensor, Tensor] = (1.0, 1.0)
        self._share_of_new: Tensor = None

    def build(self, variables: list[keras.Variable]) -> None:
        """Looks up what each variable's step is made of, and remembers where the pulled ones start, once."""
        if self.built:
            return
        if self._average:  # before the moments, the order that checkpoints have
            self._averages = [self.add_variable_from_reference(variable, name="average") for variable in variables]
        super().build(variables)
        self._factors = [self._factors_by_path.get(variable.path, 1.0) for variable in variables]
        pulled = self._factors_by_path if self._pull else {}
        self._origins = {
            index: self._origin_of(variable) for index, variable in enumerate(variables) if variable.path in pulled
        }
        self._decayed = {
            index
            for index, variable in enumerate(variables)
            if self._decay and index not in self._origins and variable.name not in self._not_decayed
        }

    def forget(self) -> None:
        """Sets every variable of the optimizer to what it was when the optimizer was built on the present weights."""
        for variable in self.variables:
            variable.assign(keras.ops.zeros_like(variable))
        for index, origin in self._origins.items():
            origin.assign(self._trainable_variables[index])

    def apply(self, grads: Sequence[Tensor], trainable_variables: Sequence[keras.Variable] | None = None) -> None:
        """One step on every variable; what all of them share is computed once."""
        number = keras.ops.cast(self.iterations + 1, "float32")
        self._beta_powers = (keras.ops.power(self.beta_1, number), keras.ops.power(self.beta_2, number))
        self._share_of_new = keras.ops.where(number > 1, 1.0 - self._average, 1.0)
        super().apply(grads, trainable_variables)

    def update_step(self, gradient: Tensor, variable: keras.Variable, learning_rate: Tensor) -> None:
        """One AdamW step at the variable's own rate."""
        index = self._get_variable_index(variable)
        rate = keras.ops.cast(learning_rate * self._factors[index], variable.dtype)
        if index in self._decayed:
            self.assign_sub(variable, variable * (learning_rate * self._decay))
        if keras.backend.backend() == "tensorflow":
            apply_adam(
                variable,
                keras.ops.cast(gradient, variable.dtype),
                momentum=self._momentums[index],
                velocity=self._velocities[index],
                rate=rate,
                beta_powers=self._beta_powers,
                betas=(self.beta_1, self.beta_2),
                epsilon=self.epsilon,
            )
        else:
            super().update_step(gradient, variable, rate)
        if index in self._origins:
            self.assign_sub(variable, (rate * self._pull) * (variable - self._origins[index]))
        if self._averages:
            average = self._averages[index]
            self.assign_add(average, self._share_of_new * (variable - average))

    def swap_averages(self) -> None:
        """Exchanges the variables' values and averages; twice is as before. Without averages nothing happens.

        `keras.callbacks.SwapEMAWeights` exchanges by adding and subtracting, which costs the last bits, so that a
        training that continues from a file would not be the one that never stopped.
        """
        for variable, average in zip(self._trainable_variables, self._averages, strict=False):
            value = keras.ops.convert_to_numpy(variable).copy()
            variable.assign(average)
            average.assign(value)

    def get_config(self) -> dict[str, object]:
        """The arguments that build the same optimizer again."""
        own = {"pull": self._pull, "decay": self._decay, "not_decayed": self._not_decayed}
        return {**super().get_config(), "factors": self._factors_by_path, "average": self._average, **own}

    def _origin_of(self, variable: keras.Variable) -> keras.Variable:
        origin = self.add_variable_from_reference(variable, name="origin")
        origin.assign(variable)
        return origin


def build_optimizer(task: Task, phase: Phase, *, num_steps: int) -> LayerwiseAdamW:
    """The optimizer of a phase: warm-up then cosine over `num_steps`, lower rates for lower stages."""
    return LayerwiseAdamW(
        factors=stage_factors(task, phase.stage_rate_decay),
        pull=phase.l2_sp,
        decay=phase.weight_decay,
        not_decayed=NOT_DECAYED,
        learning_rate=WarmupCosine(phase.learning_rate, **_lengths(phase, num_steps)),
        average=phase.ema,
    )


def own_optimizer(model: keras.Model) -> LayerwiseAdamW:
    """The optimizer that a model was compiled with, also where half precision put a loss scaler around it."""
    optimizer: LayerwiseAdamW = getattr(model.optimizer, "inner_optimizer", model.optimizer)
    return optimizer


def restart(optimizer: LayerwiseAdamW, phase: Phase, *, num_steps: int) -> None:
    """Makes an optimizer of `build_optimizer` as it would be built now for `phase`; traced steps stay valid."""
    optimizer.forget()
    optimizer._learning_rate.change(phase.learning_rate, **_lengths(phase, num_steps))


def _lengths(phase: Phase, num_steps: int) -> dict[str, int]:
    return {"warmup_steps": int(phase.warmup * num_steps), "num_steps": num_steps}


def stage_factors(task: Task, decay: float) -> dict[str, float]:
    """Path of each variable → `decay` to the power of how many stages its layer lies below the top one."""
    depths = {name: depth for depth, name in enumerate(reversed(list(task.stages)))}
    return {
        variable.path: decay ** depths[name]
        for name, layers in task.stages.items()
        for layer in layers
        for variable in task.model.get_layer(layer).variables
    }
