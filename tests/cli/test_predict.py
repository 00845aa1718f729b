"""`headstart predict`: what it prints, what it writes, and what it refuses."""

import csv
import io
import json
import os
import re
import subprocess
import sys

import pandas as pd
import pytest

from headstart.cli.answers_table import table_lines
from headstart.cli.exit_codes import ExitCode
from headstart.prediction import answers_of
from headstart.task_spec import DETECTION, REGRESSION, SEGMENTATION


@pytest.fixture
def junk(tmp_path):
    path = tmp_path / "junk.jpg"
    path.write_text("this is no picture")
    return path


def test_predict_prints_a_table_in_which_no_path_is_broken(type_command, finished_run, photos):
    for columns in (None, "40"):
        outcome = type_command("predict", finished_run, photos, env={"COLUMNS": columns})
        assert outcome.code == 0, outcome.stderr
        header, *rows = outcome.stdout.splitlines()
        assert header.split() == ["path", "prediction", "probability", "doubts"]
        assert sorted(row.split()[0] for row in rows) == sorted(str(path) for path in photos.rglob("*.png"))


def test_on_a_terminal_rows_come_without_bars_between_them(type_on_terminal, finished_run, photos):
    outcome = type_on_terminal("predict", finished_run, photos / "red")
    assert outcome.code == 0, outcome.stderr
    assert outcome.stdout.count("0.png") == 1
    assert "predicting" not in outcome.stderr


def test_predict_prints_csv_that_reads_back(type_command, finished_run, photos):
    outcome = type_command("predict", finished_run, photos / "red" / "*.png", "--csv")
    rows = list(csv.DictReader(io.StringIO(outcome.stdout)))
    assert len(rows) == 8
    for row in rows:
        assert sum(float(row[f"p({name})"]) for name in ("blue", "green", "red")) == pytest.approx(1.0, abs=1e-5)
        assert row["error"] == ""
        assert row["is_sure"] in ("true", "false")


def test_predict_prints_a_line_of_json_a_file(type_command, finished_run, photos, junk):
    outcome = type_command("predict", finished_run, photos / "red" / "0.png", junk, photos / "blue", "--json")
    assert outcome.code == ExitCode.PARTIAL
    answers = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert len(answers) == 10
    assert [answer["error"] is None for answer in answers] == [True, False] + [True] * 8
    assert len({tuple(answer) for answer in answers}) == 1  # every line has the same keys


def test_json_csv_file_and_data_frame_say_the_same(type_command, finished_run, photos, tmp_path):
    lines = [json.loads(line) for line in type_command("predict", finished_run, photos, "--json").stdout.splitlines()]
    printed = type_command("predict", finished_run, photos, "--csv").stdout
    for name in ("a.csv", "a.jsonl", "a.parquet"):
        outcome = type_command("predict", finished_run, photos, "--out", tmp_path / name)
        assert outcome.code == 0, outcome.stderr
        assert outcome.stdout == f"{tmp_path / name}\n"
        assert re.search(
            r"24 files: \d+ sure predictions, \d+ not sure \(\d+ of them foreign\), 0 unreadable", outcome.stderr
        )
    assert (tmp_path / "a.csv").read_text() == printed
    assert [json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines()] == lines
    assert pd.read_parquet(tmp_path / "a.parquet")["prediction"].tolist() == [line["prediction"] for line in lines]


def test_a_file_with_a_file_that_is_no_picture_is_written_and_the_code_says_so(
    type_command, finished_run, photos, junk, tmp_path
):
    outcome = type_command("predict", finished_run, photos, junk, "--out", tmp_path / "a.csv")
    assert outcome.code == ExitCode.PARTIAL
    assert "1 unreadable" in outcome.stderr
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 26


def test_abstaining_shows_the_set_in_place_of_a_guess(type_command, finished_run, photos):
    """Three validation pictures promise no coverage of 0.9: every set holds all classes."""
    outcome = type_command("predict", finished_run, photos / "red", "--abstain")
    assert "too few to promise a coverage of 0.9" in outcome.stderr
    for row in outcome.stdout.splitlines()[1:]:
        assert re.fullmatch(r"\S+ +not sure +possible: blue, green, red", row)


def test_a_lower_coverage_gives_smaller_sets(type_command, finished_run, photos):
    def sets(*words):
        lines = type_command("predict", finished_run, photos, "--json", *words).stdout.splitlines()
        return [json.loads(line)["prediction_set"] for line in lines]

    assert sum(map(len, sets("--coverage", "0.5"))) < sum(map(len, sets()))


