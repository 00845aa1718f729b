"""Calibration of confidence: of the predictions with 80 % confidence, 80 % should be right."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

NUM_BINS = 15  # as in the paper's tables
EDGES = np.arange(NUM_BINS + 1) / NUM_BINS


@dataclass(frozen=True)
class Answers:
    """Predictions with the confidence they were given with.

    Attributes:
        confidence: `(n,)` or, with several predictions per example, `(n, k)`; between 0 and 1.
        correct: the same shape, 1.0 where the prediction was right, else 0.0.
    """

    confidence: np.ndarray
    correct: np.ndarray


def bin_indices(confidence: np.ndarray) -> np.ndarray:
    """Which of the equal bins (0, 1/15], (1/15, 2/15], ... each confidence falls into."""
    return np.searchsorted(EDGES[1:-1], confidence, side="left")


def expected_calibration_error(answers: Answers, weights: np.ndarray) -> np.ndarray:
    """Distance between confidence and accuracy, averaged over bins of confidence by how many predictions each holds.

    Args:
        answers: of `n` examples.
        weights: `(r, n)`, how often each example counts in each resample.

    Returns:
        `(r,)` between 0 and 1, lower is better.

    References:
        Guo et al. 2017, On Calibration of Modern Neural Networks, arXiv 1706.04599, equation 3.
    """
    num_examples = len(answers.confidence)
    gap = (answers.confidence - answers.correct).reshape(num_examples, -1)
    bins = bin_indices(answers.confidence).reshape(num_examples, -1)
    gap_in_bin = np.stack([np.where(bins == index, gap, 0.0).sum(axis=1) for index in range(NUM_BINS)], axis=1)
    errors: np.ndarray = np.abs(weights @ gap_in_bin).sum(axis=1) / (weights.sum(axis=1) * gap.shape[1])
    return errors


def calibration_table(answers: Answers) -> pd.DataFrame:
    """One row a bin: low, high, num_examples, confidence and accuracy (means over the bin; NaN where it is empty)."""
    bins = bin_indices(answers.confidence).ravel()
    count = np.bincount(bins, minlength=NUM_BINS)
    filled = np.where(count > 0, count, np.nan)
    return pd.DataFrame(
        {
            "low": EDGES[:-1],
            "high": EDGES[1:],
            "num_examples": count,
            "confidence": np.bincount(bins, answers.confidence.ravel(), NUM_BINS) / filled,
            "accuracy": np.bincount(bins, answers.correct.ravel(), NUM_BINS) / filled,
        }
    )
