"""The running average of the weights that an optimizer may keep beside them."""

import keras


def swap_averages(model: keras.Model) -> None:
    """Exchanges a compiled model's weights and averages; twice is as before. Without averages nothing happens.

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
