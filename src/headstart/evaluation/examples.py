"""Pictures beside what is true and what was answered, at a size at which names and lines can be read."""

import numpy as np
from PIL import Image

from headstart.evaluation.report import Report

SHOWN_SIDE = 480  # pixels


def worst_examples(report: Report, *, limit: int = 12) -> list[int]:
    """Which of the scored pictures to look at: the lowest scores first, equal ones as they stood.

    Args:
        report: of detection, segmentation or regression.
        limit: how many at most.

    Returns:
        Places in the predictions that were scored.
    """
    table = report.tables["pictures"].dropna(subset=["score"])
    return table.sort_values("score", kind="stable")["example"].head(limit).astype(int).tolist()


def shown_picture(picture: np.ndarray) -> np.ndarray:
    """A picture at a size at which names and lines can be read."""
    image = Image.fromarray(np.clip(np.asarray(picture), 0, 255).astype(np.uint8))
    scale = SHOWN_SIDE / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return np.asarray(
        image.resize((width, height), Image.Resampling.BILINEAR if scale > 1 else Image.Resampling.LANCZOS)
    )
