"""`headstart export` as it is typed."""

import json

import pytest

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


@pytest.mark.parametrize("formats", ["tflite", "onnx,pickle"])
def test_an_unknown_format_ends_with_a_code_of_its_own(type_command, finished_run, formats):
    outcome = type_command("export", finished_run, "--to", formats)
    assert outcome.code == ExitCode.UNKNOWN_FORMAT
    assert "litert-int8" in outcome.stderr
