"""A small classifier that tells three colours apart, pictures of them, and its files in every format."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.artifacts import (
    FORMATS,
    Answers,
    ExportJob,
    LabelledPictures,
    Manifest,
    build_serving_model,
    export_formats,
)
from headstart.backbones import build_backbone
from headstart.data import ImageSource
from headstart.evaluation import Calibration, Thresholds
from headstart.tasks import ImageClassifier, build_classifier

COLOURS = {"blue": (40, 60, 200), "green": (40, 200, 40), "red": (200, 40, 40)}
SIDE = 32


@pytest.fixture(scope="session")
def colours(tmp_path_factory) -> Callable[[str, int], list[Path]]:
    """Writes pictures of each colour in sizes of all kinds, one of them the model's own, and gives their paths."""

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


def source_of(paths: list[Path], resize_mode: str = "stretch") -> ImageSource:
    return ImageSource(paths, image_size=(SIDE, SIDE), resize_mode=resize_mode)


def targets_of(count: int) -> np.ndarray:
    return np.eye(3)[np.arange(count) % 3]


@pytest.fixture(scope="session")
def task(colours) -> ImageClassifier:
    """Its head is the least-squares solution on the pooled features."""
    task = build_classifier(build_backbone("vgg19_mini", image_size=(SIDE, SIDE), weights="builtin"), tuple(COLOURS))
    features = task.model_with_features.predict(source_of(colours("learn", 48)).load_all(), verbose=0)[1]
    targets = 6 * targets_of(48) - 3
    inputs = np.hstack([features, np.ones((48, 1))])
    solution = np.linalg.lstsq(inputs.T @ inputs + 0.1 * np.eye(inputs.shape[1]), inputs.T @ targets, rcond=None)[0]
    task.model.get_layer("logits").set_weights([solution[:-1], solution[-1]])
    return task


@pytest.fixture(scope="session")
def calibration(task, colours) -> Calibration:
    features = task.model_with_features.predict(source_of(colours("calibrate", 12)).load_all(), verbose=0)[1]
    directions = np.linalg.svd(features.astype("float64"), full_matrices=False)[2][:4].T
    return Calibration(np.full(3, 1.7), directions, np.linspace(0, 0.2, 20), np.linspace(0, 0.1, 20))


@pytest.fixture(scope="session")
def make_job(task, calibration, colours) -> Callable[[Path], ExportJob]:
    def labelled(name: str) -> LabelledPictures:
        paths = colours(name, 12)
        source = source_of(paths)
        logits, features = task.model_with_features.predict(source.load_all(), verbose=0)
        probabilities = task.probabilities(logits.astype("float64") / calibration.temperature)
        answers = Answers(probabilities, calibration.foreign_score(features))
        return LabelledPictures(source, [path.name for path in paths], targets_of(12), answers)

    pictures = source_of(colours("ranges", 24)).load_all()
    test, validation = labelled("test"), labelled("validation")

    def make(folder: Path, **changes) -> ExportJob:
        serving = build_serving_model(task, calibration)
        manifest = Manifest(
            folder=folder,
            class_names=task.class_names,
            image_size=(SIDE, SIDE),
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
def artifact(tmp_path_factory, make_job) -> Manifest:
    """Every format. Only to be read."""
    return export_formats(make_job(tmp_path_factory.mktemp("artifact") / "all"), list(FORMATS.values()))


@pytest.fixture(scope="session")
def thresholds() -> Thresholds:
    return Thresholds.from_scores(np.linspace(0, 0.9, 99), np.linspace(0, 1, 99))
