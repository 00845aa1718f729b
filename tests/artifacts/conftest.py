"""A small classifier that tells three colours apart, pictures of them, and its files in every format."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.artifacts import FORMATS, ExportJob, LabelledPictures, Manifest, export_formats
from headstart.backbones import Backbone, build_backbone
from headstart.data import ImageSource
from headstart.tasks import Answers, ImageClassifier, build_classifier, build_serving_model
from headstart.trust import Calibration, Thresholds

COLOURS = {"blue": (40, 60, 200), "green": (40, 200, 40), "red": (200, 40, 40)}
SIDE = 32


@pytest.fixture(scope="session")
def colours(tmp_path_factory) -> Callable[[str, int], list[Path]]:
    """Writes pictures of each colour in sizes of all kinds, one of them the model's own, and gives their paths."""

    @cache
    def write(name: str, count: int) -> list[Path]:
        folder, noise = tmp_path_factory.mktemp(name), np.random.default_rng(len(name))
        paths = []
        for number in range(count):
            height, width = (SIDE, SIDE) if number == 0 else noise.integers(20, 90, 2)
            pixels = np.array(list(COLOURS.values())[number % 3]) + noise.normal(0, 45, (height, width, 3))
            paths.append(folder / f"{number}.png")
            Image.fromarray(pixels.clip(0, 255).astype("uint8")).save(paths[-1])
        return paths

    return write


def targets_of(count: int) -> np.ndarray:
    return np.eye(3)[np.arange(count) % 3]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A classifier of the colours on a backbone, its calibration, and what makes a job of exporting it."""

    task: ImageClassifier
    calibration: Calibration
    make_job: Callable[..., ExportJob]


@pytest.fixture(scope="session")
def fit(colours) -> Callable[..., Fitted]:
    """Puts a head on a backbone: the least-squares solution on the pooled features."""

    def fit_backbone(backbone: Backbone, **options) -> Fitted:
        task = build_classifier(backbone, tuple(COLOURS), **options)

        def source_of(name: str, count: int) -> ImageSource:
            return ImageSource(colours(name, count), image_size=task.image_size, resize_mode="stretch")

        def features_of(source: ImageSource) -> np.ndarray:
            return task.model_with_features.predict(source.load_all(), verbose=0)[1]

        features = features_of(source_of("learn", 48))
        # Standardised, because random networks give features of any size.
        mean, std = features.mean(axis=0), features.std(axis=0) + 1e-6
        inputs = np.hstack([(features - mean) / std, np.ones((48, 1))])
        gram, targets = inputs.T @ inputs, 6 * targets_of(48) - 3
        solution = np.linalg.lstsq(gram + 0.1 * np.eye(len(gram)), inputs.T @ targets, rcond=None)[0]
        kernel = solution[:-1] / std[:, np.newaxis]
        task.model.get_layer("logits").set_weights([kernel, solution[-1] - mean @ kernel])
        calibrating = features_of(source_of("calibrate", 12))
        directions = np.linalg.svd(calibrating.astype("float64"), full_matrices=False)[2][:4].T
        calibration = Calibration(np.full(3, 1.7), directions, np.linspace(0, 0.2, 20), np.linspace(0, 0.1, 20))
        return Fitted(task, calibration, _job_maker(task, calibration, source_of))

    return fit_backbone


def _job_maker(
    task: ImageClassifier, calibration: Calibration, source_of: Callable[[str, int], ImageSource]
) -> Callable[..., ExportJob]:
    def labelled(name: str) -> LabelledPictures:
        source = source_of(name, 12)
        logits, features = task.model_with_features.predict(source.load_all(), verbose=0)
        probabilities = task.probabilities(logits.astype("float64") / calibration.temperature)
        answers = Answers(probabilities, calibration.foreign_score(features))
        return LabelledPictures(source, [path.name for path in source.paths], targets_of(12), answers)

    pictures = source_of("ranges", 24).load_all()
    test, validation = labelled("test"), labelled("validation")

    def make(folder: Path, **changes) -> ExportJob:
        serving = build_serving_model(task, calibration)
        manifest = Manifest(
            folder=folder,
            class_names=task.class_names,
            image_size=task.image_size,
            resize_mode="stretch",
            multi_label=False,
            temperature=tuple(calibration.temperature),
            files={},
            provenance={"model_sha256": "0"},
        )
        values = {"serving": serving, "manifest": manifest, "test": test, "validation": validation}
        values["serving"] = replace(serving, calibration_pictures=pictures, held_out=validation.answers.probabilities)
        return ExportJob(**{**values, **changes})

    return make


@pytest.fixture(scope="session")
def fitted(fit) -> Fitted:
    return fit(build_backbone("vgg19_mini", image_size=(SIDE, SIDE), weights="builtin"))


@pytest.fixture(scope="session")
def task(fitted) -> ImageClassifier:
    return fitted.task


@pytest.fixture(scope="session")
def calibration(fitted) -> Calibration:
    return fitted.calibration


@pytest.fixture(scope="session")
def make_job(fitted) -> Callable[..., ExportJob]:
    return fitted.make_job


@pytest.fixture(scope="session")
def artifact(tmp_path_factory, make_job) -> Manifest:
    """Every format. Only to be read."""
    return export_formats(make_job(tmp_path_factory.mktemp("artifact") / "all"), list(FORMATS.values()))


@pytest.fixture(scope="session")
def thresholds() -> Thresholds:
    return Thresholds.from_scores(np.linspace(0, 0.9, 99), np.linspace(0, 1, 99))
