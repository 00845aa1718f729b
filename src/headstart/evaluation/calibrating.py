"""Makes a calibration from what a trained model says about pictures that it did not learn from."""

import numpy as np
from scipy.special import expit, softmax

from headstart.evaluation.calibration import Calibration, share_outside
from headstart.evaluation.foreign import fit_directions
from headstart.evaluation.temperature import fit_label_temperatures, fit_temperature
from headstart.evaluation.thresholds import Thresholds


def fit_calibration(
    logits: np.ndarray,
    targets: np.ndarray,
    *,
    features: np.ndarray,
    training_features: np.ndarray,
    multi_label: bool = False,
) -> Calibration:
    """Temperature, directions of familiar features, and the scores of validation pictures under both.

    The scores are measured with the temperature that was fitted on the same pictures: one number out of many hundred
    scores moves their quantiles less than the next draw of pictures would.

    Args:
        logits: `(v, k)` of validation pictures.
        targets: `(v, k)` of 0 and 1, one 1 in each row unless `multi_label`.
        features: `(v, num_features)`, pooled, of the same pictures.
        training_features: `(n, num_features)` of training pictures, read plain.
        multi_label: whether a picture may show several classes, or none.
    """
    logits, targets = np.asarray(logits, "float64"), np.asarray(targets, "float64")
    if multi_label:
        temperature = fit_label_temperatures(logits, targets)
        probabilities = expit(logits / temperature)
    else:
        temperature = np.full(logits.shape[1], fit_temperature(logits, targets))
        probabilities = softmax(logits / temperature, axis=1)
    projection = fit_directions(training_features)
    thresholds = Thresholds.from_scores(1 - probabilities[targets == 1], share_outside(features, projection))
    return Calibration(temperature, projection, thresholds.nonconformity, thresholds.foreign_scores)
