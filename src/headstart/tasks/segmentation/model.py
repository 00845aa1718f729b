"""The model of semantic segmentation."""

from headstart.backbones import Backbone
from headstart.data import Dataset
from headstart.heads import HeadSettings, Segmenter, TaskModel, build_segmenter, segmenter_taps


def _build(backbone: Backbone, dataset: Dataset, settings: HeadSettings) -> Segmenter:
    return build_segmenter(
        backbone,
        dataset.class_names,
        resize_mode=settings.resize_mode,
        seed=settings.seed,
        dropout=settings.dropout,
    )


MODEL = TaskModel(Segmenter, _build, segmenter_taps)
