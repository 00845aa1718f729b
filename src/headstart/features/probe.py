"""The linear probe: how far one linear layer on pooled features gets, solved to the optimum instead of trained."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headstart.features.examples import check_examples, check_one_for_each
from headstart.features.logistic import sigmoid_cross_entropy, softmax_cross_entropy
from headstart.features.logistic_path import LogisticFit, logistic_path

# A strength is the variance that a coefficient of a scaled feature is expected to have. It therefore depends on
# the features, hardly on the number of examples, and is not scaled by it: the loss is a sum, so that more examples
# outweigh the same penalty by themselves. With a thousand features the best is mostly between 1e-4 and 1e-2, with
# thirty near 0.1; a step of 5 is fine enough, since accuracy is flat around the best.
STRENGTHS = tuple(float(strength) for strength in np.geomspace(1e-5, 1.0, 8))


@dataclass(frozen=True, eq=False)
class ProbePoint:
    """The scores of one regularization strength.

    Attributes:
        strength: factor of the loss against the penalty, above 0; larger is less regularised.
        loss: mean cross-entropy of the training examples without the penalty, weighted, in nats; where an example may
            have several labels, mean over labels too.
        validation_loss: the same of the validation examples, unweighted.
        validation_accuracy: share of validation examples predicted correctly; of labels where there may be several.
    """

    strength: float
    loss: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True, eq=False)
class LinearProbe:
    """One linear layer on raw features.

    Attributes:
        kernel: `(features, classes)` float32.
        bias: `(classes,)` float32.
        strength: the one chosen.
        path: every strength tried, from the strongest regularisation down.
    """

    kernel: np.ndarray
    bias: np.ndarray
    strength: float
    path: tuple[ProbePoint, ...]

    def logits(self, features: np.ndarray) -> np.ndarray:
        """`(n, classes)` from `(n, features)`."""
        logits: np.ndarray = features @ self.kernel + self.bias
        return logits


def fit_probe(  # noqa: PLR0913 (one solver, each setting by its name)
    features: np.ndarray,
    targets: np.ndarray,
    *,
    validation_features: np.ndarray,
    validation_targets: np.ndarray,
    weights: np.ndarray | None = None,
    strengths: Sequence[float] = STRENGTHS,
    patience: int | None = None,
    multi_label: bool = False,
) -> LinearProbe:
    """The linear probe with the lowest validation cross-entropy; a tie goes to the stronger regularisation.

    Minimises what scikit-learn's `LogisticRegression(C=strength)` minimises on features less their means and divided by
    one number: `strength * sum_i weight_i * loss_i + |kernel|² / 2` with a free bias, to about 1e-5 of the optimum. The
    result is folded back so that it takes raw features. Two classes are fitted as with `C=2 * strength` there, where
    one column stands for two opposite ones. Classes that training or validation lacks are fine.

    Args:
        features: `(n, d)`. Several views of one image are several rows.
        targets: `(n, classes)` between 0 and 1; each row adds up to 1 unless `multi_label`.
        validation_features: `(m, d)`, of other images.
        validation_targets: `(m, classes)`.
        weights: `(n,)` how much each example counts, at least 0; all 1 by default.
        strengths: to choose from, above 0.
        patience: ends the path after so many strengths in a row that are worse than the best so far, since the weaker
            regularisations take longest; None tries all.
        multi_label: whether an example may have several labels; each label then has a regression of its own.

    Raises:
        ValueError: Shapes do not fit each other, or a number is outside its range.

    Example:
        >>> features = np.array([[0.0], [1.0], [2.0], [3.0]])
        >>> targets = np.array([[1, 0], [1, 0], [0, 1], [0, 1]])
        >>> probe = fit_probe(features, targets, validation_features=features, validation_targets=targets)
        >>> probe.logits(features).argmax(axis=1).tolist()
        [0, 0, 1, 1]

    References:
        Kornblith et al. 2019, Do Better ImageNet Models Transfer Better?, arXiv 1805.08974, section 3.
    """
    check_examples(features, targets, multi_label=multi_label)
    check_examples(validation_features, validation_targets, multi_label=multi_label)
    _check_same_columns(features, validation_features, name="validation_features")
    _check_same_columns(targets, validation_targets, name="validation_targets")
    if not strengths or not all(0 < strength < np.inf for strength in strengths):
        raise ValueError(f"expected strengths above 0. Received: strengths={tuple(strengths)}")
    cross_entropy = sigmoid_cross_entropy if multi_label else softmax_cross_entropy
    probes = []
    for fit in logistic_path(
        features, targets, _checked_weights(weights, len(features)), strengths=strengths, cross_entropy=cross_entropy
    ):
        probe = LinearProbe(fit.kernel.astype(np.float32), fit.bias.astype(np.float32), fit.strength, ())
        logits = probe.logits(validation_features).astype(np.float64)
        probes.append((probe, _point(fit, logits, validation_targets, multi_label=multi_label)))
        best, point = min(probes, key=lambda pair: pair[1].validation_loss)  # the first of equals
        if patience is not None and len(probes) - [one for _, one in probes].index(point) > patience:
            break
    return replace(best, path=tuple(point for _, point in probes))


def _point(fit: LogisticFit, logits: np.ndarray, targets: np.ndarray, *, multi_label: bool) -> ProbePoint:
    """The scores of a fit, from the logits and targets of the validation examples."""
    if multi_label:
        losses, _ = sigmoid_cross_entropy(logits, targets)
        right, losses_per_example = (logits > 0) == (targets > 0.5), targets.shape[1]
    else:
        losses, _ = softmax_cross_entropy(logits, targets)
        right, losses_per_example = logits.argmax(axis=1) == targets.argmax(axis=1), 1
    return ProbePoint(
        strength=fit.strength,
        loss=fit.loss / losses_per_example,
        validation_loss=float(losses.mean()) / losses_per_example,
        validation_accuracy=float(right.mean()),
    )


def _check_same_columns(training: np.ndarray, validation: np.ndarray, *, name: str) -> None:
    if validation.shape[1] != training.shape[1]:
        raise ValueError(f"expected {name} with {training.shape[1]} columns. Received: shape={validation.shape}")


def _checked_weights(weights: np.ndarray | None, num_examples: int) -> np.ndarray:
    if weights is None:
        return np.ones(num_examples)
    check_one_for_each("weights", weights, num_examples=num_examples)
    if not np.isfinite(weights).all() or weights.min() < 0 or not weights.any():
        raise ValueError(f"expected weights of at least 0, not all 0. Received: {weights.min()} to {weights.max()}")
    return weights.astype(np.float64)
