"""Predictions + targets → `Report`: numbers with intervals, figures, Grad-CAM, one HTML file.

Names are imported when first used: whoever only reads a report loads neither TensorFlow nor matplotlib.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headstart.evaluation.metrics import evaluate_classification, evaluate_multi_label
    from headstart.evaluation.mistakes import most_confident_label_mistakes, most_confident_mistakes
    from headstart.evaluation.report import Metric, Report

__all__ = [
    "Metric",
    "Report",
    "evaluate_classification",
    "evaluate_multi_label",
    "most_confident_label_mistakes",
    "most_confident_mistakes",
]

_MODULES = {
    "Metric": "report",
    "Report": "report",
    "evaluate_classification": "metrics",
    "evaluate_multi_label": "metrics",
    "most_confident_label_mistakes": "mistakes",
    "most_confident_mistakes": "mistakes",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
