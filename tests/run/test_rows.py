"""A table of examples that someone changed is refused before images are opened, memory is taken or lines are drawn."""

import json

import pandas as pd
import pytest

from headstart.data import Dataset
from headstart.errors import RunDamagedError
from headstart.run import Run
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION

NAMES = ("cat", "dog")
TARGETS = {
    CLASSIFICATION: "cat",
    DETECTION: json.dumps([["cat", 1, 2, 3, 4]]),
    SEGMENTATION: json.dumps({"polygons": [["cat", [0, 0, 9, 0, 9, 9]], ["", {"size": [8, 8], "counts": "P2"}]]}),
    REGRESSION: "1.5;2",
}
DEEP = "[" * 100_000


def run_with(folder, task, **changes) -> Run:
    row = {"path": "a.png", "target": TARGETS[task], "group": "", "split": "test", "sha256": "a" * 64}
    frame = pd.DataFrame([{**row, "width": 8, "height": 8, **changes}])
    if task == SEGMENTATION:
        frame = frame.assign(mask_classes=changes.get("mask_classes", '["cat"]'))
    run = Run(folder)
    Dataset(frame, NAMES, folder, task=task).write(run.dataset_path)
    return run


@pytest.mark.parametrize("task", TARGETS)
def test_what_a_run_writes_is_read(task, tmp_path):
    assert run_with(tmp_path, task).dataset.frame["target"].tolist() == [TARGETS[task]]


@pytest.mark.parametrize(
    ("task", "changes", "told"),
    [
        (CLASSIFICATION, {"path": "../a.png"}, "data folder"),
        (CLASSIFICATION, {"path": "/etc/passwd"}, "data folder"),
        (CLASSIFICATION, {"target": "cow"}, "classes"),
        (CLASSIFICATION, {"split": "exam"}, "part"),
        (CLASSIFICATION, {"width": 10**6, "height": 10**6}, "pixels"),
        (CLASSIFICATION, {"width": 0}, "width"),
        (CLASSIFICATION, {"height": "tall"}, "height"),
        (DETECTION, {"target": '[["cat", 1, 2, 1e300, 4]]'}, "boxes within"),
        (DETECTION, {"target": '[["cat", 1, 2, NaN, 4]]'}, "boxes within"),
        (DETECTION, {"target": '[["cow", 1, 2, 3, 4]]'}, "targets"),
        (DETECTION, {"target": '[["cat", 1]]'}, "targets"),
        (DETECTION, {"target": DEEP}, "targets"),
        (SEGMENTATION, {"target": '{"mask": "../../secret.png"}'}, "data folder"),
        (SEGMENTATION, {"target": '{"mask": "a.png", "others": ["/etc/passwd"]}'}, "data folder"),
        (SEGMENTATION, {"target": '{"polygons": [["cow", [1, 2, 3, 4, 5, 6]]]}'}, "classes"),
        (SEGMENTATION, {"target": '{"polygons": [["cat", ["a"]]]}'}, "targets"),
        (SEGMENTATION, {"target": "[]"}, "targets"),
        (SEGMENTATION, {"target": DEEP}, "targets"),
        (SEGMENTATION, {"mask_classes": DEEP}, "targets"),
        (REGRESSION, {"target": "1.5;nan"}, "finite"),
        (REGRESSION, {"target": "1.5"}, "targets"),
        (REGRESSION, {"target": "1.5;many"}, "targets"),
    ],
)
def test_what_no_run_writes_is_refused(task, changes, told, tmp_path):
    with pytest.raises(RunDamagedError, match=told):
        _ = run_with(tmp_path, task, **changes).dataset
