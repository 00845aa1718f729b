"""Heads: the new layers on a backbone, and what the models of all tasks have in common.

Names are imported when first used, so that what an answer means can be known without Keras.
"""

from typing import TYPE_CHECKING

from headstart.doors import lazy_door

if TYPE_CHECKING:
    from headstart.heads.classifier import ImageClassifier, build_classifier
    from headstart.heads.decoding import chosen_names, decide, joined_names
    from headstart.heads.detection_loss import DetectionLoss
    from headstart.heads.detections import MAX_OVERLAP, Detections
    from headstart.heads.detector import ObjectDetector, build_detector
    from headstart.heads.kinds import HeadSettings, TaskModel, build_task, read_task, tap_layers
    from headstart.heads.model_file import load_stock_model
    from headstart.heads.placing import boxes_in_picture, mask_in_picture
    from headstart.heads.pooling import POOLED, num_pooled_features, pooled_maps, stages_read
    from headstart.heads.pyramid import detector_taps
    from headstart.heads.regression_loss import RegressionLoss
    from headstart.heads.regressor import ImageRegressor, build_regressor
    from headstart.heads.segmentation_loss import SegmentationLoss
    from headstart.heads.segmenter import Segmenter, build_segmenter, segmenter_taps
    from headstart.heads.task import Task, task_as

_MODULE_OF = {
    "DetectionLoss": "detection_loss",
    "Detections": "detections",
    "HeadSettings": "kinds",
    "ImageClassifier": "classifier",
    "ImageRegressor": "regressor",
    "MAX_OVERLAP": "detections",
    "ObjectDetector": "detector",
    "POOLED": "pooling",
    "RegressionLoss": "regression_loss",
    "SegmentationLoss": "segmentation_loss",
    "Segmenter": "segmenter",
    "TaskModel": "kinds",
    "Task": "task",
    "boxes_in_picture": "placing",
    "build_classifier": "classifier",
    "build_detector": "detector",
    "build_regressor": "regressor",
    "build_segmenter": "segmenter",
    "build_task": "kinds",
    "chosen_names": "decoding",
    "decide": "decoding",
    "detector_taps": "pyramid",
    "joined_names": "decoding",
    "load_stock_model": "model_file",
    "mask_in_picture": "placing",
    "num_pooled_features": "pooling",
    "pooled_maps": "pooling",
    "read_task": "kinds",
    "segmenter_taps": "segmenter",
    "stages_read": "pooling",
    "tap_layers": "kinds",
    "task_as": "task",
}

__all__ = [
    "MAX_OVERLAP",
    "POOLED",
    "DetectionLoss",
    "Detections",
    "HeadSettings",
    "ImageClassifier",
    "ImageRegressor",
    "ObjectDetector",
    "RegressionLoss",
    "SegmentationLoss",
    "Segmenter",
    "Task",
    "TaskModel",
    "boxes_in_picture",
    "build_classifier",
    "build_detector",
    "build_regressor",
    "build_segmenter",
    "build_task",
    "chosen_names",
    "decide",
    "detector_taps",
    "joined_names",
    "load_stock_model",
    "mask_in_picture",
    "num_pooled_features",
    "pooled_maps",
    "read_task",
    "segmenter_taps",
    "stages_read",
    "tap_layers",
    "task_as",
]

__getattr__, __dir__ = lazy_door(__name__, _MODULE_OF)
