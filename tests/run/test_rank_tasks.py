"""Rankings for boxes, masks, numbers and several labels: scored by what is asked, on places where it is where."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset
from headstart.errors import ClassTooSmallError, RecipeError
from headstart.features import list_banks
from headstart.recipe import Recipe
from headstart.run import Ranking, rank_backbones
from headstart.run.rank_examples import scored_examples
from headstart.task_spec import DETECTION, REGRESSION, SEGMENTATION

NUM_PICTURES, SIDE = 24, 64  # a map of stride 16 has four by four places
SMALL = {"image_size": SIDE, "engine": "keras"}


def draw(folder: Path) -> list[tuple[str, list[int], int]]:
    """Noise, each picture with a checked square; file name, box in pixels, and whether the square is fine or coarse."""
    draws = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    squares = []
    for number in range(NUM_PICTURES):
        pixels, side, kind = draws.integers(90, 166, (SIDE, SIDE, 3)), int(draws.integers(28, 44)), number % 2
        x, y = (int(place) for place in draws.integers(0, SIDE - side, 2))
        checks = (np.indices((side, side)) // (2 if kind else 8)).sum(axis=0) % 2
        pixels[y : y + side, x : x + side] = (60 + 140 * checks)[..., None]
        Image.fromarray(pixels.astype("uint8")).save(folder / "images" / f"{number:02}.png")
        squares.append((f"{number:02}.png", [x, y, x + side, y + side], kind))
    return squares


def boxes(folder: Path) -> tuple[Path, dict]:
    squares = draw(folder)
    images = [{"id": n, "file_name": name, "width": SIDE, "height": SIDE} for n, (name, _, _) in enumerate(squares)]
    marks = [
        {"id": n, "image_id": n, "category_id": kind, "bbox": [x, y, right - x, bottom - y]}
        for n, (_, (x, y, right, bottom), kind) in enumerate(squares)
    ]
    categories = [{"id": 0, "name": "coarse"}, {"id": 1, "name": "fine"}]
    coco = {"images": images, "annotations": marks, "categories": categories}
    (folder / "images" / "annotations.json").write_text(json.dumps(coco))
    return folder / "images", {}


def masks(folder: Path) -> tuple[Path, dict]:
    (folder / "masks").mkdir(parents=True)
    for name, (x, y, right, bottom), kind in draw(folder):
        mask = np.zeros((SIDE, SIDE), np.uint8)
        mask[y:bottom, x:right] = kind + 1
        Image.fromarray(mask).save(folder / "masks" / name)
    return folder, {}


def numbers(folder: Path) -> tuple[Path, dict]:
    rows = [
        {"path": f"images/{name}", "side": right - x, "fine": kind} for name, (x, _, right, _), kind in draw(folder)
    ]
    with (folder / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["path", "side", "fine"])
        writer.writeheader()
        writer.writerows(rows)
    return folder / "table.csv", {"task": REGRESSION, "label_column": "side,fine"}


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(keras.utils, "get_file", lambda *words, **options: pytest.fail("a download was asked for"))


@pytest.fixture(scope="module")
def rank(tmp_path_factory) -> Callable[..., Ranking]:
    bank_dir = tmp_path_factory.mktemp("banks")

    def ranked(data: Path, weights: str = "builtin", **options) -> Ranking:
        return rank_backbones(
            data, backbones=[], weights={"vgg19_mini": weights}, bank_dir=bank_dir, **{**SMALL, **options}
        )

    return ranked


@pytest.mark.parametrize(
    ("make", "task", "measure", "guessed"),
    [
        (boxes, DETECTION, "balanced_accuracy", 1 / 3),
        (masks, SEGMENTATION, "balanced_accuracy", 1 / 3),
        (numbers, REGRESSION, "r2", 0.0),
    ],
    ids=["boxes", "masks", "numbers"],
)
def test_learned_weights_tell_more_than_guessing_and_random_ones(tmp_path, rank, make, task, measure, guessed):
    data, options = make(tmp_path / "data")
    learned, random = (rank(data, weights, **options) for weights in ("builtin", "none"))
    assert (learned.measure, learned.data["task"]) == (measure, task)
    assert learned.best.scores.probe_low > guessed
    assert learned.best.scores.probe_score > random.best.scores.probe_score
    assert learned.best.scores.logme > random.best.scores.logme


def test_several_labels_are_scored_by_average_precision(striped, rank, tmp_path):
    ranking = rank(striped, path_column="file", label_column="colours", image_size=32)
    assert ranking.measure == "average_precision"
    assert ranking.best.scores.probe_low > 0.9
    assert ranking.best.scores.knn_score > 0.9
    ranking.write(tmp_path)
    (row,) = json.loads((tmp_path / "rank.json").read_text())["ranked"]
    assert list(row)[2:7] == ["probe_average_precision", "probe_low", "probe_high", "knn_average_precision", "logme"]
    assert "num_places" not in row
    assert Image.open(tmp_path / "rank.png").size[0] > 600


def test_test_pictures_are_never_computed_and_bars_beside_a_picture_are_no_background(tmp_path):
    data, _ = boxes(tmp_path / "data")
    for path in data.glob("*.png"):
        Image.open(path).crop((0, 0, SIDE, SIDE // 2)).save(path)
    ranking = rank_backbones(data, backbones="vgg19_mini", resize_mode="pad", bank_dir=tmp_path / "banks", **SMALL)
    num_used = NUM_PICTURES - ranking.data["num_examples"]["test"]
    assert num_used < NUM_PICTURES
    assert ranking.best.num_computed == ranking.best.num_examples == num_used
    assert [bank.num_rows for bank in list_banks(tmp_path / "banks")] == [num_used]
    assert ranking.best.facts()["num_places"] == ranking.best.num_places <= num_used * (SIDE // 16) * (SIDE // 16 // 2)


def test_background_alone_cannot_be_ranked_on(tmp_path):
    data, _ = boxes(tmp_path / "data")
    path = data / "annotations.json"
    coco = json.loads(path.read_text())
    path.write_text(json.dumps({**coco, "annotations": coco["annotations"][:2]}))
    used = audit_dataset(read_dataset(data)).dataset
    recipe = Recipe.from_values({"data": {"path": str(data)}})
    with pytest.raises(ClassTooSmallError, match="show too few") as caught:
        scored_examples(SimpleNamespace(shape=(4, 4, 8)), used, (SIDE, SIDE), recipe)
    assert caught.value.received == "only background"


def test_numbers_must_differ_and_pictures_be_three(tmp_path, rank):
    table, options = numbers(tmp_path / "data")
    header, *rows = table.read_text().splitlines()
    table.write_text("\n".join([header, *(",".join([row.split(",")[0], "5", "1"]) for row in rows)]))
    with pytest.raises(ClassTooSmallError, match="have the same"):
        rank(table, **options)
    table.write_text("\n".join([header, *rows[:3]]))
    with pytest.raises(ClassTooSmallError, match="too few images for a ranking"):
        rank(table, **options)


def test_settings_that_a_task_has_not_are_refused(tmp_path, rank):
    data, _ = masks(tmp_path / "data")
    with pytest.raises(RecipeError, match="crop"):
        rank(data, resize_mode="crop")
