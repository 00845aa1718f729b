"""The running average of the weights that an optimizer may keep beside them."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras


@contextmanager
def averaged(model: keras.Model) -> Iterator[None]:
    """Inside, the model has its averaged weights, to the bit; where its optimizer averages nothing, its own.

    Args:
        model: compiled model.
    """
    swap_averages(model)
    try:
        yield
    finally:
        swap_averages(model)


def swap_averages(model: keras.Model) -> None:
    """Exchanges weights and averages; twice is as before.

    `keras.callbacks.SwapEMAWeights` exchanges by adding and subtracting, which costs the last bits, so that a training
    that goes on from a file would not be the one that never stopped.
    """
    optimizer = model.optimizer
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # that of a loss scaler in half precision
    if not optimizer.use_ema:
        return
    pairs = zip(optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True)
    for variable, average in pairs:
        weights = keras.ops.convert_to_numpy(variable).copy()
        variable.assign(average)
        average.assign(weights)
