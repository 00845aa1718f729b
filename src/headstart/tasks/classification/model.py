"""The model of image classification."""

from headstart.backbones import Backbone
from headstart.data import Dataset
from headstart.heads import HeadSettings, ImageClassifier, TaskModel, build_classifier


def _build(backbone: Backbone, dataset: Dataset, settings: HeadSettings) -> ImageClassifier:
    return build_classifier(
        backbone,
        dataset.class_names,
        resize_mode=settings.resize_mode,
        seed=settings.seed,
        multi_label=dataset.multi_label,
        dropout=settings.dropout,
        num_stages=settings.num_stages,
    )


MODEL = TaskModel(ImageClassifier, _build)
