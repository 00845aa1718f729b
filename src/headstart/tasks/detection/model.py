"""The model of object detection."""

from headstart.backbones import Backbone
from headstart.data import Dataset
from headstart.heads import HeadSettings, ObjectDetector, TaskModel, build_detector, detector_taps


def _build(backbone: Backbone, dataset: Dataset, settings: HeadSettings) -> ObjectDetector:
    return build_detector(backbone, dataset.class_names, resize_mode=settings.resize_mode, seed=settings.seed)


MODEL = TaskModel(ObjectDetector, _build, detector_taps)
