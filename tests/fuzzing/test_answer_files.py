"""The file of answers that a killed prediction left, damaged, for each task."""

import json
from pathlib import Path

import pytest

from headstart.prediction import form_of
from headstart.prediction.journal import Journal
from headstart.prediction.settings import Settings
from headstart.prediction.tables import csv_cells, json_line
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION

NAMES, NUM_FILES = ("cat", "dog"), 6
CONTENTS = {
    CLASSIFICATION: {
        "prediction": "cat", "probability": 0.75, "error": None, "prediction_set": ["cat"],
        "is_sure": True, "is_foreign": False, "foreign_score": -1.5, "probabilities": {"cat": 0.75, "dog": 0.25},
    },
    DETECTION: {
        "error": None, "height": 24, "width": 32, "boxes": [{"name": "dog", "score": 0.5, "box": [1.0, 2.0, 3.0, 4.0]}]
    },
    SEGMENTATION: {
        "prediction": "cat", "error": None, "height": 24, "width": 32, "mask": None, "shares": {"cat": 1.0, "dog": 0.0}
    },
    REGRESSION: {
        "error": None,
        "numbers": {"cat": {"value": 1.5, "low": None, "high": None}, "dog": {"value": 1.0, "low": 0.5, "high": 1.5}},
    },
}  # fmt: skip


@pytest.mark.parametrize("task", CONTENTS)
def test_no_mutation_of_a_file_of_answers_is_a_mistake_of_the_program(task, fuzz):
    form = form_of(task, NAMES, Settings())

    def make(folder: Path) -> Path:
        rows = [{"path": f"{folder}/{number}.png", **CONTENTS[task]} for number in range(NUM_FILES)]
        (folder / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return folder / "answers.jsonl"

    def read(path: Path) -> None:
        files = [path.parent / f"{number}.png" for number in range(NUM_FILES)]
        journal = Journal(path, form)
        tally, num_done = journal.take_over(files, num_files=NUM_FILES, batch_size=2)
        assert len(list(journal)) == num_done
        for record in journal:
            json_line(record)
            csv_cells(record, form)
        assert tally.sentence

    fuzz(make, read, may_write=True)
