"""Real pictures and a small real trunk."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from headstart.backbones import build_backbone
from headstart.data import Augmentation
from headstart.features import Engine, Pictures, Views, build_engine

SIZE = (32, 32)
VIEWS = Views(Augmentation(horizontal_flip=True, rotation_degrees=15, brightness=0.2), seed=0, count=3)
STAGES = ("block2_pool", "block3_pool")


def write_picture(path: Path, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((40, 48), Image.Resampling.BICUBIC).save(path)


@pytest.fixture
def pictures_of() -> Callable[..., Pictures]:
    def pictures(paths: list[Path], num_views: int = VIEWS.count) -> Pictures:
        return Pictures(paths, [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths], num_views)

    return pictures


@pytest.fixture(scope="session")
def views() -> Views:
    return VIEWS


@pytest.fixture
def paths(tmp_path) -> list[Path]:
    paths = [tmp_path / f"picture-{number}.png" for number in range(10)]
    for number, path in enumerate(paths):
        write_picture(path, number)
    return paths


@pytest.fixture(scope="session")
def trunk() -> keras.Model:
    model = build_backbone("vgg19_mini", image_size=SIZE, weights="builtin").model
    return keras.Model(model.input, [model.get_layer(name).output for name in STAGES])


@pytest.fixture(scope="session")
def shapes(trunk) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape[1:]) for name, tensor in zip(STAGES, trunk.outputs, strict=True)}


@pytest.fixture(scope="session")
def keras_engine(trunk) -> Engine:
    return build_engine("keras", trunk, batch_size=8)


class CountingEngine:
    """An engine that counts the pictures it runs, and fails after so many."""

    def __init__(self, engine: Engine, fail: Callable[[int], None] = lambda _: None) -> None:
        self.name, self.batch_size, self.facts = engine.name, engine.batch_size, engine.facts
        self.num_run = 0
        self._engine, self._fail = engine, fail

    def run(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        self.num_run += len(images)
        self._fail(self.num_run)
        return self._engine.run(images)


@pytest.fixture
def engine(keras_engine) -> CountingEngine:
    return CountingEngine(keras_engine)


@pytest.fixture
def failing_engine(keras_engine) -> Callable[..., CountingEngine]:
    def failing(fail: Callable[[int], None]) -> CountingEngine:
        return CountingEngine(keras_engine, fail)

    return failing
