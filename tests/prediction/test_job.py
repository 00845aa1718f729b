"""A file of answers: three formats, one content, and a kill at any moment changes nothing in the end."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from headstart.errors import AnswersExistError, AnswersMismatchError, InUseError, RecipeError, StorageFullError
from headstart.prediction.files import count_files
from headstart.prediction.job import Job, _alone, check_out, write_answers
from headstart.prediction.settings import Settings
from headstart.prediction.sources import Model
from headstart.progress import SILENT, SilentProgress
from headstart.task_spec import CLASSIFICATION
from headstart.trust import Thresholds

SCRIPT = Path(__file__).with_name("write_slowly.py")
ENDINGS = ["csv", "jsonl", "parquet"]


class Interrupter(SilentProgress):
    """Presses Ctrl-C after so many pictures; counts them and keeps what is said."""

    def __init__(self, after: int = 10**9) -> None:
        self.after, self.done, self.said = after, 0, []

    def advance(self, count: int = 1, note: str = "") -> None:
        self.done += count
        if self.done >= self.after:
            raise KeyboardInterrupt

    def say(self, text: str) -> None:
        self.said.append(text)


def job_of(out: Path, *paths: Path, batch_size: int = 8, abstain: bool = False) -> Job:
    return Job(out, paths, count_files(paths), batch_size, Settings(abstain=abstain))


@pytest.fixture
def model(predictor) -> Model:
    return Model(predictor, {"format": "colour", "files": {"colour": "1"}})


@pytest.fixture
def mixed(tmp_path, pictures) -> Path:
    """Pictures, among them a file that is none and one with an odd name."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for file in sorted(pictures.rglob("*.png"))[:20]:
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "0003b.png").write_text("no picture")
    Image.new("RGB", (5, 5), "green").save(folder / 'odd, "ñame".png')
    return folder


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_interrupted_file_goes_on_and_ends_as_an_unbroken_one(model, mixed, tmp_path, ending):
    unbroken, broken = tmp_path / f"unbroken.{ending}", tmp_path / f"broken.{ending}"
    tally = write_answers(job_of(unbroken, mixed), model, SILENT)
    with pytest.raises(KeyboardInterrupt):
        write_answers(job_of(broken, mixed), model, Interrupter(after=8))
    assert not broken.exists()
    model.predictor.runtime.batch_sizes.clear()
    listener = Interrupter()
    assert write_answers(job_of(broken, mixed), model, listener) == tally
    assert sum(model.predictor.runtime.batch_sizes) == 22 - 8 - (1 if _junk_comes_after(mixed, 8) else 0)
    assert "Continuing after 8 of 22 files" in listener.said[0]
    assert listener.done == 22
    assert broken.read_bytes() == unbroken.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [broken.name, "mixed", unbroken.name]


def _junk_comes_after(folder: Path, count: int) -> bool:
    return sorted(path.name for path in folder.iterdir()).index("0003b.png") >= count


def test_the_three_formats_hold_the_same(model, mixed, tmp_path, read_lines):
    for ending in ENDINGS:
        write_answers(job_of(tmp_path / f"a.{ending}", mixed), model, SILENT)
    lines = read_lines(tmp_path / "a.jsonl")
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    frame = pd.read_parquet(tmp_path / "a.parquet")
    assert list(frame.columns) == list(rows[0])
    assert [line["path"] for line in lines] == [row["path"] for row in rows] == frame["path"].tolist()
    for line, row, values in zip(lines, rows, frame.to_dict("records"), strict=True):
        if line["error"]:
            assert row["error"] == values["error"] == line["error"]
            assert row["prediction"] == row["p(red)"] == row["is_sure"] == ""
            assert pd.isna(values["prediction"])
            continue
        assert line["prediction"] == row["prediction"] == values["prediction"]
        assert line["prediction_set"] == [name for name in row["prediction_set"].split(";") if name]
        assert line["prediction_set"] == list(values["prediction_set"])
        assert str(line["is_foreign"]).lower() == row["is_foreign"]
        for name, probability in line["probabilities"].items():
            assert probability == float(row[f"p({name})"]) == values[f"p({name})"]


