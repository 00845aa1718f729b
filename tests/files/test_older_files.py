"""Files that each released version wrote are read by this one, through the functions that users call.

`make_files.py` wrote them. A version that writes other files adds a folder; the older ones stay.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import headstart
from headstart.artifacts import read_manifest
from headstart.features import FeatureBank, list_banks
from headstart.run import Run
from headstart.similarity import SimilarityIndex
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION, TASK_KINDS

FILES = Path(__file__).parent / "versions"
VERSIONS = sorted(path.name for path in FILES.iterdir())
IMAGES = [f"{number:02}.png" for number in range(3)]
MAX_BYTES = 600_000
# As in `make_files.py`: a detector of one epoch finds nothing with a higher score.
OPTIONS = {DETECTION: {"min_score": 0.0}}
RUNS = [(version, kind) for version in VERSIONS for kind in TASK_KINDS if (FILES / version / kind).is_dir()]

each_version = pytest.mark.parametrize("version", VERSIONS)
each_run = pytest.mark.parametrize(("version", "kind"), RUNS)


def having(file: str) -> list[Run]:
    """The stored runs with this file, which some runs lack because it is large."""
    runs = [FILES / version / kind for version, kind in RUNS]
    return [Run.load(path) for path in runs if (path / file).is_file()]


def name_of(run: Run) -> str:
    return f"{run.path.parent.name}-{run.path.name}"


def values_in(content: object, place: str = "") -> Iterator[tuple[str, object]]:
    """Every plain value in nested lists and mappings, with its place."""
    if isinstance(content, dict | list):
        pairs = content.items() if isinstance(content, dict) else enumerate(content)
        for key, value in pairs:
            yield from values_in(value, f"{place}/{key}")
    else:
        yield place, content


def assert_predicts_as_stored(model: Path, run: Run) -> None:
    images = [run.path.parent / "images" / name for name in IMAGES]
    frame = headstart.predict(model, images, **OPTIONS.get(run.recipe.task, {}))
    received = dict(values_in(json.loads(frame.drop(columns="path").to_json(orient="records"))))
    expected = dict(values_in(json.loads((run.path / "predicted.json").read_text())))
    assert received.keys() == expected.keys()
    for place, value in expected.items():
        assert received[place] == (pytest.approx(value, abs=2e-3) if isinstance(value, float) else value), place


def test_there_are_files_of_this_version_for_the_tasks():
    kinds = {kind for version, kind in RUNS if version == headstart.__version__}
    assert {CLASSIFICATION, DETECTION, SEGMENTATION, REGRESSION} <= kinds
    assert len(having("model.keras")) > 1
    assert len(having("artifact/model.onnx")) > 1


def test_the_files_stay_small():
    for version in VERSIONS:
        assert sum(path.stat().st_size for path in (FILES / version).rglob("*") if path.is_file()) < MAX_BYTES


@each_run
def test_the_tables_and_numbers_of_a_run_are_read(version, kind):
    run = Run.load(FILES / version / kind)
    assert run.state["state"] == "finished"
    assert run.recipe.task == run.dataset.task == kind
    assert run.recipe.backbone.name == "vgg19_mini"
    assert set(run.dataset.frame["split"]) == {"train", "validation", "test"}
    assert run.report.metrics[run.report.main_metric.name].num_examples == len(run.dataset.part("test"))
    assert {"frozen", "fine-tuning"} <= set(run.history.frame["phase"])
    assert len(pd.read_csv(run.predictions_path)) == len(run.dataset.part("test"))


@each_run
def test_what_states_the_meaning_of_an_exported_file_is_read(version, kind):
    manifest = read_manifest(FILES / version / kind / "artifact")
    assert (manifest.task, set(manifest.files)) == (kind, {"onnx"})
    assert manifest.class_names == Run.load(FILES / version / kind).dataset.class_names


@pytest.mark.parametrize("run", having("model.keras"), ids=name_of)
def test_a_run_predicts_what_it_predicted(run):
    assert run.task.kind == run.recipe.task
    assert_predicts_as_stored(run.path, run)


@pytest.mark.parametrize("run", having("artifact/model.onnx"), ids=name_of)
def test_an_exported_file_predicts_what_its_run_predicted(run):
    assert_predicts_as_stored(run.path / "artifact", run)


@each_version
def test_a_calibration_is_read(version):
    calibration = Run.load(FILES / version / CLASSIFICATION).calibration
    assert (calibration.temperature > 0).all()


@each_version
def test_a_checkpoint_is_read(version):
    run = Run.load(FILES / version / CLASSIFICATION)
    checkpoint, history = run.checkpoints.newest()
    assert checkpoint.epoch == 1
    assert len(history.frame) <= len(run.history.frame)


@each_version
def test_the_rows_of_a_bank_are_read_and_whole(version, tmp_path):
    shutil.copytree(FILES / version / "banks", tmp_path / "banks")  # opening a bank writes the time of its last use
    (summary,) = list_banks(tmp_path / "banks")
    facts = json.loads((tmp_path / "banks" / summary.name / "bank.json").read_text())
    del facts["format_version"]
    bank = FeatureBank(tmp_path / "banks", facts, {name: tuple(shape) for name, shape in facts.pop("stages").items()})
    assert bank.path.name == summary.name
    rows = [row for chunk in bank.chunk_dir.read_index().values() for row in chunk.rows]
    assert len(rows) > 10
    assert (bank.missing(rows), bank.check(rows)) == ([], [])


@each_version
def test_an_index_is_read_and_searched(version):
    index = SimilarityIndex.load(FILES / version / "index")
    assert np.linalg.norm(np.asarray(index.embeddings, "float32"), axis=1) == pytest.approx(1, abs=1e-2)
    results = headstart.search(index, [FILES / version / "images" / name for name in IMAGES], top=2)
    nearest = results.frame[results.frame["rank"] == 1]
    assert [Path(path).name for path in nearest["path"]] == IMAGES
    assert nearest["distance"].tolist() == pytest.approx([0, 0, 0], abs=1e-3)
