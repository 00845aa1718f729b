"""What a killed prediction left is taken over only as far as it is whole, and never trusted beyond that."""

import json
import os

import pytest

from headstart.errors import AnswersMismatchError
from headstart.files import UnusableFileError
from headstart.prediction import form_of
from headstart.prediction.files import count_files
from headstart.prediction.job import Job, write_answers
from headstart.prediction.journal import Journal
from headstart.prediction.settings import Settings
from headstart.prediction.sources import Model
from headstart.progress import SILENT, SilentProgress
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION

NAMES = ("cat", "dog")
SIZE = {"height": 24, "width": 32}
RECORDS = {
    CLASSIFICATION: {
        "path": "a.png", "prediction": "cat", "probability": 0.75, "error": None, "prediction_set": ["cat"],
        "is_sure": True, "is_foreign": False, "foreign_score": -1.5, "probabilities": {"cat": 0.75, "dog": 0.25},
    },
    DETECTION: {
        "path": "a.png", "error": None, **SIZE, "boxes": [{"name": "dog", "score": 0.5, "box": [1.0, 2.0, 3.0, 4.0]}],
    },
    SEGMENTATION: {
        "path": "a.png", "prediction": "cat", "error": None, **SIZE, "mask": None, "shares": {"cat": 1.0, "dog": 0.0},
    },
    REGRESSION: {
        "path": "a.png", "error": None,
        "numbers": {"cat": {"value": 1.5, "low": None, "high": None}, "dog": {"value": 1.0, "low": 0.5, "high": 1.5}},
    },
}  # fmt: skip


def without_answer(record: dict) -> dict:
    return {**dict.fromkeys(record), "path": record["path"], "error": "no picture"}


@pytest.mark.parametrize("task", RECORDS)
def test_a_record_comes_back_from_a_file_with_the_same_values_in_the_same_order(task):
    form = form_of(task, NAMES, Settings())
    for record in (RECORDS[task], without_answer(RECORDS[task])):
        line = json.dumps(record)
        assert json.dumps(form.checked(json.loads(line))) == line
        form.row(form.checked(record))
        form.tally().counted(form.checked(record))


@pytest.mark.parametrize("task", RECORDS)
def test_a_record_of_another_model_or_type_is_refused(task):
    form = form_of(task, NAMES, Settings())
    record = RECORDS[task]
    for name, content in record.items():
        wrong = 5 if name in ("path", "prediction", "mask", "error") else "a"
        for value in ({}, {"cat": 0.5}, wrong, 1e999, *([] if isinstance(content, list) else [[]])):
            with pytest.raises(UnusableFileError):
                form.checked({**record, name: value})
        if name != "error":
            with pytest.raises(UnusableFileError):
                form.checked({key: record[key] for key in record if key != name})
    for other in (None, [], "text", RECORDS[REGRESSION if task == DETECTION else DETECTION]):
        with pytest.raises(UnusableFileError):
            form.checked(other)


class Interrupter(SilentProgress):
    def advance(self, count: int = 1, note: str = "") -> None:
        raise KeyboardInterrupt


@pytest.fixture
def model(predictor) -> Model:
    return Model(predictor, {"format": "colour", "files": {"colour": "1"}})


@pytest.fixture
def job(pictures, tmp_path) -> Job:
    """A job of 8 files, of which 4 were answered before it was interrupted."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for file in sorted(pictures.rglob("*.png"))[:8]:
        (folder / file.name).write_bytes(file.read_bytes())
    return Job(tmp_path / "out.jsonl", (folder,), count_files((folder,)), 4, Settings())


def interrupted(job: Job, model: Model) -> bytes:
    with pytest.raises(KeyboardInterrupt):
        write_answers(job, model, Interrupter())
    content = job.journal_path.read_bytes()
    assert content.count(b"\n") == 4
    return content


@pytest.mark.parametrize(
    "damage",
    [
        lambda line: line.replace(b'"error": null', b'"error": 5'),
        lambda line: line.replace(b'"probabilities"', b'"probability_of"'),
        lambda line: line.replace(b'{"red"', b'{"rot"'),
        lambda line: line.replace(b'"is_sure": ', b'"is_sure": "very", "was": '),
        lambda line: line.replace(b'"foreign_score": ', b'"foreign_score": NaN, "was": '),
        lambda line: b"[" * 100_000 + b"\n",
        lambda line: b"null\n",
        lambda line: b"\xff\n",
        lambda line: b"\n",
    ],
)
def test_a_damaged_answer_is_answered_again(job, model, tmp_path, damage):
    content = interrupted(job, model)
    first, rest = content.split(b"\n", 1)
    assert damage(first + b"\n") != first + b"\n"
    job.journal_path.write_bytes(damage(first + b"\n") + rest)
    write_answers(job, model, SILENT)
    whole = Job(tmp_path / "whole.jsonl", job.paths, job.num_files, job.batch_size)
    write_answers(whole, model, SILENT)
    assert job.out.read_bytes() == whole.out.read_bytes()


def test_a_line_without_end_is_never_read_whole(job, model, tmp_path):
    interrupted(job, model)
    with job.journal_path.open("r+b") as journal:
        journal.truncate(0)
        journal.truncate(2**36)  # takes no room on the disk
    write_answers(job, model, SILENT)
    assert job.out.read_bytes().count(b"\n") == 8


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "link"])
def test_what_is_no_file_of_answers_is_refused_with_what_to_delete(job, model, tmp_path, kind):
    interrupted(job, model)
    job.journal_path.unlink()
    mine = tmp_path / "mine.txt"
    mine.write_text("precious")
    if kind == "folder":
        job.journal_path.mkdir()
    elif kind == "pipe":
        os.mkfifo(job.journal_path)
    elif kind == "link":
        job.journal_path.symlink_to(mine)
    with pytest.raises(AnswersMismatchError) as caught:
        write_answers(job, model, SILENT)
    assert caught.value.hint == f"Delete '{job.folder}' to start again."
    assert mine.read_text() == "precious"


def test_a_long_setting_of_a_damaged_job_is_shown_on_a_short_line(job, model):
    interrupted(job, model)
    facts = json.loads(job.facts_path.read_text())
    job.facts_path.write_text(json.dumps({**facts, "coverage": ["x" * 10**6] * 3}))
    with pytest.raises(AnswersMismatchError, match="the coverage") as caught:
        write_answers(job, model, SILENT)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("task", RECORDS)
def test_a_journal_gives_its_answers_again_and_again(task, tmp_path):
    journal = Journal(tmp_path / "answers.jsonl", form_of(task, NAMES, Settings()))
    journal.path.write_text(json.dumps(RECORDS[task]) + "\n")
    assert list(journal) == list(journal) == [RECORDS[task]]
    journal.path.write_text(json.dumps(RECORDS[task]))
    with pytest.raises(UnusableFileError, match="whole line"):
        list(journal)