@pytest.mark.parametrize("coverage", ["0", "1", "90", "-0.1", "nan"])
def test_a_coverage_that_is_no_share_is_a_mistake_in_typing(type_command, finished_run, photos, coverage):
    outcome = type_command("predict", finished_run, photos, "--coverage", coverage)
    assert outcome.code == ExitCode.USAGE
    assert "is not a probability" in outcome.stderr


@pytest.mark.parametrize("words", [["--min-score", "0.5"], ["--masks", "m"], ["--draw", "d"], ["--out", "a.json"]])
def test_what_means_nothing_for_a_classifier_is_refused(type_command, finished_run, photos, words):
    outcome = type_command("predict", finished_run, photos, *words)
    assert outcome.code == ExitCode.RECIPE
    assert not outcome.stdout


@pytest.mark.parametrize("score", ["-0.1", "7"])
def test_a_score_that_is_none_is_a_mistake_in_typing(type_command, finished_run, photos, score):
    outcome = type_command("predict", finished_run, photos, "--min-score", score)
    assert outcome.code == ExitCode.USAGE
    assert "is not a score" in outcome.stderr


def cells(kind, **record):
    """The line of one answer, in words."""
    lines = list(table_lines([{"path": "a.png", "error": None, **record}], answers_of(kind).console))
    return lines[1].plain.split("  ")


def test_the_table_tells_boxes_masks_and_numbers():
    box = {"name": "cat", "score": 0.9123, "box": [1.4, 2.6, 30.0, 40.0]}
    assert cells(DETECTION, boxes=[box, box])[1].strip() == "2 x cat"
    assert "1 3 30 40; 1 3 30 40" in cells(DETECTION, boxes=[box, box])
    assert "and 2 more" in cells(DETECTION, boxes=[box] * 6)[-1]
    assert "nothing" in cells(DETECTION, boxes=[])
    shares = {"sky": 0.25, "sea": 0.75}
    assert "sky 25.0%" in cells(SEGMENTATION, prediction="sea", shares=shares)
    number = {"value": 1.5, "low": None, "high": None}
    assert cells(REGRESSION, numbers={"age": number})[-1] == "age 1.5"
    assert cells(REGRESSION, numbers={"age": {"value": 1.5, "low": 1.0, "high": 2.0}})[-1] == "age 1 to 2"


@pytest.mark.parametrize(
    "words", [["--json", "--csv"], ["--csv", "--json"], ["--out", "a.csv", "--json"], ["--csv", "--out", "a.csv"]]
)
def test_predict_answers_in_one_format_only(type_command, finished_run, photos, words):
    outcome = type_command("predict", finished_run, photos, *words)
    assert outcome.code == ExitCode.USAGE
    assert "exclude each other" in outcome.stderr


@pytest.mark.parametrize("name", ["answers", "answers.txt"])
def test_a_file_of_no_known_format_is_a_mistake_in_typing(type_command, finished_run, photos, name):
    outcome = type_command("predict", finished_run, photos, "--out", name)
    assert outcome.code == ExitCode.USAGE
    assert "must end in .csv" in outcome.stderr


def test_a_finished_file_is_not_overwritten(type_command, finished_run, photos, tmp_path):
    out = tmp_path / "a.csv"
    out.write_text("mine")
    outcome = type_command("predict", finished_run, photos, "--out", out)
    assert outcome.code == ExitCode.ANSWERS_EXIST
    assert out.read_text() == "mine"


def test_a_killed_prediction_goes_on_and_refuses_another_question(
    type_command, start_process, finished_run, photos, tmp_path
):
    out, journal = tmp_path / "a.csv", tmp_path / "a.csv.partial" / "answers.jsonl"
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(600):
        os.link(photos / "red" / f"{number % 8}.png", pictures / f"{number:04}.png")
    process = start_process("predict", finished_run, pictures, "--out", out)
    while process.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") >= 32):
        pass
    process.kill()
    process.communicate()
    kept = journal.read_bytes().count(b"\n")
    assert 0 < kept < 600
    outcome = type_command("predict", finished_run, pictures, "--out", out, "--abstain")
    assert outcome.code == ExitCode.ANSWERS_MISMATCH
    assert "--abstain" in outcome.stderr
    outcome = type_command("predict", finished_run, pictures, "--out", out)
    assert outcome.code == 0, outcome.stderr
    assert f"Continuing after {kept - kept % 32} of 600 files" in outcome.stderr
    printed = type_command("predict", finished_run, pictures, "--csv").stdout
    assert out.read_text() == printed


def test_whoever_stops_reading_ends_the_command_quietly(finished_run, photos):
    program = "from headstart.cli.app import main; main()"
    command = [sys.executable, "-c", program, "predict", str(finished_run), str(photos), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        stderr = process.stderr.read()
        assert process.wait(60) == ExitCode.BROKEN_PIPE
    assert "Traceback" not in stderr
