"""What only a process of its own can show: signals, pipes, a full disk, and silence where TensorFlow would talk."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from headstart.cli.exit_codes import ExitCode

NETWORK = ["--backbone", "vgg19_mini", "--weights", "none", "--image-size", "32"]
QUICK = [*NETWORK, "--frozen-epochs", "1", "--epochs", "0"]
OWN_LINES = (
    "Starting TensorFlow",
    "Step ",
    "Plan: ",
    "  feature bank: ",
    "  head: ",
    "  training: ",
    "loading ",
    "checking ",
    "computing the feature bank",
    "linear probe",
    "frozen ",
    "frozen: stopped early",
    "Kept weights: ",
    "calibrating",
    "evaluating",
    "writing ",
)


@pytest.mark.slow
def test_stderr_holds_our_lines_and_stdout_one(start_process, photos, tmp_path):
    process = start_process("train", photos, *QUICK, "--out", tmp_path / "run", "--json")
    stdout, stderr = process.communicate()
    assert process.returncode == 0, stderr
    assert stdout.count("\n") == 1
    assert [line for line in stderr.splitlines() if not line.startswith(OWN_LINES)] == []
    assert not set(stderr) & {"\x1b", "\r", "\b"}


@pytest.mark.slow
def test_ctrl_c_leaves_a_readable_run_that_resume_completes(start_process, photos, tmp_path):
    run = tmp_path / "run"
    process = start_process("train", photos, *NETWORK, "--frozen-epochs", "2", "--epochs", "30", "--out", run)
    seen = ""
    for line in process.stderr:
        seen += line
        if line.startswith("fine-tuning epoch 1:"):
            process.send_signal(signal.SIGINT)
            break
    _, rest = process.communicate()
    assert process.returncode == ExitCode.INTERRUPTED, seen + rest
    assert "Traceback" not in rest
    assert f"headstart resume {run}" in " ".join(rest.split())
    assert json.loads((run / "run.json").read_text())["state"] == "interrupted"

    resumed = start_process("resume", run, "--json")
    stdout, stderr = resumed.communicate()
    assert resumed.returncode == 0, stderr
    assert "fine-tuning epoch 1:" not in stderr
    assert json.loads(stdout)["num_test_examples"] > 0
    assert (run / "report.html").is_file()


def can_mount() -> bool:
    """Whether a small disk of one's own can be had, without being root: Linux with user namespaces."""
    return bool(shutil.which("unshare")) and (
        subprocess.run(
            ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )


@pytest.mark.slow
# With a bank a checkpoint is small, and the model is what does not fit; without one each holds the whole network.
@pytest.mark.parametrize(("kilobytes", "views"), [(8, 2), (400, 2), (3000, 2), (8000, 0), (12000, 0)])
def test_a_full_disk_is_told_without_a_traceback(photos, tmp_path, cannot_run, kilobytes, views):
    if not can_mount():
        cannot_run("needs Linux that lets a user mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    script = Path(__file__).with_name("train_on_small_disk.sh")
    training = [disk, f"{kilobytes}k", photos, *QUICK, "--views", str(views)]
    process = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", script, *training],
        env={**os.environ, "HEADSTART_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == ExitCode.STORAGE_FULL, process.stderr
    assert "is full" in " ".join(process.stderr.split())
    assert "Traceback" not in process.stderr
    assert process.stdout == ""


@pytest.mark.parametrize("words", [["backbones"], ["backbones", "--json"], ["--help"]])
def test_a_reader_that_stops_reading_is_no_error(start_process, words):
    process = start_process(*words)
    process.stdout.close()
    _, stderr = process.communicate()
    assert stderr == ""
    assert process.returncode in (ExitCode.BROKEN_PIPE, 1)  # 1: help is Typer's own


def test_without_a_terminal_there_is_no_colour_unless_asked(start_process):
    stdout, _ = start_process("backbones").communicate()
    assert "\x1b" not in stdout
