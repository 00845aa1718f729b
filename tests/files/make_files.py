"""Writes one small example of every file that a later version must be able to read, with the code of today.

    .venv/bin/python tests/files/make_files.py

The files of a released version are never written again: a new version gets a folder of its own, beside the older ones.
`tests/files/test_older_files.py` reads all of them. The network has the blocks of vgg19_mini with one convolution of a
few filters each, so that complete runs with their models take a few hundred kilobytes.
"""

import json
import shutil
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from drawn_data import drawn_data

import headstart
from headstart.backbones import BACKBONES, vgg19_mini
from headstart.recipe import Recipe
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION, TASK_KINDS
from headstart.tasks.detection import detector
from headstart.tasks.segmentation import segmenter

FOLDER = Path(__file__).parent / "versions" / headstart.__version__
WIDTHS = (2, 2, 4, 4, 4)
VALUES = {
    "backbone": {"name": "vgg19_mini", "weights": "none", "image_size": 32},
    "images": {"batch_size": 8},
    "bank": {"num_views": 2, "engine": "keras"},
    "frozen_phase": {"epochs": 1, "precision": "float32"},
    "fine_tuning_phase": {"epochs": 1, "precision": "float32"},
}
NUM_IMAGES = 14
NUM_PREDICTED = 3
# Pages and logs are written for people, and nothing reads them back.
FOR_PEOPLE = ("report.html", "run.log")
# Formats that files of other tasks show as well; without these, all files together stay below 600 kB.
REPEATED = {SEGMENTATION: "model.keras", DETECTION: "artifact/model.onnx", REGRESSION: "model.keras"}
# A detector of one epoch finds nothing with a higher score.
PREDICT_OPTIONS = {DETECTION: {"min_score": 0.0}}


def narrow_networks() -> None:
    """Leaves one narrow convolution in each block of the built-in backbone, and few channels in the heads."""
    vgg19_mini.BLOCKS = tuple((width, 1) for width in WIDTHS)
    spec = BACKBONES["vgg19_mini"]
    stages = tuple(replace(stage, channels=width) for stage, width in zip(spec.stages, WIDTHS, strict=True))
    BACKBONES["vgg19_mini"] = replace(spec, stages=stages)
    detector.build_detector = partial(detector.build_detector, channels=4)
    segmenter.build_segmenter = partial(segmenter.build_segmenter, channels=4)


def write_run(kind: str, data: Path, images: list[Path], out: Path) -> None:
    """A finished run, its exported file, and its predictions for some images in `predicted.json`."""
    recipe = Recipe.from_values({**VALUES, "task": kind, "data": {"path": str(data)}})
    run = headstart.train(recipe=recipe, out=out / kind, bank_dir=out / "banks")
    headstart.export(run, "onnx")
    frame = headstart.predict(run, images, **PREDICT_OPTIONS.get(kind, {})).drop(columns="path")
    (run.path / "predicted.json").write_text(json.dumps(json.loads(frame.to_json(orient="records")), indent=1) + "\n")


def write_all(out: Path) -> None:
    """All files of this version."""
    for kind in TASK_KINDS:
        data = drawn_data(out / "data" / kind, kind, count=NUM_IMAGES)
        images = sorted((out / "data" / kind / "images").iterdir())[:NUM_PREDICTED]
        write_run(kind, data, images, out)
    headstart.index(out / CLASSIFICATION, out / "data" / CLASSIFICATION / "images", out=out / "index")
    shutil.copytree(images[0].parent, out / "images", ignore=lambda _, names: sorted(names)[NUM_PREDICTED:])


def keep_what_is_read_back(out: Path) -> None:
    """Removes the data, files for people, repeated files, and all but one bank and one folder of checkpoints."""
    shutil.rmtree(out / "data")
    for kind in TASK_KINDS:
        for name in FOR_PEOPLE:
            (out / kind / name).unlink()
        if kind != CLASSIFICATION:
            shutil.rmtree(out / kind / "checkpoints")
        if kind in REPEATED:
            (out / kind / REPEATED[kind]).unlink()
    bank = json.loads((out / CLASSIFICATION / "run.json").read_text())["bank"]["name"]
    for path in (out / "banks").iterdir():
        if path.name != bank:
            shutil.rmtree(path)


def main() -> None:
    """Writes the folder of this version, which must not be there yet."""
    if FOLDER.exists():
        sys.exit(f"{FOLDER} is already there. Files of a released version stay as they are.")
    narrow_networks()
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) / "files"
        write_all(out)
        keep_what_is_read_back(out)
        shutil.copytree(out, FOLDER)


if __name__ == "__main__":
    main()
