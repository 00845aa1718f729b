"""Each layer steps at its own rate, which rises and falls as the phase says."""

import keras
import numpy as np
import pytest

from headstart.training import Phase
from headstart.training.optimizers import LayerwiseAdamW, build_optimizer, stage_factors


def one_step(model, optimizer):
    before = {variable.path: variable.numpy() for variable in model.trainable_variables}
    optimizer.build(model.trainable_variables)
    optimizer.apply([keras.ops.ones_like(variable) for variable in model.trainable_variables])
    return {variable.path: variable.numpy() - before[variable.path] for variable in model.trainable_variables}


@pytest.fixture
def two_layers():
    low, high = keras.layers.Dense(4, name="low"), keras.layers.Dense(2, name="high")
    inputs = keras.Input((3,))
    return keras.Model(inputs, high(low(inputs)))


def test_a_variables_step_is_multiplied_by_its_factor(two_layers):
    steps = one_step(two_layers, LayerwiseAdamW(factors={"low/kernel": 0.25}, learning_rate=0.1))
    np.testing.assert_allclose(steps["high/kernel"], -0.1, rtol=1e-4)
    np.testing.assert_allclose(steps["low/kernel"], -0.025, rtol=1e-4)


def test_without_factors_it_is_keras_own_adamw(two_layers):
    twin = keras.models.clone_model(two_layers)
    twin.set_weights(two_layers.get_weights())
    ours = LayerwiseAdamW(factors={}, learning_rate=0.01, decay=0.1, average=0.9)
    theirs = keras.optimizers.AdamW(learning_rate=0.01, weight_decay=0.1, use_ema=True, ema_momentum=0.9)
    rng = np.random.default_rng(0)
    for _ in range(20):
        gradients = [rng.normal(size=variable.shape).astype("float32") for variable in two_layers.trainable_variables]
        for optimizer, model in ((ours, two_layers), (theirs, twin)):
            optimizer.apply([keras.ops.convert_to_tensor(one) for one in gradients], model.trainable_variables)
    pairs = [
        *zip(two_layers.trainable_variables, twin.trainable_variables, strict=True),
        *zip(ours._momentums, theirs._momentums, strict=True),
        *zip(ours._velocities, theirs._velocities, strict=True),
        *zip(ours._averages, theirs._model_variables_moving_average, strict=True),
    ]
    for mine, keras_own in pairs:
        # Keras rounds 1 - 0.999 to float32, which is 1.3e-5 of it away; a step is 0.01 long.
        np.testing.assert_allclose(mine.numpy(), keras_own.numpy(), rtol=3e-5, atol=3e-6, err_msg=mine.path)


def test_optimizer_is_built_again_from_its_config(two_layers):
    optimizer = LayerwiseAdamW(factors={"low/bias": 0.5}, learning_rate=0.1)
    again = LayerwiseAdamW.from_config(optimizer.get_config())
    np.testing.assert_allclose(one_step(two_layers, again)["low/bias"], -0.05, rtol=1e-4)


def test_lower_stages_learn_more_slowly(small_classifier):
    factors = stage_factors(small_classifier(), decay=0.5)
    assert factors["block5_conv1/kernel"] == 1.0
    assert factors["block4_conv1/kernel"] == 0.5
    assert factors["block1_conv2/bias"] == 0.5**4


def test_rate_rises_to_its_peak_and_falls_to_nothing(small_classifier):
    phase = Phase(name="test", epochs=1, learning_rate=0.01, warmup=0.1)
    schedule = build_optimizer(small_classifier(), phase, num_steps=100)._learning_rate
    rates = [float(schedule(step)) for step in range(101)]
    assert rates[0] == 0.0
    assert max(rates) == pytest.approx(0.01)
    assert np.argmax(rates) == 10
    assert rates[100] == pytest.approx(0.0, abs=1e-9)
    assert np.all(np.diff(rates[:10]) > 0)
    assert np.all(np.diff(rates[10:]) < 0)


def test_decay_pulls_on_kernels_and_not_on_biases(two_layers, small_classifier):
    phase = Phase(name="test", epochs=1, learning_rate=0.1, warmup=0.0, weight_decay=0.5)
    two_layers.get_layer("low").bias.assign([1.0] * 4)
    two_layers.get_layer("low").kernel.assign(np.ones((3, 4)))
    steps = one_step(two_layers, build_optimizer(small_classifier(), phase, num_steps=10))
    np.testing.assert_allclose(steps["low/bias"], -0.1, rtol=1e-4)
    np.testing.assert_allclose(steps["low/kernel"], -0.1 - 0.05, rtol=1e-4)
