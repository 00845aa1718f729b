"""How far numbers are from the truth, in deviations of the training examples."""

from collections.abc import Sequence

import keras

from headstart.data import Tensor


class RegressionLoss(keras.losses.Loss):  # type: ignore[misc]  # Keras has no types
    """Huber loss of errors divided by a deviation for each number: squared while small, so that outliers do not rule.

    Args:
        deviations: one above 0 for each number, in its unit.
        turn: error in deviations from where on the loss grows in a straight line.
        name: of the loss.
        reduction: how the losses of images become one number.
    """

    def __init__(
        self,
        deviations: Sequence[float],
        *,
        turn: float = 1.0,
        name: str = "regression_loss",
        reduction: str = "sum_over_batch_size",
    ) -> None:
        super().__init__(name=name, reduction=reduction)
        self.deviations = list(deviations)
        self.turn = turn

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Loss of each image, `(batch,)`, mean over its numbers, from `(batch, numbers)` in their own unit."""
        errors = keras.ops.abs(standardised(y_true - y_pred, self.deviations))
        small = keras.ops.minimum(errors, self.turn)
        return keras.ops.mean(small * (errors - small / 2), axis=-1)

    def get_config(self) -> dict[str, object]:
        """The arguments that build the same loss again."""
        return {**super().get_config(), "deviations": self.deviations, "turn": self.turn}


class StandardisedAbsoluteError(keras.metrics.MeanMetricWrapper):  # type: ignore[misc]  # Keras has no types
    """Mean absolute error of several numbers in deviations.

    Args:
        deviations: one above 0 for each number, in its unit.
        name: of the metric.
    """

    def __init__(self, deviations: Sequence[float], *, name: str = "mean_standardised_error") -> None:
        self.deviations = list(deviations)
        super().__init__(self._errors, name=name)

    def _errors(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return keras.ops.mean(keras.ops.abs(standardised(y_true - y_pred, self.deviations)), axis=-1)

    def get_config(self) -> dict[str, object]:
        """The arguments that build the same metric again."""
        return {"name": self.name, "deviations": self.deviations}


def standardised(errors: Tensor, deviations: Sequence[float]) -> Tensor:
    """Errors `(batch, numbers)` in deviations."""
    return errors / keras.ops.convert_to_tensor(deviations, dtype=errors.dtype)