def test_every_number_stands_as_the_predictor_gave_it(model, mixed, tmp_path, read_lines):
    tally = write_answers(job_of(tmp_path / "a.jsonl", mixed), model, SILENT)
    lines = read_lines(tmp_path / "a.jsonl")
    answered = [line for line in lines if not line["error"]]
    assert tally.num_files == len(lines) == 22
    assert tally.num_unreadable == 1
    assert tally.num_unsure == sum(not line["is_sure"] for line in answered) > 0
    assert tally.num_foreign == sum(line["is_foreign"] for line in answered) > 0
    for line in answered:
        assert line["probability"] == max(line["probabilities"].values())
        assert line["prediction_set"] == [name for name, value in line["probabilities"].items() if value >= 0.4]
        assert line["is_sure"] == (line["prediction_set"] == [line["prediction"]] and not line["is_foreign"])


def test_abstaining_gives_up_guesses_and_keeps_the_rest(model, mixed, tmp_path, read_lines):
    write_answers(job_of(tmp_path / "guessing.jsonl", mixed), model, SILENT)
    write_answers(job_of(tmp_path / "abstaining.jsonl", mixed, abstain=True), model, SILENT)
    pairs = zip(read_lines(tmp_path / "guessing.jsonl"), read_lines(tmp_path / "abstaining.jsonl"), strict=True)
    for guessing, abstaining in pairs:
        if guessing["is_sure"] is False:
            assert (abstaining["prediction"], abstaining["probability"]) == ("not sure", None)
            assert abstaining["prediction_set"] == guessing["prediction_set"]
            assert abstaining["probabilities"] == guessing["probabilities"]
        else:
            assert abstaining == guessing


@pytest.mark.parametrize("end", [b"", b'{"path": "x', b"\0\0\0\0\n", b"null\n", b'{"path": "other"}\n', b"[1]\n"])
def test_what_a_kill_tore_is_answered_again(model, mixed, tmp_path, end):
    unbroken, broken = tmp_path / "unbroken.csv", tmp_path / "broken.csv"
    write_answers(job_of(unbroken, mixed), model, SILENT)
    job = job_of(broken, mixed)
    with pytest.raises(KeyboardInterrupt):
        write_answers(job, model, Interrupter(after=16))
    lines = job.journal_path.read_bytes().splitlines(keepends=True)
    job.journal_path.write_bytes(b"".join(lines[:11]) + end)  # one whole batch of eight, and a part of the next
    listener = Interrupter()
    write_answers(job, model, listener)
    assert "Continuing after 8 " in listener.said[0]
    assert broken.read_bytes() == unbroken.read_bytes()


def test_a_killed_process_loses_no_whole_batch_and_ends_as_an_unbroken_one(pictures, tmp_path):
    def start(out: Path) -> subprocess.Popen:
        return subprocess.Popen([sys.executable, str(SCRIPT), str(out), str(pictures)])

    assert start(tmp_path / "unbroken.csv").wait(60) == 0
    broken = tmp_path / "broken.csv"
    journal = tmp_path / "broken.csv.partial" / "answers.jsonl"
    kept = 0
    for at_least in (1, 20, 36):
        process = start(broken)
        while not journal.exists() or journal.read_bytes().count(b"\n") < at_least:
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert journal.read_bytes().count(b"\n") >= kept
        kept = journal.read_bytes().count(b"\n")
        assert not broken.exists()
    assert start(broken).wait(60) == 0
    assert broken.read_bytes() == (tmp_path / "unbroken.csv").read_bytes()


def test_a_kill_between_the_last_answer_and_the_file_costs_no_answer(model, mixed, tmp_path, monkeypatch):
    job = job_of(tmp_path / "a.csv", mixed)
    monkeypatch.setattr("headstart.prediction.job.TABLE_WRITERS", {".csv": _killed})
    with pytest.raises(KeyboardInterrupt):
        write_answers(job, model, SILENT)
    monkeypatch.undo()
    model.predictor.runtime.batch_sizes.clear()
    write_answers(job, model, SILENT)
    assert model.predictor.runtime.batch_sizes == []
    assert len(job.out.read_text("utf-8").splitlines()) == 23


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture
def begun(model, mixed, tmp_path) -> Job:
    job = job_of(tmp_path / "a.csv", mixed)
    with pytest.raises(KeyboardInterrupt):
        write_answers(job, model, Interrupter(after=8))
    return job


def test_another_model_does_not_go_on(begun, model):
    with pytest.raises(AnswersMismatchError, match="the model changed since"):
        write_answers(begun, replace(model, facts={"format": "colour", "files": {"colour": "2"}}), SILENT)


