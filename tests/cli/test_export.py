"""`headstart export` as it is typed."""

import json

import numpy as np
import pytest

from headstart.artifacts import litert_export
from headstart.cli.exit_codes import ExitCode


def test_export_prints_what_was_measured_and_the_lines_that_use_the_file(type_command, finished_run, tmp_path):
    outcome = type_command("export", finished_run, "--to", "litert", "--out", tmp_path / "files")
    assert outcome.code == 0, outcome.stderr
    for part in ("model.tflite", "100.00%", "import ai_edge_litert", 'json.load(open("artifact.json"'):
        assert part in outcome.stdout
    assert (tmp_path / "files" / "model.tflite").is_file()


def test_export_with_json_prints_one_line(type_command, finished_run, tmp_path):
    outcome = type_command("export", finished_run, "--to", "keras", "--out", tmp_path / "files", "--json")
    assert outcome.code == 0, outcome.stderr
    assert outcome.stdout.count("\n") == 1
    result = json.loads(outcome.stdout)
    assert result["artifact"] == str(tmp_path / "files")
    assert result["files"]["keras"]["agreement"] == 1.0


@pytest.fixture
def damaging(monkeypatch):
    """Lets every LiteRT file be written with some weights replaced by noise."""

    def write(serving, path):
        content = bytearray(litert_export.litert_bytes(serving))
        middle = np.frombuffer(content, np.float32, count=2000, offset=len(content) // 8 * 4)
        middle[:] = np.random.default_rng(0).normal(0, 1, 2000)
        path.write_bytes(content)

    monkeypatch.setattr(litert_export, "write_litert", write)


def test_a_damaged_file_ends_with_a_code_of_its_own_and_lies_aside(type_command, finished_run, tmp_path, damaging):
    folder = tmp_path / "files"
    outcome = type_command("export", finished_run, "--to", "keras,litert", "--out", folder)
    assert outcome.code == ExitCode.PARITY == 57
    message = "Refused, because the file would give other predictions than the model: litert"
    assert message in " ".join(outcome.stderr.split())
    assert outcome.stdout == ""
    refused = folder / "refused" / "litert"
    assert (refused / "model.tflite").is_file()
    assert (refused / "differences.csv").read_text().count("\n") > 1
    assert not (folder / "model.tflite").exists()
    assert list(json.loads((folder / "artifact.json").read_text())["files"]) == ["keras"]


@pytest.mark.parametrize("formats", ["tflite", "onnx,pickle"])
def test_an_unknown_format_ends_with_a_code_of_its_own(type_command, finished_run, formats):
    outcome = type_command("export", finished_run, "--to", formats)
    assert outcome.code == ExitCode.UNKNOWN_FORMAT
    assert "litert-int8" in outcome.stderr
