"""Whether the linear probe's own solver is worth having: seconds and distance to the optimum, beside scikit-learn's.

Both solve the same eight strengths from the strongest regularisation down, each from where the last ended, in turns
within one process. The optimum of a strength is taken to be the lowest objective that anyone reached.
"""

import argparse
import statistics
import time

from headstart.features.logistic import softmax_cross_entropy
from headstart.features.logistic_path import logistic_path
from headstart.features.probe import STRENGTHS

import numpy as np
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

NUM_HIDDEN = 400  # directions in which the features vary, as unevenly as those of a pretrained network
WRONG_LABELS = 0.03


def make_examples(num_examples: int, *, num_features: int, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Standardised features, correlated and with rectified zeros, that tell classes apart nearly; and their classes."""
    rng = np.random.default_rng(0)
    classes = rng.integers(num_classes, size=num_examples)
    falling = (1 + np.arange(NUM_HIDDEN)) ** -0.5
    centres = 2.5 * rng.normal(size=(num_classes, NUM_HIDDEN)) * falling
    hidden = (rng.normal(size=(num_examples, NUM_HIDDEN)) + centres[classes]) * falling
    mixed = hidden @ rng.normal(size=(NUM_HIDDEN, num_features))
    features = np.maximum(mixed + 0.5 * rng.normal(size=mixed.shape), 0.0)
    wrong = rng.random(num_examples) < WRONG_LABELS
    classes[wrong] = rng.integers(num_classes, size=wrong.sum())
    return ((features - features.mean(axis=0)) / features.std(axis=0)).astype(np.float32), classes


def objective(
    kernel: np.ndarray, bias: np.ndarray, *, examples: tuple[np.ndarray, np.ndarray], strength: float
) -> float:
    features, classes = examples
    logs = log_softmax((features @ kernel + bias).astype(np.float64), axis=1)
    return float(-strength * logs[np.arange(len(classes)), classes].sum() + (kernel**2).sum() / 2)


def solve_headstart(features: np.ndarray, classes: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    targets, weights = np.eye(classes.max() + 1)[classes], np.ones(len(classes))
    fits = logistic_path(features, targets, weights, strengths=STRENGTHS, cross_entropy=softmax_cross_entropy)
    return [(fit.kernel, fit.bias) for fit in fits]


def solve_scikit_learn(features: np.ndarray, classes: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    model = LogisticRegression(tol=1e-7, max_iter=5000, warm_start=True)
    found = []
    for strength in STRENGTHS:
        model.set_params(C=strength).fit(features.astype(np.float64), classes)
        found.append((model.coef_.T.copy(), model.intercept_.copy()))
    return found


SOLVERS = {"headstart": solve_headstart, "scikit-learn": solve_scikit_learn}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=7000)
    parser.add_argument("--features", type=int, default=1280)
    parser.add_argument("--classes", type=int, default=6)
    parser.add_argument("--repeat", type=int, default=2)
    options = parser.parse_args()
    examples = make_examples(options.examples, num_features=options.features, num_classes=options.classes)
    seconds: dict[str, list[float]] = {name: [] for name in SOLVERS}
    objectives = {}
    for _ in range(options.repeat):
        for name, solve in SOLVERS.items():
            started = time.perf_counter()
            found = solve(*examples)
            seconds[name].append(time.perf_counter() - started)
            objectives[name] = np.array(
                [objective(*pair, examples=examples, strength=s) for pair, s in zip(found, STRENGTHS, strict=True)]
            )
    lowest = np.minimum.reduce(list(objectives.values()))
    print(f"| {options.examples:,} x {options.features:,} x {options.classes} | best s | median s | largest gap |")
    print("|---|---|---|---|")
    for name, times in seconds.items():
        gap = (objectives[name] / lowest - 1).max()
        print(f"| {name} | {min(times):.1f} | {statistics.median(times):.1f} | {gap:.1e} |")


if __name__ == "__main__":
    main()
