"""A predictor that needs no training: it answers by the mean colour of a picture. And pictures to ask about."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.tasks import ClassPredictor
from headstart.trust import Thresholds

COLOURS = ("red", "green", "blue")


class MeanColour:
    """Probabilities: how red, green and blue a picture is on average; strange are pictures that are very dark."""

    def __init__(self) -> None:
        self.batch_sizes: list[int] = []

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.batch_sizes.append(len(images))
        means = images.astype("float32").mean(axis=(1, 2)) + 1
        return means / means.sum(axis=1, keepdims=True), 255 - means.max(axis=1)


def build_predictor(**changes: object) -> ClassPredictor:
    """Sets hold every class of at least 0.4 at a coverage of 0.9, and pictures darker than 155 of 255 are foreign."""
    facts = {
        "runtime": MeanColour(),
        "class_names": COLOURS,
        "image_size": (8, 8),
        "resize_mode": "stretch",
        "multi_label": False,
        "thresholds": Thresholds.from_scores(np.linspace(0, 0.6, 19).tolist() + [0.6] * 20, [100.0] * 40),
    }
    return ClassPredictor(**{**facts, **changes})


@pytest.fixture
def predictor() -> ClassPredictor:
    return build_predictor()


@pytest.fixture(scope="session")
def write_pictures() -> Callable[[Path, int], Path]:
    """Writes so many pictures of random colours, some of them dark, into folders below each other."""

    def write(folder: Path, count: int) -> Path:
        noise = np.random.default_rng(0)
        for number in range(count):
            path = folder / f"part-{number % 3}" / f"{number:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.full((9, 7, 3), noise.integers(0, 255, 3), np.uint8)
            Image.fromarray(pixels).save(path)
        return folder

    return write


@pytest.fixture(scope="session")
def pictures(tmp_path_factory, write_pictures) -> Path:
    """Fifty pictures. Only to be read."""
    return write_pictures(tmp_path_factory.mktemp("data") / "pictures", 50)


@pytest.fixture(scope="session")
def peak_memory() -> Callable[..., int]:
    """Most bytes held at once, as tests/prediction/peak_memory.py measures them."""

    def measure(*words: object) -> int:
        script = str(Path(__file__).with_name("peak_memory.py"))
        command = [sys.executable, script, *map(str, words)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    return measure


@pytest.fixture
def read_lines() -> Callable[[Path], list[dict]]:
    return lambda path: [json.loads(line) for line in path.read_text("utf-8").splitlines()]
