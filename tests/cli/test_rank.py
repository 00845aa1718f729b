"""`headstart rank`: the table, the JSON, and what stands where."""

import json

import pytest

from headstart.cli.exit_codes import ExitCode

SMALL = ["--image-size", "32", "--engine", "keras"]


@pytest.fixture(scope="module")
def words(tmp_path_factory) -> list[str]:
    """Options of every ranking here; the first computes what the others take from the bank."""
    names = ["--backbones", "vgg19_mini,resnet50", "--weights", "mobilenetv2=none"]
    return [*SMALL, *names, "--bank-dir", str(tmp_path_factory.mktemp("banks"))]


@pytest.fixture(autouse=True)
def no_weights_here(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


def test_the_table_names_every_network_and_which_pictures_took_part(type_command, photos, words, tmp_path):
    outcome = type_command("rank", photos, *words, "--out", tmp_path / "rank", env={"COLUMNS": "100"})
    assert outcome.code == 0, outcome.stderr
    lines = outcome.stdout.splitlines()
    assert {line.split()[0] for line in lines[1:3]} == {"vgg19_mini", "mobilenetv2"}
    (random,) = [line for line in lines[1:3] if "mobilenetv2" in line]
    assert "random" in random
    text = " ".join(outcome.stdout.split())
    assert "images of the training and validation parts, with 3 classes. The 3 test images were not used" in text
    assert "resnet50 weights not here" in text
    assert "probe accuracy" in outcome.stderr
    assert sorted(path.name for path in (tmp_path / "rank").iterdir()) == ["rank.csv", "rank.json", "rank.png"]


def test_json_is_one_line(type_command, photos, words):
    outcome = type_command("rank", photos, *words, "--json")
    (line,) = outcome.stdout.splitlines()
    facts = json.loads(line)
    assert {row["name"] for row in facts["ranked"]} == {"vgg19_mini", "mobilenetv2"}
    assert [row["name"] for row in facts["not_ranked"]] == ["resnet50"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--backbones", "mobilnetv2"], ExitCode.UNKNOWN_BACKBONE),
        (["--weights", "mobilenetv2=nowhere.h5"], ExitCode.WEIGHTS_NOT_FOUND),
        (["--weights", "vgg19_mini=builtin,mobilenetv2=nowhere.h5"], ExitCode.WEIGHTS_NOT_FOUND),
        (["--weights", "mobilenetv2"], ExitCode.USAGE),
        (["--backbones", "resnet50"], ExitCode.WEIGHTS_NOT_FOUND),
    ],
)
def test_mistakes_have_their_exit_codes(type_command, photos, tmp_path, words, code):
    outcome = type_command("rank", photos, "--bank-dir", tmp_path, *words)
    assert (ExitCode(outcome.code), outcome.stdout) == (code, "")
    assert "Traceback" not in outcome.stderr


def test_numbers_name_their_score(type_command, make_pictures, tmp_path):
    folder = make_pictures(tmp_path / "pictures", {"red": 8, "green": 8})
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    table = folder / "numbers.csv"
    table.write_text("\n".join(["path,redness", *(f"{path},{path.count('red') + 0.5}" for path in paths)]))
    words = ["--backbones", "vgg19_mini", "--bank-dir", tmp_path / "banks", "--task", "image-regression"]
    outcome = type_command("rank", table, *SMALL, *words, "--label-column", "redness", env={"COLUMNS": "100"})
    assert outcome.code == 0, outcome.stderr
    assert "probe R², 95 %" in outcome.stdout
    text = " ".join(outcome.stdout.split())
    assert "images of the training and validation parts, with the number 'redness'" in text
    assert "below 0, the mean is a better guess" in text
    assert "probe r2" in outcome.stderr
