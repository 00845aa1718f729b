"""Which examples the model got wrong while being sure: the first images to look at."""

import numpy as np
import pandas as pd

from headstart.tasks.classification.predictions import checked_multi_label, checked_single_label


def most_confident_mistakes(probabilities: np.ndarray, targets: np.ndarray, *, limit: int = 12) -> pd.DataFrame:
    """Wrongly predicted examples, the most certain first.

    Args:
        probabilities: `(n, k)`, rows with the sum 1.
        targets: `(n,)` class indices.
        limit: at most this many rows.

    Returns:
        Columns example (row of `probabilities`), true, predicted (class indices), probability (of the predicted class).

    Raises:
        PredictionsError: the probabilities are none, or do not fit the targets.

    Example:
        >>> import numpy as np
        >>> most_confident_mistakes(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0]))
           example  true  predicted  probability
        0        1     0          1          0.8
    """
    answers = checked_single_label(probabilities, targets, num_classes=np.shape(probabilities)[-1])
    frame = pd.DataFrame(
        {
            "example": np.arange(len(answers.targets)),
            "true": answers.targets,
            "predicted": answers.predicted,
            "probability": answers.top_answers.confidence,
        }
    )
    return _surest(frame[frame["true"] != frame["predicted"]], limit=limit)


def most_confident_label_mistakes(probabilities: np.ndarray, targets: np.ndarray, *, limit: int = 12) -> pd.DataFrame:
    """Wrong yes and no of a multi-label model, the surest first.

    Args:
        probabilities: `(n, k)`, each between 0 and 1 for itself.
        targets: `(n, k)` of 0 and 1.
        limit: at most this many rows.

    Returns:
        Columns example, label (column of `probabilities`), true, predicted (0 or 1), probability (of `predicted`).

    Raises:
        PredictionsError: the probabilities are none, or do not fit the targets.
    """
    answers = checked_multi_label(probabilities, targets, num_classes=np.shape(probabilities)[-1])
    example, label = np.nonzero(answers.predicted != answers.targets)
    frame = pd.DataFrame(
        {
            "example": example,
            "label": label,
            "true": answers.targets[example, label],
            "predicted": answers.predicted[example, label],
            "probability": answers.every_answer.confidence[example, label],
        }
    )
    return _surest(frame, limit=limit)


def _surest(frame: pd.DataFrame, *, limit: int) -> pd.DataFrame:
    return frame.sort_values("probability", ascending=False, kind="stable").head(limit).reset_index(drop=True)
