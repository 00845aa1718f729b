"""Drawn images with a rectangle each, annotated for any task."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from headstart.task_spec import ANOMALY, CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION

SHADES = {"blue": (40, 60, 220), "red": (230, 60, 40)}


def drawn_data(folder: Path, kind: str, *, count: int = 24, size: tuple[int, int] = (40, 48), seed: int = 0) -> Path:
    """Images with a red or blue rectangle each.

    Args:
        folder: a new folder for the images and their annotations.
        kind: the task that they are annotated for.
        count: number of images.
        size: `(height, width)` in pixels, at least 40 x 40.
        seed: of the noise, the places and the sizes.

    Returns:
        The path that `read_dataset` takes: the folder, or the table in it.
    """
    noise = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True)
    rows = []
    for number in range(count):
        shade = sorted(SHADES)[number % 2]
        pixels = noise.normal(120, 25, (*size, 3))
        (top, left), (height, width) = noise.integers(1, 14, 2), noise.integers(14, 25, 2)
        pixels[top : top + height, left : left + width] = SHADES[shade] + noise.normal(0, 10, (height, width, 3))
        image = Image.fromarray(pixels.clip(0, 255).astype("uint8"))
        image.save(folder / "images" / f"{number:02}.png")
        rows.append((number, shade, (top, left, height, width)))
    return WRITERS[kind](folder, rows, size)


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


def _write_defects(folder: Path, rows: list, size: tuple[int, int]) -> Path:
    """The layout of MVTec AD: images with a blue rectangle are good, those with a red one have a mask."""
    for number, shade, (top, left, height, width) in rows:
        is_good = shade == "blue"
        part = "test" if not is_good or number % 8 == 0 else "train"
        target = folder / part / ("good" if is_good else "red") / f"{number:02}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        (folder / "images" / f"{number:02}.png").rename(target)
        if not is_good:
            mask = np.zeros(size, np.uint8)
            mask[top : top + height, left : left + width] = 255
            (folder / "ground_truth" / "red").mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask).save(folder / "ground_truth" / "red" / f"{number:02}_mask.png")
    (folder / "images").rmdir()
    return folder


WRITERS = {
    CLASSIFICATION: _write_labels,
    DETECTION: _write_boxes,
    SEGMENTATION: _write_masks,
    REGRESSION: _write_numbers,
    ANOMALY: _write_defects,
}