def test_another_coverage_does_not_go_on(begun, model):
    with pytest.raises(AnswersMismatchError) as caught:
        write_answers(begun, replace(model, predictor=replace(model.predictor, coverage=0.5)), SILENT)
    assert ("0.9" in caught.value.expected, "0.5" in caught.value.received) == (True, True)


def test_other_files_do_not_go_on(begun, model, mixed):
    time.sleep(0.01)
    os.utime(mixed / "0000.png")
    with pytest.raises(AnswersMismatchError, match="the files"):
        write_answers(begun, model, SILENT)
    (mixed / "zzz.png").touch()
    with pytest.raises(AnswersMismatchError, match="number of files"):
        write_answers(job_of(begun.out, mixed), model, SILENT)


@pytest.mark.parametrize(
    ("change", "name"), [({"settings": Settings(abstain=True)}, "--abstain"), ({"batch_size": 4}, "batch size")]
)
def test_other_settings_do_not_go_on(begun, model, change, name):
    with pytest.raises(AnswersMismatchError, match=name):
        write_answers(replace(begun, **change), model, SILENT)


def test_a_refusal_leaves_the_work_as_it_was(begun, model):
    before = begun.journal_path.read_bytes()
    with pytest.raises(AnswersMismatchError) as caught:
        write_answers(replace(begun, settings=Settings(abstain=True)), model, SILENT)
    assert str(begun.folder) in caught.value.hint
    assert begun.journal_path.read_bytes() == before
    write_answers(begun, model, SILENT)
    assert begun.out.is_file()


def test_a_damaged_job_is_refused(begun, model):
    begun.facts_path.write_text("{")
    with pytest.raises(AnswersMismatchError):
        write_answers(begun, model, SILENT)


def test_a_finished_file_is_never_overwritten(model, mixed, tmp_path):
    write_answers(job_of(tmp_path / "a.csv", mixed), model, SILENT)
    with pytest.raises(AnswersExistError, match="already exists"):
        check_out(tmp_path / "a.csv", CLASSIFICATION)


@pytest.mark.parametrize("name", ["answers", "answers.txt", "answers.xlsx"])
def test_a_name_that_tells_no_format_is_refused(tmp_path, name):
    with pytest.raises(RecipeError, match="does not select a format") as caught:
        check_out(tmp_path / name, CLASSIFICATION)
    assert ".csv, .jsonl, .parquet" in caught.value.expected


def test_a_full_disk_says_so_and_what_was_answered_is_kept(begun, model, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("headstart.prediction.job.TABLE_WRITERS", {".csv": full})
    with pytest.raises(StorageFullError, match="is full"):
        write_answers(begun, model, SILENT)
    assert len(begun.journal_path.read_bytes().splitlines()) == 22


def test_a_large_table_of_parquet_has_groups_of_rows(model, pictures, tmp_path, monkeypatch):
    from pyarrow import parquet  # noqa: PLC0415

    monkeypatch.setattr("headstart.prediction.tables._ROWS_A_GROUP", 20)
    write_answers(job_of(tmp_path / "a.parquet", pictures), model, SILENT)
    file = parquet.ParquetFile(tmp_path / "a.parquet")
    assert [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)] == [20, 20, 10]


def test_the_thresholds_of_too_few_validation_pictures_make_nothing_sure(model, mixed, tmp_path, read_lines):
    few = replace(model.predictor, thresholds=Thresholds.from_scores([0.1] * 3, [1.0] * 3))
    write_answers(job_of(tmp_path / "a.jsonl", mixed), replace(model, predictor=few), SILENT)
    lines = [line for line in read_lines(tmp_path / "a.jsonl") if not line["error"]]
    assert {json.dumps(line["prediction_set"]) for line in lines} == {'["red", "green", "blue"]'}
    assert not any(line["is_sure"] or line["is_foreign"] for line in lines)


def test_a_second_process_that_writes_the_same_file_is_refused(tmp_path):
    job = Job(tmp_path / "a.csv", (), 0, 1)
    with _alone(job), pytest.raises(InUseError, match="writes its predictions in"), _alone(job):
        pass
    shutil.rmtree(job.folder)
    job.out.write_text("finished by another process meanwhile")
    with pytest.raises(AnswersExistError), _alone(job):
        pass
    assert not job.folder.exists()
