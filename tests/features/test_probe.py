"""The linear probe finds what scikit-learn's logistic regression finds, and does not fail on odd sets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, log_softmax
from sklearn.linear_model import LogisticRegression

from headstart.features.logistic import sigmoid_cross_entropy, softmax_cross_entropy
from headstart.features.logistic_path import logistic_path
from headstart.features.probe import STRENGTHS, LinearProbe, fit_probe


def scaled_by_one_number(features: np.ndarray) -> np.ndarray:
    """Mean 0 and mean variance 1, which is what the probe regularises on."""
    return (features - features.mean(axis=0)) / np.sqrt(features.var(axis=0).mean())


def examples(
    num_examples: int, *, num_features: int = 12, num_classes: int = 3, seed: int = 0, distance: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Correlated, positive, unevenly scaled features, as pooled activations are, and one-hot targets."""
    rng = np.random.default_rng(seed)
    mixture = (
        np.random.default_rng(99).normal(size=(num_features, num_features)) / (1 + np.arange(num_features))[:, None]
    )
    classes = rng.integers(num_classes, size=num_examples)
    centres = np.random.default_rng(98).normal(size=(num_classes, num_features)) * distance
    hidden = rng.normal(size=(num_examples, num_features)) + centres[classes]
    scales = np.random.default_rng(97).uniform(0.1, 10.0, num_features)
    return np.maximum(hidden @ mixture + 0.5, 0.0).astype(np.float32) * scales, np.eye(num_classes)[classes]


def fit(features, targets, **keywords) -> LinearProbe:
    validation = {"validation_features": features, "validation_targets": targets}
    return fit_probe(features, targets, **(validation | keywords))


def objective(kernel, bias, *, features, targets, weights, strength) -> float:
    """Of a kernel on scaled features."""
    losses = -(log_softmax(features @ kernel + bias, axis=1) * targets).sum(axis=1)
    return float(strength * weights @ losses + (kernel**2).sum() / 2)


def own_objective(probe: LinearProbe, features, targets, weights) -> float:
    return objective(
        probe.kernel * np.sqrt(features.var(axis=0).mean()),
        probe.bias + features.mean(axis=0) @ probe.kernel,
        features=scaled_by_one_number(features),
        targets=targets,
        weights=weights,
        strength=probe.strength,
    )


def reference_objective(features, targets, weights, strength: float) -> float:
    """Of three or more classes: two share one column in scikit-learn, penalised twice as much as two halves."""
    scaled = scaled_by_one_number(features)
    model = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000)
    model.fit(scaled, targets.argmax(axis=1), sample_weight=weights)
    kernel, bias = model.coef_.T, model.intercept_
    return objective(kernel, bias, features=scaled, targets=targets, weights=weights, strength=strength)


@pytest.mark.parametrize("strength", [1e-5, 1e-3, 0.03, 1.0, 100.0])
@pytest.mark.parametrize(
    ("num_examples", "num_features", "num_classes"), [(400, 12, 3), (60, 90, 4), (300, 40, 20), (12, 12, 3)]
)
def test_the_optimum_is_that_of_scikit_learn(num_examples, num_features, num_classes, strength):
    features, targets = examples(num_examples, num_features=num_features, num_classes=num_classes)
    targets = targets[:, targets.any(axis=0)]
    weights = np.ones(num_examples)
    probe = fit(features, targets, strengths=[strength])
    expected = reference_objective(features, targets, weights, strength)
    # Never much worse; and not better either, which would be another objective.
    assert own_objective(probe, features, targets, weights) == pytest.approx(expected, rel=1e-4)


def test_weights_count_as_in_scikit_learn():
    features, targets = examples(200)
    weights = np.random.default_rng(1).uniform(0.0, 5.0, 200)
    probe = fit(features, targets, weights=weights, strengths=[0.1])
    expected = reference_objective(features, targets, weights, 0.1)
    assert own_objective(probe, features, targets, weights) == pytest.approx(expected, rel=1e-5)


def test_every_point_of_the_path_is_an_optimum_of_its_own():
    features, targets = examples(300)
    fits = logistic_path(features, targets, np.ones(300), strengths=STRENGTHS, cross_entropy=softmax_cross_entropy)
    for found, strength in zip(fits, STRENGTHS, strict=True):
        probe = LinearProbe(found.kernel, found.bias, found.strength, ())
        assert found.strength == strength
        expected = reference_objective(features, targets, np.ones(300), strength)
        assert own_objective(probe, features, targets, np.ones(300)) == pytest.approx(expected, rel=1e-4)


