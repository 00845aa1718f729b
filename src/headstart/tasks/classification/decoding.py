"""From probabilities to a prediction, the same for a model, an exported file and a server."""

import numpy as np

from headstart.data import LABEL_SEPARATOR


def decide(probabilities: np.ndarray, *, multi_label: bool) -> tuple[np.ndarray, np.ndarray]:
    """The predicted classes of each image, and their probability.

    Args:
        probabilities: `(n, num_classes)`.
        multi_label: whether an image may show several classes, or none.

    Returns:
        `(n, num_classes)` booleans: the likeliest class, or with several labels every class that is at least as likely
        as not. `(n,)` probabilities of these predictions; with several labels that of the least certain yes or no.
    """
    if multi_label:
        present = probabilities >= 0.5
        return present, np.where(present, probabilities, 1.0 - probabilities).min(axis=1)
    best = probabilities.argmax(axis=1)
    return best[:, np.newaxis] == np.arange(probabilities.shape[1]), probabilities.max(axis=1)


def joined_names(class_names: tuple[str, ...], chosen: np.ndarray) -> str:
    """The names of the chosen classes, `(num_classes,)` booleans, joined by `;`; empty where there are none."""
    return LABEL_SEPARATOR.join(chosen_names(class_names, chosen))


def chosen_names(class_names: tuple[str, ...], chosen: np.ndarray) -> tuple[str, ...]:
    """The names of the chosen classes, `(num_classes,)` booleans, in the order of the classes."""
    return tuple(name for name, yes in zip(class_names, chosen, strict=True) if yes)
