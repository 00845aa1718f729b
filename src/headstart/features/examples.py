"""What every measure of features asks of its examples."""

import numpy as np


def check_examples(features: np.ndarray, targets: np.ndarray, *, multi_label: bool = False) -> None:
    """Raises unless there is a finite row of features and a row of targets for each example.

    Args:
        features: should be `(n, d)`.
        targets: should be `(n, classes)` between 0 and 1, and add up to 1 in each row unless `multi_label`.
        multi_label: whether an example may have several labels, or none.

    Raises:
        ValueError: They are not.
    """
    if features.ndim != 2 or not features.size:
        raise ValueError(f"expected features of shape (examples, features). Received: shape={features.shape}")
    if targets.ndim != 2 or not targets.size or len(targets) != len(features):
        expected = f"({len(features)}, classes)"
        raise ValueError(f"expected targets of shape {expected}. Received: shape={targets.shape}")
    finite = np.isfinite(features)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        raise ValueError(f"expected finite features. Received: features[{row}, {column}]={features[row, column]}")
    if not ((targets >= 0) & (targets <= 1)).all():
        raise ValueError(f"expected targets between 0 and 1. Received: {targets.min()} to {targets.max()}")
    sums = targets.sum(axis=1)
    if not multi_label and not np.allclose(sums, 1.0, atol=1e-4):
        raise ValueError(f"expected targets that add up to 1 in each row. Received: {sums.min()} to {sums.max()}")


def class_indices(targets: np.ndarray) -> np.ndarray:
    """`(n,)` class of each example.

    Args:
        targets: `(n, classes)` one-hot.

    Raises:
        ValueError: An example has no class, several, or part of one.
    """
    if not ((targets == 0) | (targets == 1)).all() or not (targets.sum(axis=1) == 1).all():
        raise ValueError("expected one-hot targets. Received: rows without a single 1 among zeros")
    indices: np.ndarray = targets.argmax(axis=1)
    return indices


def check_one_for_each(name: str, values: np.ndarray, *, num_examples: int) -> None:
    """Raises unless there is one value for each example.

    Raises:
        ValueError: The shape is not `(num_examples,)`.
    """
    if values.shape != (num_examples,):
        raise ValueError(f"expected {name} of shape ({num_examples},). Received: shape={values.shape}")