def test_several_labels_are_independent_regressions():
    features, _ = examples(300)
    rng = np.random.default_rng(0)
    targets = (features @ rng.normal(size=(12, 4)) / 20 + rng.normal(size=(300, 4)) > 0).astype(np.float32)
    probe = fit(features, targets, strengths=[0.3], multi_label=True)
    scaled = scaled_by_one_number(features)
    for index in range(4):
        model = LogisticRegression(C=0.3, tol=1e-10, max_iter=10_000).fit(scaled, targets[:, index])
        probabilities = expit(probe.logits(features)[:, index])
        np.testing.assert_allclose(probabilities, expit(model.decision_function(scaled)), atol=0.01)


def test_the_path_tells_losses_and_accuracies_from_the_strongest_regularisation_down():
    features, targets = examples(300, distance=0.5)
    validation = examples(100, seed=1, distance=0.5)
    probe = fit_probe(features, targets, validation_features=validation[0], validation_targets=validation[1])
    assert [point.strength for point in probe.path] == list(STRENGTHS)
    losses = [point.loss for point in probe.path]
    assert losses == sorted(losses, reverse=True)
    best = min(probe.path, key=lambda point: point.validation_loss)
    assert probe.strength == best.strength
    expected = -(log_softmax(probe.logits(validation[0]), axis=1) * validation[1]).sum(axis=1).mean()
    assert best.validation_loss == pytest.approx(expected, rel=1e-5)
    right = probe.logits(validation[0]).argmax(axis=1) == validation[1].argmax(axis=1)
    assert best.validation_accuracy == pytest.approx(right.mean())


def test_a_tie_goes_to_the_stronger_regularisation():
    features, targets = np.ones((6, 2)), np.eye(2)[[0, 1] * 3]  # nothing to learn: every strength does the same
    assert fit(features, targets, strengths=[1.0, 0.1, 0.01]).strength == 0.01


def test_the_same_examples_give_the_same_probe():
    features, targets = examples(100)
    one, other = fit(features, targets), fit(features, targets)
    assert np.array_equal(one.kernel, other.kernel)
    assert np.array_equal(one.bias, other.bias)
    assert [vars(point) for point in one.path] == [vars(point) for point in other.path]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(5, 60), st.floats(-3.0, 3.0))
def test_order_of_rows_and_offset_of_features_do_not_matter(seed, num_examples, offset):
    features, targets = examples(num_examples, seed=seed)
    order = np.random.default_rng(seed).permutation(num_examples)
    validation = {"validation_features": features, "validation_targets": targets}
    plain = fit_probe(features, targets, **validation, strengths=[0.01])
    moved = fit_probe(
        features[order] + offset,
        targets[order],
        validation_features=features + offset,
        validation_targets=targets,
        strengths=[0.01],
    )
    np.testing.assert_allclose(moved.logits(features + offset), plain.logits(features), atol=0.02)


def test_a_row_twice_is_a_row_of_weight_two():
    features, targets = examples(80)
    # Weights of rows do not enter the standardisation, so that every row is doubled or none.
    twice = fit(np.tile(features, (2, 1)), np.tile(targets, (2, 1)), strengths=[0.05])
    weighted = fit(features, targets, weights=np.full(80, 2.0), strengths=[0.05])
    np.testing.assert_allclose(twice.logits(features), weighted.logits(features), atol=0.01)


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("num_examples", [1, 2, 10, 200])
@pytest.mark.parametrize("num_classes", [1, 2, 60])
def test_odd_sets_give_finite_probes(num_examples, num_classes, multi_label):
    features, targets = examples(num_examples, num_classes=num_classes, distance=50.0)
    features[:, 0] = 7.25  # constant
    features[:, 1] = 0.0
    features[:, 2] = features[:, 3]
    probe = fit(features, targets, multi_label=multi_label)
    assert np.isfinite(probe.kernel).all()
    assert np.isfinite(probe.bias).all()
    assert np.isfinite([list(vars(point).values()) for point in probe.path]).all()


def test_separable_classes_are_told_apart():
    features, targets = examples(100, distance=50.0)
    probe = fit(features, targets)
    assert probe.path[-1].validation_accuracy == 1.0
    assert probe.path[-1].loss < 0.02


