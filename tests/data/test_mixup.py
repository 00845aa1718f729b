"""Mixed examples: the same shares for features and targets, and repeatable."""

import numpy as np
import pytest
import tensorflow as tf

from headstart.data.mixup import mix
from headstart.data.random_keys import fold, phase_key

COUNT = 64


@pytest.fixture
def batch():
    numbers = np.arange(COUNT, dtype="float32")
    features = np.broadcast_to(numbers[:, None, None], (COUNT, 2, 3)).copy()
    return tf.constant(features), tf.one_hot(np.arange(COUNT), COUNT), tf.constant(numbers)


def key(number=0):
    return fold(phase_key(0, 0), number)


def test_features_targets_and_weights_are_mixed_in_the_same_shares(batch):
    features, targets, weights = (values.numpy() for values in mix(batch, 0.4, key()))
    shares = targets[np.arange(COUNT), np.arange(COUNT)]
    expected = shares * np.arange(COUNT) + (1 - shares) * np.arange(COUNT)[::-1]
    np.testing.assert_allclose(weights, expected, rtol=1e-5)
    np.testing.assert_allclose(features, np.broadcast_to(expected[:, None, None], features.shape), rtol=1e-5)
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-5)


def test_an_example_stays_what_it_is_mostly_and_each_has_its_own_share(batch):
    targets = mix(batch, 0.4, key())[1].numpy()
    shares = targets[np.arange(COUNT), np.arange(COUNT)]
    assert shares.min() >= 0.5
    assert len(np.unique(shares)) > COUNT / 2


@pytest.mark.parametrize("alpha", [1e-3, 0.2, 1.0, 5.0])
def test_every_alpha_gives_finite_numbers_and_a_larger_one_mixes_more(batch, alpha):
    features, targets, _ = (values.numpy() for values in mix(batch, alpha, key()))
    assert np.isfinite(features).all()
    assert np.isfinite(targets).all()
    little = mix(batch, 1e-4, key())[1].numpy().max(axis=1).mean()
    assert targets.max(axis=1).mean() <= little


def test_the_same_key_mixes_the_same_and_another_does_not(batch):
    one, same, other = (mix(batch, 0.4, key(number))[0].numpy() for number in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
