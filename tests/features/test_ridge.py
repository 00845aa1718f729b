"""Ridge regression in closed form is scikit-learn's, and takes raw features to numbers in their own unit."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from headstart.features import RIDGE_STRENGTHS, ridge_start
from headstart.features.ridge import number_statistics
from headstart.features.standardise import Standardisation


def drawn(num_examples=60, num_features=12, seed=0):
    random = np.random.default_rng(seed)
    features = random.normal(3, 2, (num_examples, num_features)).astype("float32")
    kernel = random.normal(size=(num_features, 2)) * [100.0, 0.01]
    noise = random.normal(size=(num_examples, 2)) * [300.0, 0.01]
    return features, features @ kernel + [5000.0, -1.0] + noise


@pytest.mark.parametrize("num_features", [12, 200], ids=["fewer features than examples", "more"])
@pytest.mark.parametrize("strength", [1e-3, 0.5])
def test_the_solution_is_that_of_scikit_learn(num_features, strength):
    features, targets = drawn(num_features=num_features)
    start = ridge_start(features, targets, features, targets, strengths=[strength])
    scaling, (means, deviations) = Standardisation.of(features), number_statistics(targets)
    rows = (features - scaling.mean) / scaling.deviation
    expected = Ridge(alpha=1 / strength).fit(rows, (targets - means) / deviations).predict(rows) * deviations + means
    np.testing.assert_allclose(features @ start.kernel + start.bias, expected, rtol=1e-4, atol=1e-4)


def test_the_strength_has_the_lowest_error_on_validation():
    features, targets = drawn(80, 60)
    parts = features[:50], targets[:50], features[50:], targets[50:]
    deviations = number_statistics(parts[1])[1]

    def error(start):
        return np.mean(((parts[2] @ start.kernel + start.bias - parts[3]) / deviations) ** 2)

    chosen = ridge_start(*parts)
    assert chosen.strength in RIDGE_STRENGTHS
    assert error(chosen) == min(error(ridge_start(*parts, strengths=[strength])) for strength in RIDGE_STRENGTHS)


def test_the_unit_of_a_number_does_not_matter():
    features, targets = drawn()
    start = ridge_start(features, targets, features, targets)
    other = ridge_start(features, targets * [1e-3, 1e6], features, targets * [1e-3, 1e6])
    assert other.strength == start.strength
    np.testing.assert_allclose(other.kernel, start.kernel * [1e-3, 1e6], rtol=1e-4)


def test_a_number_that_never_changes_is_answered_as_it_is():
    features, _ = drawn()
    targets = np.full((len(features), 1), 0.1)
    start = ridge_start(features, targets, features, targets)
    np.testing.assert_allclose(features @ start.kernel + start.bias, 0.1, rtol=1e-6)
    assert number_statistics(targets)[1] == [1.0]


@pytest.mark.parametrize("targets", [np.zeros((59, 2)), np.zeros(60), np.full((60, 1), np.nan)])
def test_targets_that_do_not_fit_are_refused(targets):
    features, _ = drawn()
    with pytest.raises(ValueError, match=r"Expected .* Received"):
        ridge_start(features, targets, features, targets)
