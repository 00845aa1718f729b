"""A small real data set and a small real classifier."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from headstart.backbones import build_backbone
from headstart.data import Augmentation, ImageSource
from headstart.tasks import ImageClassifier, build_classifier
from headstart.training import TrainingExamples

SIZE = (32, 32)
COLOURS = {"green": (40, 180, 60), "red": (190, 50, 40)}


def write_pictures(folder: Path, *, num_each: int, seed: int) -> tuple[list[Path], np.ndarray]:
    """Noisy pictures in two colours, and their one-hot targets."""
    generator = np.random.default_rng(seed)
    paths, targets = [], []
    for number in range(num_each):
        for index, (name, colour) in enumerate(COLOURS.items()):
            pixels = np.clip(generator.normal(colour, 60, (*SIZE, 3)), 0, 255).astype("uint8")
            path = folder / f"{seed}-{name}-{number}.png"
            Image.fromarray(pixels).save(path)
            paths.append(path)
            targets.append(np.eye(2, dtype="float32")[index])
    return paths, np.stack(targets)


@pytest.fixture(scope="session")
def examples(tmp_path_factory) -> TrainingExamples:
    folder = tmp_path_factory.mktemp("pictures")
    paths, targets = write_pictures(folder, num_each=10, seed=0)
    validation_paths, validation_targets = write_pictures(folder, num_each=4, seed=1)
    return TrainingExamples(
        source=ImageSource(paths, image_size=SIZE),
        targets=targets,
        validation_source=ImageSource(validation_paths, image_size=SIZE),
        validation_targets=validation_targets,
        weights=None,
        batch_size=8,
        seed=0,
        augmentation=Augmentation(horizontal_flip=True, rotation_degrees=10),
    )


@pytest.fixture(scope="session")
def small_classifier() -> Callable[..., ImageClassifier]:
    """Builds a classifier of two classes on a backbone with random weights, the same ones each time."""

    def build(backbone: str = "vgg19_mini", *, image_size: tuple[int, int] = SIZE) -> ImageClassifier:
        keras.utils.set_random_seed(0)
        return build_classifier(build_backbone(backbone, image_size=image_size, weights="none"), tuple(COLOURS))

    return build
