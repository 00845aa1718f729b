"""The model of regression of numbers."""

from headstart.backbones import Backbone
from headstart.data import Dataset
from headstart.heads import HeadSettings, ImageRegressor, TaskModel, build_regressor


def _build(backbone: Backbone, dataset: Dataset, settings: HeadSettings) -> ImageRegressor:
    numbers = dataset.part("train").numbers() if (dataset.frame["split"] == "train").any() else dataset.numbers()
    return build_regressor(
        backbone,
        dataset.class_names,
        resize_mode=settings.resize_mode,
        seed=settings.seed,
        dropout=settings.dropout,
        means=numbers.mean(axis=0),
        deviations=numbers.std(axis=0),
    )


MODEL = TaskModel(ImageRegressor, _build)
