"""Random numbers as pure functions: a key made of seed, phase, epoch and example gives every draw.

Nothing counts up anywhere, so neither threads nor batch size nor a restart in the middle changes what is drawn.
"""

import numpy as np
import tensorflow as tf

# What a key is for; order and augmentation of an epoch must not share their numbers.
ORDER = 0
AUGMENTATION = 1
VIEW = 2
MIXUP = 3


def phase_key(seed: int, phase: int) -> tf.Tensor:
    """The key of a phase: `(2,)` int64.

    Args:
        seed: the run's seed, at least 0.
        phase: place of the phase in the run, from 0.
    """
    # SeedSequence mixes well (seeds 1 and 2 share nothing) and is promised to stay the same in every NumPy.
    return tf.constant(np.random.SeedSequence([seed, phase]).generate_state(2, np.uint32).astype(np.int64))


def fold(key: tf.Tensor, *numbers: int | tf.Tensor) -> tf.Tensor:
    """A new key, `(2,)` int64, for `key` and these numbers in this order."""
    for number in numbers:
        key = tf.random.experimental.stateless_fold_in(key, tf.cast(number, tf.int64))
    return key
