"""Files of a run, damaged: what a report is made of, and the table of examples of each task."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from headstart.data import Dataset, read_mask
from headstart.data.rle import text_of
from headstart.files import frame_csv
from headstart.recipe import Recipe
from headstart.report import Report
from headstart.report.sections import metric_cards
from headstart.report.wording import headline, limits, trust_facts
from headstart.run import Run
from headstart.run.directory import read_json
from headstart.run.evaluated import worst_rows
from headstart.run.schemas import AuditFacts, Environment
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION
from headstart.tasks import (
    Detections,
    ImageClassifier,
    ObjectDetector,
    evaluate_classification,
    evaluate_detection,
    evaluate_regression,
    evaluate_segmentation,
)
from headstart.tasks.classification.report import calibration_words
from headstart.tasks.classification.steps import predicted_probabilities
from headstart.tasks.detection import steps as detection
from headstart.tasks.detection.steps import BoxPromises
from headstart.tasks.regression import steps as regression
from headstart.training import History

NUM_IMAGES, NAMES = 6, ("cat", "dog")
BOX = [2.0, 3.0, 20.0, 18.0]
TARGETS: dict[str, Callable[[int], str]] = {
    CLASSIFICATION: lambda n: NAMES[n % 2],
    DETECTION: lambda n: json.dumps([["cat", *BOX], ["dog", 1, 1, 9, 9, "crowd"]][: 1 + n % 2]),
    SEGMENTATION: lambda n: json.dumps(
        {"mask": f"masks/{n}.png"}
        if n % 2
        else {
            "polygons": [
                ["cat", [0, 0, 9, 0, 9, 9]],
                ["dog", {"size": [24, 32], "counts": text_of(np.eye(24, 32) > 0)}],
            ]
        }
    ),
    REGRESSION: lambda n: f"{n}.5;{-n}.25",
}
REPORTS: dict[str, Callable[[], Report]] = {
    CLASSIFICATION: lambda: evaluate_classification(
        np.eye(2)[[0, 1, 1, 1, 0, 1]] * 0.8 + 0.1, np.array([0, 1] * 3), NAMES, baseline_targets=np.array([0, 1])
    ),
    DETECTION: lambda: evaluate_detection(
        [Detections(np.array([BOX]), np.array([0.9]), np.array([n % 2])) for n in range(NUM_IMAGES)],
        [np.array([[*BOX, 0]])] * NUM_IMAGES,
        NAMES,
        score_threshold=0.5,
    ),
    SEGMENTATION: lambda: evaluate_segmentation(
        [np.full((24, 32), n % 2, np.uint8) for n in range(NUM_IMAGES)], [np.eye(24, 32, dtype=np.uint8)] * 6, NAMES
    ),
    REGRESSION: lambda: evaluate_regression(
        np.arange(12.0).reshape(6, 2), np.arange(12.0)[::-1].reshape(6, 2), NAMES,
        baseline_targets=np.ones((3, 2)), interval_half_width=np.array([1.0, np.inf]), coverage=0.9,
    ),
}  # fmt: skip
PREDICTED: dict[str, Callable[[int], dict[str, object]]] = {
    CLASSIFICATION: lambda n: {"prediction": "cat", "probability": 0.75, "p(cat)": 0.75, "p(dog)": 0.25},
    DETECTION: lambda n: {"prediction": json.dumps([["cat", 0.75, *BOX], ["dog", 0.5, *BOX]])},
    REGRESSION: lambda n: {"cat": n + 0.25, "dog": -n, "cat low": -np.inf, "cat high": np.inf},
}


def write_run(folder: Path, task: str) -> Run:
    """The files of a finished run, without its model."""
    noise = np.random.default_rng(0)
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for number in range(NUM_IMAGES):
        Image.fromarray(noise.integers(0, 256, (24, 32, 3), np.uint8)).save(folder / "images" / f"{number}.png")
        Image.fromarray(noise.integers(0, 2, (24, 32), np.uint8)).save(folder / "masks" / f"{number}.png")
    frame = pd.DataFrame(
        {
            "path": [f"images/{number}.png" for number in range(NUM_IMAGES)],
            "target": [TARGETS[task](number) for number in range(NUM_IMAGES)],
            "group": "", "split": "test", "sha256": "a" * 64, "near_hash": "b" * 16, "width": 32, "height": 24,
            "duplicate_group": range(NUM_IMAGES),
        }
    )  # fmt: skip
    if task == SEGMENTATION:
        frame = frame.assign(mask_sha256="c" * 64, mask_classes='["cat", "dog"]')
    run = Run(folder)
    values = {0: "cat", 1: "dog"} if task == SEGMENTATION else {}
    Dataset(frame, NAMES, folder, task=task, mask_values=values).write(run.dataset_path)
    if task in PREDICTED:
        rows = pd.DataFrame([PREDICTED[task](number) for number in range(NUM_IMAGES)])
        run.predictions_path.write_text(frame_csv(pd.concat([frame[["path", "target"]], rows], axis=1)))
    REPORTS[task]().write(run.report_path)
    Recipe.from_values({"data": {"path": str(folder)}}).resolved(task).write(run.recipe_path)
    run.state_path.write_text(json.dumps({"format_version": 1, "state": "finished"}))
    promises = {"score_threshold": 0.5} if task == DETECTION else {"residuals": [[0.1, 0.2], [0.3, 0.4]]}
    run.promises_path.write_text(json.dumps({"format_version": 1, **promises}))
    finding = {"kind": "unreadable", "severity": "error", "count": 1, "meaning": "No image."}
    run.audit_path.write_text(json.dumps({"format_version": 1, "summary": [finding]}))
    machine = {"format_version": 1, "python": "3.11", "machine": "x86_64", "packages": {"keras": "3"}, "gpus": []}
    run.environment_path.write_text(json.dumps(machine))
    row = {"phase": "frozen", "epoch": 1, "learning_rate": 0.1, "loss": 1.0, "val_loss": 1.0, "seconds": 1.0}
    History((row, {**row, "epoch": 2})).write(run.history_path)
    return run


def opened(path: Path, task: str = CLASSIFICATION) -> Run:
    """The run as a command finds it, but that its task has no model."""
    run = Run.load(path.parent)
    own_class = ObjectDetector if task == DETECTION else ImageClassifier
    vars(run)["task"] = own_class(None, NAMES, "mobilenetv2", {}, "out")
    return run


def read_examples(path: Path) -> None:
    """As training and evaluation do."""
    dataset = opened(path).dataset
    dataset.class_counts()
    for row in range(len(dataset)):
        if dataset.task == DETECTION:
            _ = dataset.boxes(), dataset.ignored_boxes()
        if dataset.task == SEGMENTATION:
            read_mask(dataset, row)
    replace(dataset, frame=dataset.frame.head(1)).write(path.parent / "part.csv")


def read_report(path: Path) -> None:
    """As the page and the terminal do, but for the figures."""
    report = opened(path).report
    for shown in (headline, trust_facts, limits, metric_cards):
        shown(report)
    if report.kind == "single-label":
        calibration_words(report)
    if "pictures" in report.tables:
        worst_rows(opened(path))


PREDICTION_READERS = {
    CLASSIFICATION: predicted_probabilities,
    DETECTION: detection.report_content,
    REGRESSION: regression.report_content,
}
RUN_FILES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "threshold": ("promises.json", lambda path: read_json(path, BoxPromises)),
    "residuals": ("promises.json", lambda path: regression.intervals_of(opened(path)).half_widths(0.9)),
    "audit": ("audit.json", lambda path: read_json(path, AuditFacts)),
    "environment": ("environment.json", lambda path: read_json(path, Environment)),
    "history": ("history.csv", lambda path: (Run(path.parent).history.frame, Run(path.parent).history.best)),
}


@pytest.mark.parametrize("task", TARGETS)
def test_no_mutation_of_a_table_of_examples_is_a_mistake_of_the_program(task, fuzz):
    fuzz(lambda folder: write_run(folder, task).dataset_path, read_examples, may_write=True)


@pytest.mark.parametrize("task", PREDICTION_READERS)
def test_no_mutation_of_predictions_is_a_mistake_of_the_program(task, fuzz):
    fuzz(
        lambda folder: write_run(folder, task).predictions_path,
        lambda path: PREDICTION_READERS[task](opened(path, task)),
    )


@pytest.mark.parametrize("task", REPORTS)
def test_no_mutation_of_a_report_is_a_mistake_of_the_program(task, fuzz):
    fuzz(lambda folder: write_run(folder, task).report_path, read_report)


@pytest.mark.parametrize("name", RUN_FILES)
def test_no_mutation_of_another_file_of_a_run_is_a_mistake_of_the_program(name, fuzz):
    task = REGRESSION if name == "residuals" else DETECTION
    fuzz(lambda folder: write_run(folder, task).path / RUN_FILES[name][0], RUN_FILES[name][1])
