"""The lines that `export` prints and the docs keep give the model's own numbers where Headstart is not installed."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headstart.artifacts import FORMATS, ten_lines

DOCUMENT = Path(__file__).parents[2] / "docs" / "formats.md"
# Runs programs one after another, each with no name of those before, and prints the numbers of each.
RUN_ALL = """
import importlib.util, json, sys
assert importlib.util.find_spec("headstart") is None
programs, absent = json.loads(sys.stdin.read())
sys.modules.update(dict.fromkeys(absent))
for name, lines in programs.items():
    values = {}
    exec(lines, values)
    print("numbers", name, *values["prediction"]["probabilities"], values["prediction"]["foreign_score"])
"""


@pytest.fixture(scope="session")
def foreign_python(tmp_path_factory) -> Path:
    """Python of a new environment that sees the installed packages one by one, all of them but Headstart."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False, symlinks=True)
    (inside,) = folder.glob("lib/python*/site-packages")
    (installed,) = {Path(np.__file__).parents[1]}
    for path in installed.iterdir():
        if path.suffix != ".pth" and "headstart" not in path.name.lower() and not (inside / path.name).exists():
            (inside / path.name).symlink_to(path)
    return folder / "bin" / "python"


@pytest.mark.parametrize(
    ("names", "absent"),
    [
        (["keras", "savedmodel"], []),
        (["onnx", "litert", "litert-int8", "openvino", "openvino-int8"], ["tensorflow", "keras"]),
    ],
    ids=["with TensorFlow", "without"],
)
def test_the_lines_give_the_numbers_of_the_model_without_headstart(
    names, absent, artifact, foreign_python, make_job, tmp_path
):
    job = make_job(tmp_path)
    shutil.copytree(artifact.folder, tmp_path / "elsewhere")
    pictured = 4
    shutil.copy(job.test.source.paths[pictured], tmp_path / "elsewhere" / "image.jpg")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [foreign_python, "-c", RUN_ALL],
        input=json.dumps([{name: ten_lines(name, artifact) for name in names}, absent]),
        cwd=tmp_path / "elsewhere",
        env={**environment, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = job.test.answers
    best = artifact.class_names[expected.probabilities[pictured].argmax()]
    said = [line.split() for line in done.stdout.splitlines()]
    assert [words[1] for words in said if words[0] == "numbers"] == names
    assert [words[0] for words in said].count(best) == len(names)
    for _, name, *numbers in (words for words in said if words[0] == "numbers"):
        *probabilities, score = map(float, numbers)
        is_int8 = FORMATS[name].is_int8
        np.testing.assert_allclose(probabilities, expected.probabilities[pictured], atol=0.1 if is_int8 else 1e-4)
        np.testing.assert_allclose(score, expected.foreign_scores[pictured], atol=0.3 if is_int8 else 1e-3)


def test_the_lines_of_every_format_are_run():
    (mark,) = test_the_lines_give_the_numbers_of_the_model_without_headstart.pytestmark
    assert sorted(name for names, _ in mark.args[1] for name in names) == sorted(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_the_document_keeps_the_lines(name, artifact):
    (section,) = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", DOCUMENT.read_text(encoding="utf-8"), re.S | re.M)
    lines = ten_lines(name, replace(artifact, image_size=(224, 224)))
    assert f"```python\n{lines}```" in section


@pytest.mark.parametrize("resize_mode", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("multi_label", [False, True])
def test_the_lines_are_python_for_every_kind_of_model(artifact, resize_mode, multi_label):
    for name in FORMATS:
        lines = ten_lines(name, replace(artifact, resize_mode=resize_mode, multi_label=multi_label))
        compile(lines, name, "exec")
        assert len(lines.splitlines()) <= 15


@pytest.mark.parametrize("resize_mode", ["stretch", "crop", "pad"])
def test_the_lines_read_pictures_as_headstart_does(artifact, make_job, tmp_path, monkeypatch, resize_mode):
    from headstart.data import open_rgb, resize_image  # noqa: PLC0415

    path = make_job(tmp_path).test.source.paths[4]
    shutil.copy(path, tmp_path / "image.jpg")
    shutil.copy(artifact.folder / "artifact.json", tmp_path)
    monkeypatch.chdir(tmp_path)
    lines = ten_lines("keras", replace(artifact, resize_mode=resize_mode, image_size=(20, 33)))
    reading = lines.partition("model = ")[0]
    values: dict = {}
    exec(reading, values)
    np.testing.assert_array_equal(np.array(values["image"]), resize_image(open_rgb(path), (20, 33), resize_mode))


def test_python_of_the_tests_does_have_headstart():
    assert subprocess.run([sys.executable, "-c", "import headstart"], check=False).returncode == 0
