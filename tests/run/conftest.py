"""Small pictures, quick runs, one finished run of each kind, and a listener that interrupts."""

import csv
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.progress import SilentProgress
from headstart.recipe import Recipe
from headstart.run import Run, train

COLOURS = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}
# Some seconds a run: random weights, small pictures, two epochs a phase of three steps each, at rates at which both
# phases get better than the linear probe that they start from.
VALUES = {
    "backbone": {"name": "vgg19_mini", "weights": "none", "image_size": 32},
    "images": {"batch_size": 8},
    "frozen_phase": {"epochs": 2, "learning_rate": 1.0},
    "fine_tuning_phase": {"epochs": 2, "learning_rate": 0.00003},
}


class Interrupter(SilentProgress):
    """Presses Ctrl-C when a step has come so far, or when a text is said."""

    def __init__(self, step: str = "", parts: int = 0, *, text: str = "") -> None:
        self._step, self._parts, self._text = step, parts, text
        self._current, self._done = "", 0

    def start(self, step: str, total: int) -> None:
        self._current, self._done = step, 0
        self._press_if(step == self._step and self._parts == 0)

    def advance(self, count: int = 1, note: str = "") -> None:
        self._done += count
        self._press_if(self._current == self._step and self._done == self._parts)

    def say(self, text: str) -> None:
        self._press_if(bool(self._text) and text.startswith(self._text))

    def _press_if(self, condition: bool) -> None:
        if condition:
            raise KeyboardInterrupt


@pytest.fixture(scope="session")
def interrupter() -> type[Interrupter]:
    return Interrupter


def picture(*colours: str, noise: np.random.Generator) -> Image.Image:
    """Stripes of these colours under noise."""
    stripes = np.concatenate([np.full((40, 40 // len(colours), 3), COLOURS[name]) for name in colours], axis=1)
    return Image.fromarray((stripes + noise.normal(0, 50, stripes.shape)).clip(0, 255).astype("uint8"))


@pytest.fixture(scope="session")
def make_photos() -> Callable[..., Path]:
    """Writes class folders with so many pictures each."""

    def make(folder: Path, counts: Mapping[str, int] | None = None, *, seed: int = 0) -> Path:
        noise = np.random.default_rng(seed)
        for name, count in (counts or dict.fromkeys(COLOURS, 8)).items():
            (folder / name).mkdir(parents=True)
            for index in range(count):
                picture(name if name in COLOURS else "red", noise=noise).save(folder / name / f"{index}.png")
        return folder

    return make


@pytest.fixture(scope="session")
def write_table() -> Callable[..., Path]:
    """Writes a CSV file of mappings."""

    def write(path: Path, rows: list[dict[str, str]]) -> Path:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.fixture(scope="session")
def photos(tmp_path_factory, make_photos) -> Path:
    """Three classes with eight pictures each."""
    return make_photos(tmp_path_factory.mktemp("data") / "photos")


@pytest.fixture(scope="session")
def striped(tmp_path_factory, write_table) -> Path:
    """A table of pictures with one or two colours, in columns with names of their own."""
    folder = tmp_path_factory.mktemp("data") / "striped"
    folder.mkdir()
    noise = np.random.default_rng(0)
    rows = []
    for number, colours in enumerate([("red",), ("green",), ("red", "green")] * 8):
        picture(*colours, noise=noise).save(folder / f"{number}.png")
        rows.append({"file": f"{number}.png", "colours": ";".join(colours)})
    return write_table(folder / "labels.csv", rows)


@pytest.fixture(scope="session")
def train_quick() -> Callable[..., Run]:
    """Trains in seconds; options as for `headstart.train`."""

    def run(data: Path, out: Path, **options) -> Run:
        return train(out=out, recipe=Recipe.from_values({**VALUES, "data": {"path": str(data)}}), **options)

    return run


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory, train_quick, photos) -> Run:
    """One class a picture. Only to be read."""
    return train_quick(photos, tmp_path_factory.mktemp("runs") / "finished")


@pytest.fixture(scope="session")
def striped_run(tmp_path_factory, train_quick, striped) -> Run:
    """Several classes a picture. Only to be read."""
    out = tmp_path_factory.mktemp("runs") / "striped"
    return train_quick(striped, out, path_column="file", label_column="colours")


@pytest.fixture
def own_photos(tmp_path, photos) -> Path:
    """A copy of the pictures, to be changed."""
    return shutil.copytree(photos, tmp_path / "photos")


@pytest.fixture
def own_run(tmp_path, finished_run, own_photos) -> Run:
    """A copy of the finished run on the copy of the pictures, to be damaged."""
    run = Run(shutil.copytree(finished_run.path, tmp_path / "run"))
    facts_path = run.dataset_path.with_suffix(".json")
    facts = json.loads(facts_path.read_text())
    facts_path.write_text(json.dumps({**facts, "root": str(own_photos)}))
    return run


@pytest.fixture(scope="session")
def assert_same_result() -> Callable[[Run, Run], None]:
    """Two runs learned the same in the same way: equal history but for seconds, bit-equal weights."""

    def check(run: Run, other: Run) -> None:
        ours, theirs = (each.history.frame.drop(columns="seconds") for each in (run, other))
        assert ours.equals(theirs)
        assert _weights_equal(run, other)

    return check


@pytest.fixture(scope="session")
def weights_equal() -> Callable[[Run, Run], bool]:
    return _weights_equal


def _weights_equal(run: Run, other: Run) -> bool:
    """Read anew: a run remembers its model."""
    pairs = zip(Run(run.path).task.model.get_weights(), Run(other.path).task.model.get_weights(), strict=True)
    return all(np.array_equal(ours, theirs) for ours, theirs in pairs)
