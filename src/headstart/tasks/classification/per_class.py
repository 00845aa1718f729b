"""The table of one row a class."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from headstart.evaluation import wilson_interval


def class_table(
    *, hits: np.ndarray, support: np.ndarray, num_predicted: np.ndarray, class_names: Sequence[str]
) -> pd.DataFrame:
    """Precision, recall with its Wilson interval, F1 and support of each class; NaN where undefined.

    Args:
        hits: `(k,)` examples of the class that were found.
        support: `(k,)` examples of the class.
        num_predicted: `(k,)` examples said to be of the class.
        class_names: `k` names.

    Returns:
        Columns class, precision, recall, recall_low, recall_high, f1, support.
    """
    recall_low, recall_high = wilson_interval(hits, support)
    return pd.DataFrame(
        {
            "class": list(class_names),
            "precision": _share(hits, num_predicted),
            "recall": _share(hits, support),
            "recall_low": recall_low,
            "recall_high": recall_high,
            "f1": _share(2 * hits, support + num_predicted),
            "support": support.astype(int),
        }
    )


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return part / np.where(whole > 0, whole, np.nan)
