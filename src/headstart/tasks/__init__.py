"""The tasks, one folder each. `headstart.task_spec` finds the parts of a task by the file `spec.py` of its folder.

Names are imported at their first use; no room below imports them.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.tasks.classification.classifier import ImageClassifier, build_classifier
    from headstart.tasks.classification.decoding import chosen_names, decide, joined_names
    from headstart.tasks.classification.export import build_serving_model
    from headstart.tasks.classification.metrics import evaluate_classification, evaluate_multi_label
    from headstart.tasks.classification.mistakes import most_confident_label_mistakes, most_confident_mistakes
    from headstart.tasks.classification.parity import Answers
    from headstart.tasks.classification.predictor import NOT_SURE, Answer, ClassPredictor
    from headstart.tasks.classification.probe_start import solve_probe, start_from_probe
    from headstart.tasks.classification.trust import measure_trust
    from headstart.tasks.detection.detections import MAX_OVERLAP, Detections, boxes_in_picture
    from headstart.tasks.detection.detector import ObjectDetector, build_detector
    from headstart.tasks.detection.loss import DetectionLoss
    from headstart.tasks.detection.metrics import best_score_threshold, evaluate_detection
    from headstart.tasks.detection.precision_recall_plot import precision_recall_curves
    from headstart.tasks.detection.predictor import BoxPredictor, FoundBoxes
    from headstart.tasks.detection.pyramid import detector_taps
    from headstart.tasks.detection.report import detection_example
    from headstart.tasks.regression.intervals import RegressionIntervals
    from headstart.tasks.regression.loss import RegressionLoss
    from headstart.tasks.regression.metrics import evaluate_regression
    from headstart.tasks.regression.plots import answer_scatter, residual_plot
    from headstart.tasks.regression.predictor import NumberPredictor, Numbers
    from headstart.tasks.regression.regressor import ImageRegressor, build_regressor
    from headstart.tasks.regression.report import regression_example
    from headstart.tasks.regression.ridge_probe import start_from_ridge
    from headstart.tasks.segmentation.loss import SegmentationLoss
    from headstart.tasks.segmentation.metrics import evaluate_segmentation
    from headstart.tasks.segmentation.parity import NamedPixels
    from headstart.tasks.segmentation.predictor import MaskPredictor, PictureMask, mask_in_picture
    from headstart.tasks.segmentation.report import segmentation_example
    from headstart.tasks.segmentation.segmenter import Segmenter, build_segmenter, segmenter_taps

_MODULE_OF = {
    "MAX_OVERLAP": "detection.detections",
    "NOT_SURE": "classification.predictor",
    "Answer": "classification.predictor",
    "Answers": "classification.parity",
    "BoxPredictor": "detection.predictor",
    "ClassPredictor": "classification.predictor",
    "DetectionLoss": "detection.loss",
    "Detections": "detection.detections",
    "FoundBoxes": "detection.predictor",
    "ImageClassifier": "classification.classifier",
    "ImageRegressor": "regression.regressor",
    "MaskPredictor": "segmentation.predictor",
    "NamedPixels": "segmentation.parity",
    "NumberPredictor": "regression.predictor",
    "Numbers": "regression.predictor",
    "ObjectDetector": "detection.detector",
    "PictureMask": "segmentation.predictor",
    "RegressionIntervals": "regression.intervals",
    "RegressionLoss": "regression.loss",
    "SegmentationLoss": "segmentation.loss",
    "Segmenter": "segmentation.segmenter",
    "answer_scatter": "regression.plots",
    "best_score_threshold": "detection.metrics",
    "boxes_in_picture": "detection.detections",
    "build_classifier": "classification.classifier",
    "build_detector": "detection.detector",
    "build_regressor": "regression.regressor",
    "build_segmenter": "segmentation.segmenter",
    "build_serving_model": "classification.export",
    "chosen_names": "classification.decoding",
    "decide": "classification.decoding",
    "detection_example": "detection.report",
    "detector_taps": "detection.pyramid",
    "evaluate_classification": "classification.metrics",
    "evaluate_detection": "detection.metrics",
    "evaluate_multi_label": "classification.metrics",
    "evaluate_regression": "regression.metrics",
    "evaluate_segmentation": "segmentation.metrics",
    "joined_names": "classification.decoding",
    "mask_in_picture": "segmentation.predictor",
    "measure_trust": "classification.trust",
    "most_confident_label_mistakes": "classification.mistakes",
    "most_confident_mistakes": "classification.mistakes",
    "precision_recall_curves": "detection.precision_recall_plot",
    "regression_example": "regression.report",
    "residual_plot": "regression.plots",
    "segmentation_example": "segmentation.report",
    "segmenter_taps": "segmentation.segmenter",
    "solve_probe": "classification.probe_start",
    "start_from_probe": "classification.probe_start",
    "start_from_ridge": "regression.ridge_probe",
}

__all__ = [
    "MAX_OVERLAP",
    "NOT_SURE",
    "Answer",
    "Answers",
    "BoxPredictor",
    "ClassPredictor",
    "DetectionLoss",
    "Detections",
    "FoundBoxes",
    "ImageClassifier",
    "ImageRegressor",
    "MaskPredictor",
    "NamedPixels",
    "NumberPredictor",
    "Numbers",
    "ObjectDetector",
    "PictureMask",
    "RegressionIntervals",
    "RegressionLoss",
    "SegmentationLoss",
    "Segmenter",
    "answer_scatter",
    "best_score_threshold",
    "boxes_in_picture",
    "build_classifier",
    "build_detector",
    "build_regressor",
    "build_segmenter",
    "build_serving_model",
    "chosen_names",
    "decide",
    "detection_example",
    "detector_taps",
    "evaluate_classification",
    "evaluate_detection",
    "evaluate_multi_label",
    "evaluate_regression",
    "evaluate_segmentation",
    "joined_names",
    "mask_in_picture",
    "measure_trust",
    "most_confident_label_mistakes",
    "most_confident_mistakes",
    "precision_recall_curves",
    "regression_example",
    "residual_plot",
    "segmentation_example",
    "segmenter_taps",
    "solve_probe",
    "start_from_probe",
    "start_from_ridge",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
