"""Examples that are partly another example (mixup), as a pure function of batch and key."""

import numpy as np
import tensorflow as tf

from headstart.data.random_keys import fold


def mix(batch: tuple[tf.Tensor, ...], alpha: float, key: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Every example of a batch mixed with another one of it: features, targets and weights in the same shares.

    Batches come in random order, so that the partner of an example is its mirror place in the batch. The share of the
    example itself is at least a half, so that it stays what it is mostly.

    Args:
        batch: features, targets and, if there are any, weights, each `(batch, ...)` float32.
        alpha: of the Beta distribution that shares come from, above 0; small values mix little.
        key: `(2,)` int64.

    References:
        Zhang et al., arXiv 1710.09412; on activations: Verma et al., arXiv 1806.05236.
    """
    count = tf.shape(batch[0])[:1]
    # A Beta draw from two Gamma draws, by their logarithms: Gamma draws of a small alpha are too small for float32.
    ones, others = (_log_gamma_draw(count, alpha, fold(key, number)) for number in range(2))
    share = tf.sigmoid(tf.abs(ones - others))
    return tuple(_mixed(values, share) for values in batch)


def _mixed(values: tf.Tensor, share: tf.Tensor) -> tf.Tensor:
    share = tf.reshape(share, tf.concat([tf.shape(share), tf.ones(len(values.shape) - 1, tf.int32)], 0))
    return share * values + (1 - share) * tf.reverse(values, [0])


def _log_gamma_draw(count: tf.Tensor, alpha: float, key: tf.Tensor) -> tf.Tensor:
    """Logarithms of draws from Gamma(alpha), which are draws from Gamma(alpha + 1) times uniform ones to 1 / alpha."""
    larger = tf.random.stateless_gamma(count, fold(key, 0), alpha=alpha + 1)
    uniform = tf.random.stateless_uniform(count, fold(key, 1), minval=np.finfo(np.float32).tiny)
    return tf.math.log(larger) + tf.math.log(uniform) / alpha
