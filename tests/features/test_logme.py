"""LogME beside the evidence written out as the density of a normal distribution, and beside the paper's iteration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from headstart.features.logme import logme


def examples(num_examples: int, num_features: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(num_examples, num_features)) + 0.3
    scores = features @ rng.normal(size=(num_features, 3)) / np.sqrt(num_features) + 0.7 * rng.normal(
        size=(num_examples, 3)
    )
    return features, np.eye(3)[scores.argmax(axis=1)]


def slow_logme(features: np.ndarray, targets: np.ndarray) -> float:
    """Targets of a class are normal with covariance `F F' / alpha + I / beta`; both precisions are searched."""
    product, unit = features @ features.T, np.eye(len(features))

    def negative(logs: np.ndarray, target: np.ndarray) -> float:
        covariance = np.exp(-logs[0]) * product + np.exp(-logs[1]) * unit
        return -multivariate_normal.logpdf(target, cov=covariance, allow_singular=True)

    best = [
        min(
            minimize(negative, start, args=(target,), method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-9}).fun
            for start in ([0.0, 0.0], [4.0, 2.0], [8.0, 1.0])
        )
        for target in targets.T
    ]
    return -float(np.mean(best)) / len(features)


def iterated_logme(features: np.ndarray, targets: np.ndarray) -> float:
    """The paper's fixed-point iteration, long enough to settle."""
    eigenvalues, vectors = np.linalg.eigh(features.T @ features)
    evidences = []
    for target in targets.T:
        alpha, beta = 1.0, 1.0
        for _ in range(2000):
            precision = alpha + beta * eigenvalues
            mean = beta * vectors @ ((vectors.T @ features.T @ target) / precision)
            gamma = (beta * eigenvalues / precision).sum()
            residual = ((target - features @ mean) ** 2).sum()
            alpha, beta = gamma / (mean @ mean), (len(target) - gamma) / residual
        precision = alpha + beta * eigenvalues
        mean = beta * vectors @ ((vectors.T @ features.T @ target) / precision)
        residual = ((target - features @ mean) ** 2).sum()
        num_examples, num_features = features.shape
        evidences.append(
            (num_examples * np.log(beta / (2 * np.pi)) + num_features * np.log(alpha) - np.log(precision).sum()) / 2
            - (beta * residual + alpha * mean @ mean) / 2
        )
    return float(np.mean(evidences)) / len(features)


@pytest.mark.parametrize("shape", [(40, 5), (30, 29), (25, 60), (12, 1)])
def test_logme_is_the_maximum_of_the_evidence(shape):
    features, targets = examples(*shape)
    targets = targets[:, targets.any(axis=0)]
    assert logme(features, targets) == pytest.approx(slow_logme(features, targets), abs=1e-5)


def test_the_papers_iteration_ends_there_too():
    features, targets = examples(200, 10)
    assert logme(features, targets) == pytest.approx(iterated_logme(features, targets), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(5, 30), st.integers(1, 40), st.floats(-6.0, 6.0))
def test_order_scale_and_rotation_do_not_matter(seed, num_examples, num_features, log_scale):
    features, targets = examples(num_examples, num_features, seed=seed)
    rng = np.random.default_rng(seed)
    order = rng.permutation(num_examples)
    rotation = np.linalg.qr(rng.normal(size=(num_features, num_features)))[0]
    changed = logme(features[order] @ rotation * 10.0**log_scale, targets[order])
    assert changed == pytest.approx(logme(features, targets), abs=1e-4)


def test_features_that_tell_classes_apart_score_higher():
    targets = np.eye(3)[np.arange(90) % 3]
    noise = np.random.default_rng(0).normal(size=(90, 5))
    scores = [logme(np.hstack([targets + spread * noise[:, :3], noise]), targets) for spread in (0.1, 0.3, 1.0, 10.0)]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    "features", [np.zeros((9, 2)), np.ones((9, 3)), np.eye(3)[np.arange(9) % 3], np.eye(9), np.full((9, 2), 1e30)]
)
def test_odd_features_give_a_finite_number(features):
    assert np.isfinite(logme(features.astype(np.float32), np.eye(4)[np.arange(9) % 3]))


def test_wrong_examples_are_refused():
    with pytest.raises(ValueError, match="finite"):
        logme(np.full((3, 2), np.nan), np.eye(3))