def test_a_class_without_training_examples_is_as_likely_as_half_an_example():
    features, targets = examples(100)
    targets = np.insert(targets, 1, 0.0, axis=1)
    validation = features[:4], np.eye(4)[[0, 1, 2, 3]]
    probe = fit(features, targets, validation_features=validation[0], validation_targets=validation[1])
    probabilities = np.exp(log_softmax(probe.logits(features), axis=1))
    assert probabilities[:, 1].sum() == pytest.approx(0.5, rel=0.02)
    assert not probe.kernel[:, 1].any()
    assert all(point.validation_loss < 10 for point in probe.path)


def test_labels_that_all_or_none_have_keep_a_finite_bias():
    features, _ = examples(99)
    targets = np.tile([1.0, 0.0], (99, 1))
    probe = fit(features, targets, multi_label=True)
    np.testing.assert_allclose(probe.bias, [np.log(199), -np.log(199)], rtol=1e-5)
    assert probe.path[0].validation_accuracy == 1.0


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_features_may_have_any_precision(dtype):
    features, targets = examples(50)
    probe = fit(features.astype(dtype), targets.astype(np.float32))
    assert probe.kernel.dtype == probe.bias.dtype == np.float32
    assert probe.kernel.shape == (12, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": np.ones(4)}, r"\(examples, features\)"),
        ({"features": np.full((4, 2), np.nan)}, r"finite features.*features\[0, 0\]"),
        ({"features": np.array([[0, 1], [np.inf, 0], [1, 1], [2, 3.0]])}, r"features\[1, 0\]=inf"),
        ({"targets": np.eye(2)}, r"\(4, classes\).*\(2, 2\)"),
        ({"targets": np.ones((4, 2))}, "add up to 1"),
        ({"targets": np.full((4, 2), -1.0)}, "between 0 and 1"),
        ({"validation_features": np.ones((4, 3))}, "validation_features with 2 columns"),
        ({"validation_targets": np.eye(4)}, "validation_targets with 2 columns"),
        ({"validation_features": np.ones((0, 2)), "validation_targets": np.ones((0, 2))}, r"\(0, 2\)"),
        ({"weights": np.ones(3)}, r"weights of shape \(4,\)"),
        ({"weights": np.zeros(4)}, "not all 0"),
        ({"strengths": []}, "strengths above 0"),
        ({"strengths": [0.0]}, "strengths above 0"),
    ],
)
def test_wrong_examples_are_refused(changes, message):
    right = {"features": np.arange(8.0).reshape(4, 2), "targets": np.eye(2)[[0, 1, 0, 1]]}
    right |= {"validation_features": right["features"], "validation_targets": right["targets"]}
    with pytest.raises(ValueError, match=message):
        fit_probe(**(right | changes))


@pytest.mark.parametrize("cross_entropy", [softmax_cross_entropy, sigmoid_cross_entropy])
def test_cross_entropies_take_any_logits(cross_entropy):
    losses, probabilities = cross_entropy(np.array([[1e4, -1e4], [0.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    np.testing.assert_allclose(probabilities, [[1.0, 0.0], [0.5, 0.5]])
    np.testing.assert_allclose(losses, [0.0, np.log(2) * (2 if cross_entropy is sigmoid_cross_entropy else 1)])


def test_two_classes_are_those_of_scikit_learn_with_twice_the_strength():
    features, targets = examples(200, num_classes=2, distance=0.5)
    scaled = scaled_by_one_number(features)
    model = LogisticRegression(C=0.2, tol=1e-10, max_iter=10_000).fit(scaled, targets[:, 1])
    logits = fit(features, targets, strengths=[0.1]).logits(features)
    np.testing.assert_allclose(logits[:, 1] - logits[:, 0], model.decision_function(scaled), atol=0.02)


def test_patience_ends_the_path_after_the_valley_and_chooses_the_same():
    generator = np.random.default_rng(0)
    targets = np.eye(3)[generator.integers(0, 3, 240)]
    features = targets @ generator.normal(size=(3, 20)) + 10 * generator.normal(size=(240, 20))
    parts = {"validation_features": features[120:], "validation_targets": targets[120:]}
    whole = fit_probe(features[:120], targets[:120], **parts)
    short = fit_probe(features[:120], targets[:120], **parts, patience=2)
    place = [point.strength for point in whole.path].index(whole.strength)
    assert len(short.path) == min(len(whole.path), place + 3) < len(whole.path)
    assert short.strength == whole.strength
    assert np.array_equal(short.kernel, whole.kernel)
