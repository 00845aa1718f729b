"""`headstart serve` as it is typed: mistakes, and what the help promises."""

import dataclasses
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from headstart.cli.app import app
from headstart.serving import Limits
from headstart.serving.packages import NEEDED


def typed(*words: object):
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["serve", *map(str, words)])


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--format", "keras"], 58, "onnx"),
        (["--format", "nonsense"], 58, "onnx"),
        (["--format", "openvino"], 54, "openvino"),
        (["--coverage", "2"], 40, "coverage"),
        (["--min-score", "0.5"], 40, "does not apply"),
        (["--max-pictures", "0"], 40, "pictures"),
        (["--max-waiting", "3"], 40, "waiting_pictures"),
        (["--port", "70000"], 41, "70000"),
        (["--host", "no.such.host.invalid"], 41, "no.such.host.invalid"),
        (["--allowed-host", "http://photos.example/"], 40, "without http://"),
        (["--stop-timeout", "0"], 40, "stop_seconds"),
        (["--key-file", "absent.txt"], 40, "absent.txt"),
    ],
)
def test_a_mistake_has_its_exit_code(artifact, words, code, told):
    outcome = typed(artifact, *words)
    assert outcome.exit_code == code, outcome.stderr
    assert told in outcome.stderr


@pytest.mark.parametrize("content", ["", "\n", "two\nlines", b"\xff\xfe\x00"])
def test_a_file_without_a_key_is_refused(artifact, tmp_path, content):
    path = tmp_path / "key.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert typed(artifact, "--key-file", path).exit_code == 40


def test_a_folder_without_an_artifact_is_told(tmp_path):
    outcome = typed(tmp_path)
    assert outcome.exit_code == 54
    assert "headstart export" in outcome.stderr


@pytest.mark.parametrize("module", NEEDED)
def test_a_missing_package_is_told_with_the_line_that_installs_it(artifact, module):
    code = f"""
import importlib.util as util, sys
find = util.find_spec
util.find_spec = lambda name, *more: None if name == {module!r} else find(name, *more)
from headstart.cli.app import main
main()
"""
    command = [sys.executable, "-c", code, "serve", str(artifact), "--port", "0"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert outcome.returncode == 62
    assert "pip install 'headstart[serve]'" in " ".join(outcome.stderr.split())


def test_the_help_tells_the_limits_that_hold():
    text = " ".join(re.sub(r"[│\s]+", " ", typed("--help").stdout).split())
    limits = dataclasses.asdict(Limits())
    for option, value in {
        "batch-size": limits["batch_size"],
        "batch-wait": limits["batch_wait_seconds"] * 1000,
        "max-body": limits["body_bytes"] / (1 << 20),
        "max-megapixels": limits["pixels"] / 1e6,
        "max-pictures": limits["pictures"],
        "max-waiting": limits["waiting_pictures"],
        "max-connections": limits["connections"],
        "timeout": limits["answer_seconds"],
        "stop-timeout": limits["stop_seconds"],
    }.items():
        shown = re.search(rf"--{option} .*?\[default: ([\d.]+)\]", text)
        assert float(shown[1]) == value, option
