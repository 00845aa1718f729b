"""Checks predictions before anything is computed from them."""

import numpy as np

from headstart.errors import PredictionsError
from headstart.tasks.classification.multi_label import MultiLabelAnswers
from headstart.tasks.classification.single_label import SingleLabelAnswers

ROW_SUM_TOLERANCE = 1e-2  # float16 softmax over many classes stays well inside


def checked_single_label(probabilities: np.ndarray, targets: np.ndarray, *, num_classes: int) -> SingleLabelAnswers:
    """Predictions fit to be scored: finite, `(n, k)`, rows with the sum 1, as many targets.

    Raises:
        PredictionsError: anything else, such as logits in place of probabilities.
    """
    values = _checked_probabilities(probabilities, num_classes=num_classes)
    sums = values.sum(axis=1)
    worst = int(np.abs(sums - 1).argmax())
    if abs(sums[worst] - 1) > ROW_SUM_TOLERANCE:
        raise PredictionsError(
            "The probabilities of an example do not add up to 1.",
            expected="rows with the sum 1",
            received=f"{sums[worst]:.3g} for example {worst}",
            hint="Apply softmax to logits first; independent probabilities belong to evaluate_multi_label.",
        )
    indices = checked_class_indices(targets, num_classes=num_classes)
    if len(indices) != len(values):
        _raise_shape("targets", expected=f"({len(values)},)", received=indices.shape)
    return SingleLabelAnswers(values / sums[:, None], indices)


def checked_multi_label(probabilities: np.ndarray, targets: np.ndarray, *, num_classes: int) -> MultiLabelAnswers:
    """Predictions fit to be scored: finite, `(n, k)`, targets of the same shape holding 0 and 1.

    Raises:
        PredictionsError: anything else.
    """
    values = _checked_probabilities(probabilities, num_classes=num_classes)
    labels = checked_label_matrix(targets, num_classes=num_classes)
    if labels.shape != values.shape:
        _raise_shape("targets", expected=str(values.shape), received=labels.shape)
    return MultiLabelAnswers(values, labels)


def checked_class_indices(targets: np.ndarray, *, num_classes: int) -> np.ndarray:
    """`(n,)` integers between 0 and `num_classes` - 1, at least one.

    Raises:
        PredictionsError: anything else.
    """
    indices = np.asarray(targets)
    if indices.ndim != 1 or not indices.size:
        _raise_shape("targets", expected="(n,) with at least one example", received=indices.shape)
    whole = np.issubdtype(indices.dtype, np.integer)
    if not whole or indices.min() < 0 or indices.max() >= num_classes:
        raise PredictionsError(
            "Targets name a class that does not exist.",
            expected=f"integers from 0 to {num_classes - 1}",
            received=_values_in_words(indices),
            hint="Encode the labels with the model's own class names, in its order.",
        )
    return indices.astype(np.int64)


def checked_label_matrix(targets: np.ndarray, *, num_classes: int) -> np.ndarray:
    """`(n, k)` integers 0 and 1, at least one row.

    Raises:
        PredictionsError: anything else.
    """
    labels = np.asarray(targets)
    if labels.ndim != 2 or not len(labels) or labels.shape[1] != num_classes:
        _raise_shape("targets", expected=f"(n, {num_classes}) with at least one example", received=labels.shape)
    if not np.isin(labels, (0, 1)).all():
        raise PredictionsError(
            "Multi-label targets hold something other than yes and no.",
            expected="0 or 1 for each example and label",
            received=_values_in_words(labels),
            hint="Encode the labels with the model's own class names, in its order.",
        )
    return labels.astype(np.int64)


def _checked_probabilities(probabilities: np.ndarray, *, num_classes: int) -> np.ndarray:
    values = np.asarray(probabilities, dtype=np.float64)
    if values.ndim != 2 or not len(values) or values.shape[1] != num_classes:
        _raise_shape("probabilities", expected=f"(n, {num_classes}) with at least one example", received=values.shape)
    if not np.isfinite(values).all():
        example = int(np.argwhere(~np.isfinite(values))[0, 0])
        raise PredictionsError(
            "The model predicted a number that is not finite.",
            expected="probabilities between 0 and 1",
            received=f"{values[example].tolist()} for example {example}",
            hint="Training has diverged: train again with a lower learning rate.",
        )
    if values.min() < 0 or values.max() > 1 + 1e-6:
        raise PredictionsError(
            "The predictions are no probabilities.",
            expected="values between 0 and 1",
            received=f"values from {values.min():.3g} to {values.max():.3g}",
            hint="Apply softmax (one class an example) or a sigmoid (several labels) to logits first.",
        )
    return np.minimum(values, 1.0)


def _values_in_words(values: np.ndarray) -> str:
    if not np.issubdtype(values.dtype, np.number):  # names, which have no least and no greatest
        return f"{values.dtype} such as {values.flat[0]!s}"
    return f"{values.dtype} from {values.min()} to {values.max()}"


def _raise_shape(name: str, *, expected: str, received: tuple[int, ...]) -> None:
    raise PredictionsError(
        f"The {name} have the wrong shape.",
        expected=expected,
        received=str(received),
        hint="Give one row an example and one column a class name.",
    )
