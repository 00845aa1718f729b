"""Small pictures of three colours, an index of them, and one that a run's model made."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.similarity import SimilarityIndex, build_index

COLOURS = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}
SMALL = {"image_size": 32, "engine": "keras"}


@pytest.fixture(scope="session")
def draw() -> Callable[..., Image.Image]:
    """A noisy surface."""

    def picture(colour: str, seed: int, *, size: int = 40) -> Image.Image:
        noise = np.random.default_rng(seed).normal(0, 50, (size, size, 3))
        return Image.fromarray((np.array(COLOURS[colour]) + noise).clip(0, 255).astype("uint8"))

    return picture


@pytest.fixture(scope="session")
def photos(tmp_path_factory, draw) -> Path:
    """Six pictures of each colour, one more that is a copy, a broken one and a text."""
    folder = tmp_path_factory.mktemp("data") / "photos"
    for number, name in enumerate(COLOURS):
        (folder / name).mkdir(parents=True)
        for index in range(6):
            draw(name, 10 * number + index).save(folder / name / f"{index}.png")
    (folder / "blue" / "copy.png").write_bytes((folder / "blue" / "3.png").read_bytes())
    (folder / "green" / "broken.png").write_bytes((folder / "green" / "1.png").read_bytes()[:200])
    (folder / "red" / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture(scope="session")
def index(tmp_path_factory, photos) -> SimilarityIndex:
    """Of the built-in network. Only to be read."""
    return build_index("vgg19_mini", photos, out=tmp_path_factory.mktemp("indexes") / "photos", **SMALL)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory, draw) -> Path:
    """A picture that is in no index."""
    path = tmp_path_factory.mktemp("fresh") / "fresh.png"
    draw("green", 99).save(path)
    return path
