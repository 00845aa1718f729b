"""A file of a version that does not exist yet, or never did, is refused with what to do next."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from headstart.artifacts import read_manifest
from headstart.cli.exit_codes import ExitCode, exit_code_of
from headstart.data import Dataset
from headstart.errors import HeadstartError
from headstart.files import Schema
from headstart.prediction.job import Job, _open_job
from headstart.prediction.settings import Settings
from headstart.recipe import Recipe
from headstart.report import Report
from headstart.run import Run
from headstart.run.directory import read_json
from headstart.run.schemas import AuditFacts, Environment
from headstart.similarity import SimilarityIndex
from headstart.tasks import evaluate_regression
from headstart.tasks.detection.steps import BoxPromises
from headstart.tasks.regression.steps import NumberPromises
from headstart.training import CheckpointDir
from headstart.trust import Calibration

SHA256 = "a" * 64


def edit(path: Path, version: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": version}))


def plain(name: str, schema: type[Schema], **content: object) -> Callable[[Path, object], object]:
    def read(folder: Path, version: object) -> object:
        (folder / name).write_text(json.dumps({"format_version": version, **content}))
        return read_json(folder / name, schema)

    return read


def artifact(folder: Path, version: object) -> object:
    content = {
        "format_version": version, "task": "semantic-segmentation", "class_names": ["cat"], "image_size": [32, 32],
        "resize_mode": "stretch", "files": {}, "provenance": {},
    }  # fmt: skip
    (folder / "artifact.json").write_text(json.dumps(content))
    return read_manifest(folder)


def calibration(folder: Path, version: object) -> object:
    path = folder / "calibration.npz"
    valid = Calibration(np.ones(2), np.eye(4)[:, :2], np.linspace(0, 1, 5), np.linspace(0, 1, 5))
    valid.write(path)
    arrays = dict(np.load(path))
    np.savez(path, **{**arrays, "format_version": version})
    return Calibration.read(path)


def checkpoint(folder: Path, version: object) -> object:
    (folder / "0-0001-last.weights.npy").write_bytes(b"")
    name, digest = "0-0001-last.weights.npy", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    facts = {
        "phase_index": 0, "epoch": 1, "best_loss": 1.0, "phase_best_loss": 1.0, "epochs_since_best": 0,
        "stopped": False, "last_file": name, "best_file": name, "hashes": {name: digest},
    }  # fmt: skip
    content = {"format_version": version, "checkpoint": facts, "history": []}
    (folder / "0-0001.json").write_text(json.dumps(content))
    return CheckpointDir(folder).newest()


def dataset(folder: Path, version: object) -> object:
    facts = {
        "format_version": version, "num_examples": 1, "class_names": ["cat"], "root": "/data", "multi_label": False,
        "columns": {"path": "text", "target": "text", "group": "text", "split": "text"}, "remarks": [],
    }  # fmt: skip
    (folder / "dataset.csv").write_text("path,target,group,split\na.png,cat,,\n")
    (folder / "dataset.json").write_text(json.dumps(facts))
    return Dataset.read(folder / "dataset.csv")


def report(folder: Path, version: object) -> object:
    numbers = np.arange(6.0)[:, None]
    evaluate_regression(numbers, numbers + 1, ("age",), baseline_targets=numbers).write(folder / "report.json")
    edit(folder / "report.json", version)
    return Report.read(folder / "report.json")


def recipe(folder: Path, version: object) -> object:
    Recipe.from_values({"data": {"path": "a"}}).write(folder / "recipe.toml")
    text = (folder / "recipe.toml").read_text()
    (folder / "recipe.toml").write_text(text.replace("format_version = 1", f"format_version = {version}"))
    return Recipe.read(folder / "recipe.toml")


def run(folder: Path, version: object) -> object:
    (folder / "run.json").write_text(json.dumps({"format_version": version, "state": "finished"}))
    return Run.load(folder).state


def task(folder: Path, version: object) -> object:
    """The model is never asked for."""
    (folder / "run.json").write_text(json.dumps({"format_version": 1, "state": "finished"}))
    (folder / "model.keras").write_bytes(b"no model")
    facts = {
        "format_version": version, "task": "image-classification", "class_names": ["cat", "dog"], "backbone": "vgg19",
        "stages": {"a": ["b"]}, "resize_mode": "stretch", "last_feature_layer": "b", "multi_label": False,
    }  # fmt: skip
    (folder / "task.json").write_text(json.dumps(facts))
    return Run.load(folder).task


def index(folder: Path, version: object) -> object:
    facts = {
        "format_version": version, "model": {"kind": "backbone", "name": "a", "place": "b", "sha256": SHA256},
        "image_size": [32, 32], "resize_mode": "stretch", "engine": "keras", "num_pictures": 1, "dimension": 2,
        "root": "/data", "class_names": None, "left_out": [], "quality": {},
        "files": {"embeddings.npy": SHA256, "pictures.csv": SHA256},
    }  # fmt: skip
    (folder / "index.json").write_text(json.dumps(facts))
    return SimilarityIndex.load(folder)


def job(folder: Path, version: object) -> object:
    model = SimpleNamespace(predictor=SimpleNamespace(kind="image-regression", coverage=0.9), facts={"a": "b"})
    asked = Job(folder / "out.csv", (), 0, 1, Settings())
    asked.folder.mkdir()
    _open_job(asked, model)
    edit(asked.facts_path, version)
    return _open_job(asked, model)


FILES: dict[str, Callable[[Path, object], object]] = {
    "artifact.json": artifact,
    "audit.json": plain("audit.json", AuditFacts, summary=[]),
    "calibration.npz": calibration,
    "checkpoint": checkpoint,
    "dataset.json": dataset,
    "environment.json": plain("environment.json", Environment, python="3", machine="a", packages={}),
    "index.json": index,
    "job.json": job,
    "promises.json of boxes": plain("promises.json", BoxPromises, score_threshold=0.5),
    "promises.json of numbers": plain("promises.json", NumberPromises, residuals=[]),
    "recipe.toml": recipe,
    "report.json": report,
    "run.json": run,
    "task.json": task,
}
# What asks for another thing than a newer version of the package.
OTHER_HINTS = {
    "checkpoint": "Train again",
    "job.json": "delete",
    "recipe.toml": "Correct the named settings",
}
# What cannot be read here without files beside it is told by them.
BEYOND = {"index.json": "SHA-256", "task.json": "no zip file|not a zip file|BadZipFile"}


@pytest.mark.parametrize("name", FILES)
def test_the_known_version_is_no_mistake(name, tmp_path):
    if name not in BEYOND:
        FILES[name](tmp_path, 1)
        return
    with pytest.raises(HeadstartError, match=BEYOND[name]):
        FILES[name](tmp_path, 1)


@pytest.mark.parametrize("version", [0, 2])
@pytest.mark.parametrize("name", FILES)
def test_a_version_that_is_not_known_is_refused_with_what_to_do(name, version, tmp_path):
    with pytest.raises(HeadstartError) as caught:
        FILES[name](tmp_path, version)
    assert exit_code_of(caught.value) not in (ExitCode.BUG, ExitCode.SYSTEM)
    if name != "checkpoint":  # older ones may still be whole; the error speaks of all of them
        assert "format_version" in str(caught.value) or "the version of Headstart" in str(caught.value)
    expected = OTHER_HINTS.get(name, "pip install --upgrade headstart" if version == 2 else "")
    assert caught.value.hint
    assert expected in caught.value.hint
