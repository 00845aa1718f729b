"""One number makes confidence mean what it says, and never makes it worse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from headstart.trust.temperature import HIGHEST, LOWEST, fit_label_temperatures, fit_temperature

LOGITS = st.integers(2, 5).flatmap(
    lambda k: st.integers(1, 40).flatmap(lambda n: arrays("float64", (n, k), elements=st.floats(-30, 30)))
)


def loss(logits, targets, temperature):
    return -np.log(softmax(logits / temperature, axis=1)[targets == 1].clip(1e-300)).mean()


def drawn(temperature, *, num_examples=20_000, num_classes=4, seed=0):
    """Logits that are right as often as they say at this temperature."""
    noise = np.random.default_rng(seed)
    logits = noise.normal(scale=3.0, size=(num_examples, num_classes))
    cumulative = softmax(logits / temperature, axis=1).cumsum(axis=1)
    classes = (noise.random((num_examples, 1)) > cumulative[:, :-1]).sum(axis=1)
    return logits, np.eye(num_classes)[classes]


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_temperature_that_made_the_answers_is_found(temperature):
    logits, targets = drawn(temperature)
    assert fit_temperature(logits, targets) == pytest.approx(temperature, rel=0.04)


def test_the_likelihood_is_as_high_as_that_of_the_best_of_many():
    logits, targets = drawn(1.7, num_examples=300)
    found = loss(logits, targets, fit_temperature(logits, targets))
    best = min(loss(logits, targets, temperature) for temperature in np.geomspace(0.2, 10, 2000))
    assert found == pytest.approx(best, abs=1e-3)


def test_two_classes_are_scaled_as_by_logistic_regression():
    """With the doubt taken out of the targets by weights, scikit-learn's slope is one over the temperature."""
    noise = np.random.default_rng(1)
    margin = noise.normal(scale=2.0, size=400)
    targets = (noise.random(400) < expit(margin / 1.5)).astype(int)
    found = fit_temperature(np.stack([np.zeros(400), margin], axis=1), np.eye(2)[targets])
    twice, doubt = np.tile(margin, 2)[:, None], 1 / 402
    weights = np.concatenate([np.full(400, 1 - doubt), np.full(400, doubt)])
    model = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10)
    model.fit(twice, np.concatenate([targets, 1 - targets]), sample_weight=weights)
    assert found == pytest.approx(1 / model.coef_[0, 0], rel=1e-4)


@given(LOGITS, st.randoms(use_true_random=False))
def test_calibration_never_lowers_the_likelihood_and_never_changes_an_answer(logits, random):
    targets = np.eye(logits.shape[1])[[random.randrange(logits.shape[1]) for _ in logits]]
    temperature = fit_temperature(logits, targets)
    assert LOWEST <= temperature <= HIGHEST
    assert loss(logits, targets, temperature) <= loss(logits, targets, 1.0) + 1e-12


@given(LOGITS, st.randoms(use_true_random=False))
def test_labels_are_calibrated_each_by_itself(logits, random):
    targets = np.array([[random.randrange(2) for _ in row] for row in logits], "float64")
    temperatures = fit_label_temperatures(logits, targets)
    for index, temperature in enumerate(temperatures):
        alone = fit_label_temperatures(logits[:, [index]], targets[:, [index]])
        assert alone[0] == temperature
        assert LOWEST <= temperature <= HIGHEST
        before, after = (
            log_loss(targets[:, index], expit(logits[:, index] / each), labels=[0, 1]) for each in (1.0, temperature)
        )
        assert after <= before + 1e-9


def test_labels_that_were_made_at_different_temperatures_are_told_apart():
    noise, made_at = np.random.default_rng(2), np.array([0.5, 2.0])
    logits = noise.normal(scale=2.0, size=(20_000, 2))
    targets = (noise.random(logits.shape) < expit(logits / made_at)).astype("float64")
    np.testing.assert_allclose(fit_label_temperatures(logits, targets), made_at, rtol=0.05)


def test_all_right_is_no_reason_to_be_certain():
    """The likelihood alone would want a temperature of 0; few examples warrant less certainty than many."""
    classes = np.arange(3)
    confidence = []
    for repeats in (1, 10, 100):
        targets = np.eye(3)[np.tile(classes, repeats)]
        temperature = fit_temperature(2.0 * targets, targets)
        confidence.append(softmax(2.0 * targets / temperature, axis=1).max())
    assert confidence == sorted(confidence)
    assert confidence[0] < 0.9
    assert confidence[2] == pytest.approx(1 - 1 / 302, abs=1e-6)


@pytest.mark.parametrize("logits", [np.zeros((5, 3)), np.full((5, 3), 7.0)])
def test_logits_that_say_nothing_stay_as_they_are(logits):
    assert fit_temperature(logits, np.eye(3)[[0, 1, 2, 0, 1]]) == 1.0


def test_always_wrong_is_cooled_as_far_as_allowed():
    targets = np.eye(2)[[0, 1] * 50]
    assert fit_temperature(5.0 * (1 - targets), targets) == pytest.approx(HIGHEST)


def test_no_examples_change_nothing():
    assert fit_temperature(np.zeros((0, 3)), np.zeros((0, 3))) == 1.0
    np.testing.assert_array_equal(fit_label_temperatures(np.zeros((0, 3)), np.zeros((0, 3))), np.ones(3))
