"""Fixtures every test may use."""

import csv
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION

SHARED_DIR = Path(os.environ.get("HEADSTART_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Notebooks first: the longest tests, started last, would let the other workers wait for their end."""
    items.sort(key=lambda item: item.get_closest_marker("notebook") is None)


def pytest_collection_finish() -> None:
    """What the tests import stays to the end: no search for garbage needs to walk through its million objects."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def cannot_run() -> Callable[[str], None]:
    """Gives a test up for want of something: it is skipped, but fails in continuous integration, which has it all."""
    return pytest.fail if os.environ.get("CI") else pytest.skip


@pytest.fixture(scope="session", autouse=True)
def bank_dir(tmp_path_factory) -> Iterator[Path]:
    """Folder of all feature banks of the tests, and of processes that they start: never the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADSTART_BANK_DIR", str(folder := tmp_path_factory.mktemp("banks")))
        yield folder


@pytest.fixture(scope="session")
def shared_dir(cannot_run) -> Path:
    """Folder with the real data sets and weights."""
    if not SHARED_DIR.is_dir():
        cannot_run(f"needs real data in {SHARED_DIR}; set HEADSTART_SHARED to its folder")
    return SHARED_DIR


SHADES = {"blue": (40, 60, 220), "red": (230, 60, 40)}


@pytest.fixture(scope="session")
def draw_data() -> Callable[..., Path]:
    """Writes pictures with a red or blue rectangle each, annotated for a task, and gives what can be read."""

    def draw(folder: Path, kind: str, *, count: int = 24, size: tuple[int, int] = (40, 48), seed: int = 0) -> Path:
        noise = np.random.default_rng(seed)
        (folder / "images").mkdir(parents=True)
        rows = []
        for number in range(count):
            shade = sorted(SHADES)[number % 2]
            pixels = noise.normal(120, 25, (*size, 3))
            (top, left), (height, width) = noise.integers(1, 14, 2), noise.integers(14, 25, 2)
            pixels[top : top + height, left : left + width] = SHADES[shade] + noise.normal(0, 10, (height, width, 3))
            picture = Image.fromarray(pixels.clip(0, 255).astype("uint8"))
            picture.save(folder / "images" / f"{number:02}.png")
            rows.append((number, shade, (top, left, height, width)))
        return WRITERS[kind](folder, rows, size)

    return draw


def _write_table(folder: Path, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> Path:
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return folder / "table.csv"


def _write_labels(folder: Path, rows: list, _: tuple[int, int]) -> Path:
    return _write_table(folder, ("path", "label"), [(f"images/{number:02}.png", shade) for number, shade, _ in rows])


def _write_numbers(folder: Path, rows: list, _: tuple[int, int]) -> Path:
    numbers = [(f"images/{number:02}.png", height * width + 0.5) for number, _, (*_, height, width) in rows]
    return _write_table(folder, ("path", "label"), numbers)


def _write_boxes(folder: Path, rows: list, size: tuple[int, int]) -> Path:
    """YOLO: number of the class, centre and size as shares."""
    (folder / "labels").mkdir()
    (folder / "classes.txt").write_text("\n".join(sorted(SHADES)))
    for number, shade, (top, left, height, width) in rows:
        shares = (left + width / 2) / size[1], (top + height / 2) / size[0], width / size[1], height / size[0]
        line = " ".join(map(str, [sorted(SHADES).index(shade), *shares]))
        (folder / "labels" / f"{number:02}.txt").write_text(line)
    return folder


def _write_masks(folder: Path, rows: list, size: tuple[int, int]) -> Path:
    (folder / "masks").mkdir()
    (folder / "classes.txt").write_text("\n".join(["background", *sorted(SHADES)]))
    for number, shade, (top, left, height, width) in rows:
        mask = np.zeros(size, np.uint8)
        mask[top : top + height, left : left + width] = 1 + sorted(SHADES).index(shade)
        Image.fromarray(mask).save(folder / "masks" / f"{number:02}.png")
    return folder


WRITERS = {
    CLASSIFICATION: _write_labels,
    DETECTION: _write_boxes,
    SEGMENTATION: _write_masks,
    REGRESSION: _write_numbers,
}
