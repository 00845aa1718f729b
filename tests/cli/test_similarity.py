"""`headstart index` and `headstart search`: what they print, and the same answers as from Python."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

import headstart
from headstart.cli.exit_codes import ExitCode

SMALL = ["--image-size", "32", "--engine", "keras"]


@pytest.fixture(scope="module")
def index(tmp_path_factory, photos, type_command) -> Path:
    path = tmp_path_factory.mktemp("indexes") / "photos"
    outcome = type_command("index", "vgg19_mini", photos, *SMALL, "--out", path)
    assert outcome.code == 0, outcome.stderr
    text = " ".join(outcome.stdout.split())
    assert "24 images" in text
    assert "recall@1 " in text
    assert "MAP@R " in text
    assert f"headstart search {path} IMAGE" in text
    return path


def test_json_of_an_index_is_one_line(type_command, photos, tmp_path):
    outcome = type_command("index", "vgg19_mini", photos, *SMALL, "--out", tmp_path / "index", "--json")
    (line,) = outcome.stdout.splitlines()
    facts = json.loads(line)
    assert facts["num_pictures"] == 24
    assert facts["index"] == str(tmp_path / "index")
    assert facts["quality"]["recall_at_1"]["baseline"] < 0.5


def test_the_table_the_json_and_the_csv_say_what_python_says(type_command, index, photos):
    picture = photos / "blue" / "2.png"
    expected = headstart.search(index, picture, top=4).queries[0].neighbours
    table = type_command("search", index, picture, "--top", "4").stdout
    assert str(picture) in table.replace("\n", "")
    for neighbour in expected:
        assert f"{neighbour.distance:.4f}" in table
        assert neighbour.path in table
    (line,) = type_command("search", index, picture, "--top", "4", "--json").stdout.splitlines()
    (query,) = json.loads(line)["queries"]
    assert [(each["path"], each["label"], each["distance"]) for each in query["neighbours"]] == [
        (each.path, each.label, each.distance) for each in expected
    ]
    rows = list(csv.DictReader(io.StringIO(type_command("search", index, picture, "--top", "4", "--csv").stdout)))
    assert [row["path"] for row in rows] == [each.path for each in expected]
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4"]


def test_a_sheet_and_a_file_that_is_no_picture(type_command, index, photos, tmp_path):
    (tmp_path / "broken.jpg").write_text("no picture")
    words = [photos / "red" / "1.png", tmp_path / "broken.jpg", "--out", tmp_path / "sheet.png", "--json"]
    outcome = type_command("search", index, *words)
    assert outcome.code == ExitCode.PARTIAL
    (line,) = [line for line in outcome.stderr.splitlines() if "broken.jpg' cannot be read as an image" in line]
    assert "Expected a complete image file" in line
    assert "; received " in line
    assert json.loads(outcome.stdout)["sheet"] == str(tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_the_index_is_found_without_tensorflow(index, photos):
    code = (
        "import sys, headstart; "
        f"headstart.search({str(index)!r}, {str(photos / 'red' / '1.png')!r}); "
        "print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def test_mistakes_have_their_exit_codes(type_command, index, photos, tmp_path):
    (tmp_path / "broken.jpg").write_text("no picture")
    mistakes = [
        (["search", tmp_path, photos / "red" / "1.png"], ExitCode.INDEX_NOT_FOUND),
        (["search", index, tmp_path / "nowhere.png"], ExitCode.DATA_NOT_FOUND),
        (["search", index, tmp_path / "broken.jpg"], ExitCode.UNREADABLE_IMAGE),
        (["search", index, photos / "red" / "1.png", "--method", "hnsw"], ExitCode.RECIPE),
        (["search", index, photos / "red" / "1.png", "--out", tmp_path / "sheet.txt"], ExitCode.USAGE),
        (["search", index, photos / "red" / "1.png", "--json", "--csv"], ExitCode.USAGE),
        (["index", tmp_path, photos, "--out", tmp_path / "new"], ExitCode.RUN_NOT_FOUND),
        (["index", "vgg19_mini", tmp_path / "nowhere"], ExitCode.DATA_NOT_FOUND),
        (["index", "vgg20", photos, "--out", tmp_path / "new"], ExitCode.UNKNOWN_BACKBONE),
        (["index", "vgg19_mini", photos, "--out", index], ExitCode.FOLDER_OCCUPIED),
    ]
    for words, code in mistakes:
        outcome = type_command(*words)
        assert (ExitCode(outcome.code), outcome.stdout) == (code, ""), words
        assert "Traceback" not in outcome.stderr
