"""Whatever the surroundings of a process are, it ends with a code that is documented and a message."""

import json
import os
import socket
import subprocess

import pytest

from headstart.cli.exit_codes import ExitCode

if os.name != "posix":
    pytest.fail("these tests describe POSIX; give Windows tests of its own")

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        stdout, stderr = process.communicate(timeout=90)
    finally:
        process.kill()
    return process.returncode, stdout or "", stderr or ""


@pytest.mark.parametrize("words", [["backbones"], ["--help"]])
def test_a_full_disk_behind_standard_output_is_told(start_process, words):
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123
        code, _, stderr = ended(start_process(*words, stdout=full))
    assert code == ExitCode.OUTPUT
    assert "No space left" in stderr
    assert "Traceback" not in stderr


def test_a_closed_standard_output_is_told_before_any_work(start_process):
    code, _, stderr = ended(start_process("backbones", stdout=None, preexec_fn=lambda: os.close(1)))
    assert code == ExitCode.OUTPUT
    assert "standard output" in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize("words", [["backbones", "--json"], ["--help"]])
def test_a_reader_that_stops_ends_the_program_without_a_word(start_process, words):
    reading, writing = os.pipe()
    os.close(reading)
    code, _, stderr = ended(start_process(*words, stdout=writing))
    os.close(writing)
    assert (code, stderr) == (ExitCode.BROKEN_PIPE, "")


def test_closed_standard_input_and_error_do_not_matter(start_process):
    def close():
        os.close(0)
        os.close(2)

    code, stdout, _ = ended(start_process("backbones", "vgg19", "--json", stderr=None, preexec_fn=close))
    assert code == 0
    assert json.loads(stdout)["name"] == "vgg19"


def test_a_locale_that_knows_ascii_alone_breaks_nothing(start_process, tmp_path):
    env = {**os.environ, **ASCII}
    code, stdout, stderr = ended(start_process("bank", "list", "--json", "--bank-dir", tmp_path / "Löwe", env=env))
    assert (code, json.loads(stdout)["bank_dir"]) == (0, str(tmp_path / "Löwe")), stderr
    code, _, stderr = ended(start_process("audit", tmp_path / "Löwe", env=env))
    assert code == ExitCode.DATA_NOT_FOUND
    assert "Traceback" not in stderr


def test_a_deleted_working_directory_is_told(start_process, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()

    def leave():
        os.chdir(gone)
        gone.rmdir()

    code, _, stderr = ended(start_process("audit", "photos", preexec_fn=leave))
    assert code == ExitCode.WORKING_DIRECTORY
    assert "no longer exists" in stderr


COMMANDS = ("audit", "train", "evaluate", "report", "card", "export", "index", "rank", "bank", "backbones", "resume")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_word_is_refused_by_every_command(type_command, command):
    outcome = type_command(command, "")
    assert outcome.code == ExitCode.USAGE
    assert "empty" in outcome.stderr


def test_an_empty_value_of_an_option_is_refused(type_command, photos):
    assert type_command("audit", photos, "--format=").code == ExitCode.USAGE
    assert type_command("audit", photos, "--format", "").code == ExitCode.USAGE


def test_a_nul_character_is_refused(type_command):
    assert type_command("audit", "a\0b").code == ExitCode.USAGE


@pytest.mark.parametrize("command", [["audit"], ["train", "--plan"], ["index", "vgg19_mini"], ["rank"]])
@pytest.mark.parametrize("place", ["pipe.csv", "socket.csv", "loop", "loop.csv", "long", "unknown user"])
def test_data_that_is_no_file_is_told_without_waiting(type_command, tmp_path, monkeypatch, command, place):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.csv")
    server = socket.socket(socket.AF_UNIX)
    server.bind("socket.csv")
    for name in ("loop", "loop.csv"):
        (tmp_path / name).symlink_to(name)
    data = {"long": "n" * 5000, "unknown user": "~no-such-user-9/photos"}.get(place, place)
    outcome = type_command(*command, data)
    server.close()
    told = {ExitCode.DATA_NOT_FOUND, ExitCode.SYSTEM, ExitCode.NO_CLASS_FOLDERS, ExitCode.RECIPE}
    assert outcome.code in told, outcome.stderr
    assert "what to do" in outcome.stderr


@pytest.mark.parametrize("command", ["report", "card", "resume", "evaluate", "export"])
def test_a_run_that_is_no_folder_is_told(type_command, tmp_path, command):
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path / ("n" * 300), "/dev/null"):
        outcome = type_command(command, place)
        assert outcome.code in {ExitCode.RUN_NOT_FOUND, ExitCode.SYSTEM}, outcome.stderr


def test_a_recipe_that_is_a_pipe_is_told_without_waiting(type_command, photos, tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    assert type_command("train", photos, "--recipe", tmp_path / "pipe.toml").code == ExitCode.RECIPE


def test_files_that_are_none_get_a_row_that_says_so(type_command, finished_run, photos, tmp_path):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "good.png").write_bytes((photos / "red" / "0.png").read_bytes())
    (folder / "loop.png").symlink_to("loop.png")
    for pipe in (folder / "pipe.png", tmp_path / "pipe.png"):
        os.mkfifo(pipe)
    outcome = type_command("predict", finished_run, folder, tmp_path / "pipe.png", "/dev/zero", "--json")
    assert outcome.code == ExitCode.PARTIAL
    rows = {row["path"]: row["error"] for row in map(json.loads, outcome.stdout.splitlines())}
    assert rows.pop(str(folder / "good.png")) is None
    assert set(rows) == {str(folder / "loop.png"), str(tmp_path / "pipe.png"), "/dev/zero"}


def test_answers_are_not_written_among_the_pictures(type_command, finished_run, photos, monkeypatch):
    monkeypatch.chdir(photos)
    before = sorted(photos.rglob("*"))
    for out, paths in (("red/a.csv", photos), ("a.csv", "."), (photos / "a.csv", photos)):
        outcome = type_command("predict", finished_run, paths, "--out", out)
        assert outcome.code == ExitCode.FOLDER_OCCUPIED, outcome.stderr
    assert sorted(photos.rglob("*")) == before


@pytest.mark.parametrize("place", ["file/run", "file", "n" * 300])
def test_a_place_that_cannot_hold_results_is_told(type_command, finished_run, photos, tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("in the way")
    answers = type_command("predict", finished_run, photos / "red", "--out", f"{place}/a.csv")
    assert answers.code in {ExitCode.STORAGE_PERMISSION, ExitCode.SYSTEM}, answers.stderr
    card = type_command("card", finished_run, "--out", f"{place}/card.md")
    assert card.code in {ExitCode.STORAGE_PERMISSION, ExitCode.SYSTEM}, card.stderr
    assert (tmp_path / "file").read_text() == "in the way"


def test_help_names_no_type_of_python(type_command):
    for command in ("", *COMMANDS, "predict", "search", "serve", "demo"):
        assert "<" not in type_command(*command.split(), "--help").stdout
