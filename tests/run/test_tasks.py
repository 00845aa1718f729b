"""A run of every task trains, leaves its files, evaluates again, reports and resumes alike."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from headstart.recipe import Recipe
from headstart.run import Run, evaluate, resume, train, write_report
from headstart.task_spec import ANOMALY, CLASSIFICATION, DETECTION, REGRESSION, TASK_KINDS

DRAWING = Path(__file__).parents[2] / "docs" / "architecture.md"
# Tasks that are trained in epochs.
TRAINED = tuple(sorted(set(TASK_KINDS) - {ANOMALY}))
# What only some tasks leave behind, or only when it is asked for.
OPTIONAL = {
    "README.md": (),
    "probe.json": (CLASSIFICATION, REGRESSION),
    "calibration.npz": (CLASSIFICATION,),
    "promises.json": (DETECTION, REGRESSION, ANOMALY),
    "collages": (DETECTION,),
    "checkpoints": TRAINED,
}
VALUES = {
    "backbone": {"name": "vgg19_mini", "image_size": 32},
    "images": {"batch_size": 8},
    "bank": {"num_views": 2, "engine": "keras"},
    "frozen_phase": {"epochs": 2, "precision": "float32"},
    "fine_tuning_phase": {"epochs": 1, "precision": "float32"},
}


# Without epochs; augmentation gives the second view.
WITHOUT_EPOCHS = {**{name: VALUES[name] for name in ("backbone", "bank")}, "images": {"augmentation": "light"}}


def recipe_for(kind: str, data: Path) -> Recipe:
    values = VALUES if kind in TRAINED else WITHOUT_EPOCHS
    return Recipe.from_values({**values, "task": kind, "data": {"path": str(data)}})


@pytest.fixture(scope="module", params=TASK_KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def data(kind, tmp_path_factory, draw_data) -> Path:
    return draw_data(tmp_path_factory.mktemp("data") / "drawn", kind)


@pytest.fixture(scope="module")
def finished(kind, data, tmp_path_factory) -> Run:
    """Only to be read."""
    return train(recipe=recipe_for(kind, data), out=tmp_path_factory.mktemp("runs") / "run")


def files_in_drawing() -> set[str]:
    table = DRAWING.read_text(encoding="utf-8").split("\n## The run directory\n")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    return {name.strip("/") for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


def test_a_run_leaves_the_files_that_the_drawing_names(finished, kind):
    unexpected = {name for name, kinds in OPTIONAL.items() if kind not in kinds}
    assert {path.name for path in finished.path.iterdir()} == files_in_drawing() - unexpected


def test_a_run_says_what_it_learned(finished, kind):
    assert finished.state["state"] == "finished"
    assert finished.recipe.task == finished.dataset.task == finished.task.kind == kind
    assert json.loads(finished.task_path.read_text())["task"] == kind


@pytest.mark.parametrize("kind", TRAINED, indirect=True)
def test_a_run_says_what_it_trained(finished):
    frozen, fine_tuning, _ = finished.state["phases"]
    assert 0 < frozen["num_trainable"] < fine_tuning["num_trainable"]
    assert np.isfinite(finished.history.frame["val_loss"]).all()
    assert {"frozen", "fine-tuning"} <= set(finished.history.frame["phase"])


def test_the_bank_holds_what_the_head_reads(finished):
    stored = set(finished.state["bank"]["stages"])
    assert set(finished.task.tap_layers) <= stored
    assert finished.state["bank"]["num_views"] == 2


def test_numbers_have_intervals_around_them(finished):
    report = finished.report
    assert report.main_metric.name in report.metrics
    assert report.num_examples == len(finished.dataset.part("test"))
    for metric in report.metrics.values():
        assert math.isnan(metric.value) or metric.low <= metric.value + 1e-9
        assert math.isnan(metric.value) or metric.value <= metric.high + 1e-9


def test_evaluating_again_gives_the_same_numbers(finished):
    before, predictions = finished.report.to_json(), finished.predictions_path.read_text()
    assert evaluate(Run.load(finished.path)).to_json() == before
    assert finished.predictions_path.read_text() == predictions


def test_every_test_picture_has_one_row_of_answers(finished):
    rows = pd.read_csv(finished.predictions_path)
    assert rows["path"].tolist() == finished.dataset.part("test").frame["path"].tolist()
    assert list(rows.columns[:2]) == ["path", "target"]
    assert len(rows.columns) > 2


def test_other_pictures_are_scored_and_known_ones_left_out(finished, kind, tmp_path, draw_data):
    others = draw_data(tmp_path / "others", kind, count=6, seed=1)
    report = evaluate(finished, others)
    assert report.num_examples == 6
    assert report.kind == finished.report.kind


def test_the_page_tells_the_numbers_and_shows_pictures(finished):
    page = finished.html_path.read_text(encoding="utf-8")
    assert "<img" in page or "data:image" in page
    assert all(name in page for name in finished.task.class_names)
    finished.html_path.unlink()
    assert write_report(Run.load(finished.path)) == finished.html_path
    assert finished.html_path.stat().st_size > 0.9 * len(page)


# Classification is interrupted everywhere in tests/run/test_resume.py.
@pytest.mark.parametrize("kind", sorted(set(TRAINED) - {CLASSIFICATION}), indirect=True)
def test_a_run_that_was_interrupted_ends_like_one_that_was_not(
    finished, kind, data, tmp_path, interrupter, assert_same_result
):
    with pytest.raises(KeyboardInterrupt):
        train(recipe=recipe_for(kind, data), out=tmp_path / "run", progress=interrupter("fine-tuning phase", 1))
    assert Run.load(tmp_path / "run").state["state"] == "interrupted"
    resumed = resume(tmp_path / "run")
    assert_same_result(resumed, finished)
    assert resumed.report.to_json() == finished.report.to_json()
    assert resumed.predictions_path.read_text() == finished.predictions_path.read_text()
