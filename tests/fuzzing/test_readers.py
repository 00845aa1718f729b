"""Whatever stands in a file: a clear error or an answer, never a bug's exit code, a hang or a write to the data.

`HEADSTART_FUZZ_EXAMPLES=2000` tries more mutations of each file than the 60 of every run of the tests.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.artifacts import read_manifest
from headstart.data import Dataset, audit_dataset, read_dataset, split_dataset
from headstart.recipe import Recipe
from headstart.run import Run
from headstart.training import CheckpointDir
from headstart.trust import Calibration

NUM_IMAGES = 6

Reader = Callable[[Path], object]


def draw_images(folder: Path) -> list[str]:
    folder.mkdir(parents=True)
    noise = np.random.default_rng(0)
    for number in range(NUM_IMAGES):
        Image.fromarray(noise.integers(0, 256, (24, 32, 3), np.uint8)).save(folder / f"{number}.png")
    return [f"{number}.png" for number in range(NUM_IMAGES)]


def voc(folder: Path) -> Path:
    (folder / "Annotations").mkdir()
    for name in draw_images(folder / "JPEGImages"):
        (folder / "Annotations" / name).with_suffix(".xml").write_text(
            f"<annotation><filename>{name}</filename><size><width>32</width><height>24</height><depth>3</depth></size>\n"
            "<object><name>cat</name><difficult>0</difficult><bndbox><xmin>2</xmin><ymin>3</ymin>\n"
            "<xmax>20</xmax><ymax>18</ymax></bndbox></object>\n</annotation>\n"
        )
    return folder / "Annotations" / "3.xml"


def coco(folder: Path) -> Path:
    names = draw_images(folder / "images")
    outline = [2, 3, 20, 3, 20, 18]
    content = {
        "images": [{"id": n, "file_name": name, "width": 32, "height": 24} for n, name in enumerate(names)],
        "annotations": [
            {"id": n, "image_id": n, "category_id": 1 + n % 2, "bbox": [2, 3, 18, 15], "iscrowd": 0, "area": 270,
             "segmentation": [outline]}
            for n in range(NUM_IMAGES)
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }  # fmt: skip
    (folder / "instances.json").write_text(json.dumps(content))
    return folder / "instances.json"


def yolo(folder: Path) -> Path:
    (folder / "labels").mkdir()
    for name in draw_images(folder / "images"):
        (folder / "labels" / name).with_suffix(".txt").write_text("0 0.5 0.5 0.25 0.5\n1 0.25 0.5 0.125 0.25\n")
    (folder / "data.yaml").write_text("path: .\ntrain: images\nval: images\nnames:\n  0: cat\n  1: dog\n")
    return folder / "labels" / "3.txt"


def yolo_settings(folder: Path) -> Path:
    yolo(folder)
    return folder / "data.yaml"


def labelme(folder: Path) -> Path:
    for name in draw_images(folder / "images"):
        shape = {"label": "cat", "points": [[2, 3], [20, 18]], "shape_type": "rectangle", "group_id": None, "flags": {}}
        content = {"version": "5.0", "imagePath": name, "imageHeight": 24, "imageWidth": 32, "imageData": None}
        (folder / "images" / name).with_suffix(".json").write_text(json.dumps({**content, "shapes": [shape] * 2}))
    return folder / "images" / "3.json"


def table(folder: Path) -> Path:
    rows = [f"images/{name},{'cat' if n % 2 else 'dog'}" for n, name in enumerate(draw_images(folder / "images"))]
    (folder / "labels.csv").write_text("\n".join(["path,label", *rows, ""]))
    return folder / "labels.csv"


def box_table(folder: Path) -> Path:
    rows = [f"images/{name},2,3,20,18,cat" for name in draw_images(folder / "images")]
    (folder / "boxes.csv").write_text("\n".join(["path,xmin,ymin,xmax,ymax,label", *rows, ""]))
    return folder / "boxes.csv"


def recipe(folder: Path) -> Path:
    Recipe.from_values({"data": {"path": str(folder)}}).resolved("image-classification").write(folder / "recipe.toml")
    return folder / "recipe.toml"


def artifact(folder: Path) -> Path:
    (folder / "model.onnx").write_bytes(b"onnx")
    content = {
        "format_version": 1, "task": "image-classification", "class_names": ["cat", "dog"], "image_size": [32, 32],
        "resize_mode": "stretch", "multi_label": False, "temperature": [1.0, 1.0], "provenance": {"run": "a"},
        "files": {"onnx": {
            "path": "model.onnx", "sha256": {"model.onnx": hashlib.sha256(b"onnx").hexdigest()}, "num_bytes": 4,
            "any_size": True, "parity": {"agreement": 1.0},
            "thresholds": {"nonconformity": [0.1, 0.2], "foreign_scores": [0.0, 0.4]},
        }},
    }  # fmt: skip
    (folder / "artifact.json").write_text(json.dumps(content, indent=1))
    return folder / "artifact.json"


def run_state(folder: Path) -> Path:
    phase = {"name": "frozen", "epochs": 1, "unfreeze_from": None, "learning_rate": 0.1, "num_trainable": 9,
             "num_frozen": 9}  # fmt: skip
    bank = {"num_views": 2, "num_computed": 9, "stages": {"block5": [1, 1, 8]}, "engine": {"engine": "keras"}}
    content = {
        "format_version": 1, "state": "finished", "seconds": {"audit": 0.5}, "is_split": True, "phases": [phase],
        "bank_place": {"path": "/banks", "limit_gigabytes": None}, "bank": bank,
        "weights": {"source": "none", "sha256": None}, "result": {"test_accuracy": 0.9},
    }  # fmt: skip
    (folder / "run.json").write_text(json.dumps(content, indent=2))
    return folder / "run.json"


def calibration(folder: Path) -> Path:
    Calibration(np.ones(2), np.eye(4)[:, :2], np.linspace(0, 1, 5), np.linspace(0, 1, 5)).write(
        folder / "calibration.npz"
    )
    return folder / "calibration.npz"


def checkpoint(folder: Path) -> Path:
    (folder / "0-0001-last.weights.npy").write_bytes(b"weights")
    name, digest = "0-0001-last.weights.npy", hashlib.sha256(b"weights").hexdigest()
    facts = {
        "phase_index": 0, "epoch": 1, "best_loss": 1.0, "phase_best_loss": 1.0, "epochs_since_best": 0,
        "stopped": False, "last_file": name, "best_file": name, "hashes": {name: digest},
    }  # fmt: skip
    row = {"phase": "frozen", "epoch": 1, "learning_rate": 0.1, "loss": 1.0, "val_loss": 1.0, "seconds": 1.0}
    path = folder / "0-0001.json"
    path.write_text(json.dumps({"format_version": 1, "checkpoint": facts, "history": [row]}))
    return path


def examples(folder: Path) -> Path:
    read_whole_data(table(folder)).write(folder / "dataset.csv")
    return folder / "dataset.json"


def read_whole_data(path: Path) -> Dataset:
    """As `headstart train` reads data before it builds a network."""
    source = path if path.suffix == ".csv" else next(each for each in path.parents if each.name.startswith("fuzz"))
    return split_dataset(audit_dataset(read_dataset(source)).dataset)


def read_artifact(path: Path) -> None:
    manifest = read_manifest(path.parent)
    for name in manifest.files:
        manifest.check(name)


def read_run(path: Path) -> None:
    run = Run.load(path.parent)
    for name in ("seconds", "phases", "weights", "bank_place"):
        run.fact(name)
    run.update_state("started")


def read_examples(path: Path) -> None:
    Run(path.parent).dataset.class_counts()


FILES: dict[str, tuple[Callable[[Path], Path], Reader]] = {
    "voc": (voc, read_whole_data),
    "coco": (coco, read_whole_data),
    "yolo": (yolo, read_whole_data),
    "data.yaml": (yolo_settings, read_whole_data),
    "labelme": (labelme, read_whole_data),
    "csv": (table, read_whole_data),
    "box csv": (box_table, read_whole_data),
    "recipe.toml": (recipe, lambda path: Recipe.read(path).resolved("image-classification")),
    "artifact.json": (artifact, read_artifact),
    "run.json": (run_state, read_run),
    "calibration.npz": (calibration, Calibration.read),
    "checkpoint": (checkpoint, lambda path: CheckpointDir(path.parent).newest()),
    "dataset.json": (examples, read_examples),
}


@pytest.mark.parametrize("name", FILES)
def test_no_mutation_of_a_file_is_a_mistake_of_the_program(name, fuzz):
    make, read = FILES[name]
    fuzz(make, read, may_write=name == "run.json")
