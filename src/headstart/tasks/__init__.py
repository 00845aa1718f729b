"""The tasks, one folder each. `headstart.task_spec` finds the parts of a task by the file `spec.py` of its folder.

Names are imported at their first use; no room below imports them.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.tasks.classification.metrics import evaluate_classification, evaluate_multi_label
    from headstart.tasks.classification.mistakes import most_confident_label_mistakes, most_confident_mistakes
    from headstart.tasks.classification.parity import Answers
    from headstart.tasks.classification.predictor import NOT_SURE, Answer, ClassPredictor
    from headstart.tasks.classification.promises import measure_honesty
    from headstart.tasks.classification.serving_model import build_serving_model
    from headstart.tasks.detection.metrics import best_score_threshold, evaluate_detection
    from headstart.tasks.detection.precision_recall_plot import precision_recall_curves
    from headstart.tasks.detection.predictor import BoxPredictor, FoundBoxes
    from headstart.tasks.detection.report import detection_example
    from headstart.tasks.regression.intervals import RegressionIntervals
    from headstart.tasks.regression.metrics import evaluate_regression
    from headstart.tasks.regression.plots import answer_scatter, residual_plot
    from headstart.tasks.regression.predictor import NumberPredictor, Numbers
    from headstart.tasks.regression.report import regression_example
    from headstart.tasks.segmentation.metrics import evaluate_segmentation
    from headstart.tasks.segmentation.parity import NamedPixels
    from headstart.tasks.segmentation.predictor import MaskPredictor, PictureMask
    from headstart.tasks.segmentation.report import segmentation_example

_MODULE_OF = {
    "NOT_SURE": "classification.predictor",
    "Answer": "classification.predictor",
    "Answers": "classification.parity",
    "BoxPredictor": "detection.predictor",
    "ClassPredictor": "classification.predictor",
    "FoundBoxes": "detection.predictor",
    "MaskPredictor": "segmentation.predictor",
    "NamedPixels": "segmentation.parity",
    "NumberPredictor": "regression.predictor",
    "Numbers": "regression.predictor",
    "PictureMask": "segmentation.predictor",
    "RegressionIntervals": "regression.intervals",
    "answer_scatter": "regression.plots",
    "best_score_threshold": "detection.metrics",
    "build_serving_model": "classification.serving_model",
    "detection_example": "detection.report",
    "evaluate_classification": "classification.metrics",
    "evaluate_detection": "detection.metrics",
    "evaluate_multi_label": "classification.metrics",
    "evaluate_regression": "regression.metrics",
    "evaluate_segmentation": "segmentation.metrics",
    "measure_honesty": "classification.promises",
    "most_confident_label_mistakes": "classification.mistakes",
    "most_confident_mistakes": "classification.mistakes",
    "precision_recall_curves": "detection.precision_recall_plot",
    "regression_example": "regression.report",
    "residual_plot": "regression.plots",
    "segmentation_example": "segmentation.report",
}

__all__ = [
    "NOT_SURE",
    "Answer",
    "Answers",
    "BoxPredictor",
    "ClassPredictor",
    "FoundBoxes",
    "MaskPredictor",
    "NamedPixels",
    "NumberPredictor",
    "Numbers",
    "PictureMask",
    "RegressionIntervals",
    "answer_scatter",
    "best_score_threshold",
    "build_serving_model",
    "detection_example",
    "evaluate_classification",
    "evaluate_detection",
    "evaluate_multi_label",
    "evaluate_regression",
    "evaluate_segmentation",
    "measure_honesty",
    "most_confident_label_mistakes",
    "most_confident_mistakes",
    "precision_recall_curves",
    "regression_example",
    "residual_plot",
    "segmentation_example",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
