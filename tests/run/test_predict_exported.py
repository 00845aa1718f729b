"""Exported files answer like the run they come from, without TensorFlow."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headstart.artifacts import FORMATS, ExportedFile, Manifest, read_manifest
from headstart.artifacts.formats import load_named
from headstart.artifacts.manifest import file_sha256
from headstart.errors import AnswersMismatchError, ArtifactDamagedError, ArtifactNotFoundError, RunNotFoundError
from headstart.prediction import find_model, predict, predict_each, write_predictions
from headstart.progress import SilentProgress
from headstart.run import Run
from headstart.run.predictor import serving_model_of

LABELS = ["path", "prediction", "error"]


class StopsAfterABatch(SilentProgress):
    def advance(self, count=1, note=""):
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def export_to(tmp_path_factory) -> Callable[..., Path]:
    """Writes a run's exported files, without the comparison that `headstart export` makes of each."""

    def export(run: Run, *formats: str) -> Path:
        folder = tmp_path_factory.mktemp("artifact")
        serving, files = serving_model_of(run), {}
        for name in formats:
            chosen = FORMATS[name]
            load_named(chosen.exporter)(serving, folder / chosen.path)
            files[name] = ExportedFile(
                path=chosen.path,
                sha256={chosen.path: file_sha256(folder / chosen.path)},
                num_bytes=(folder / chosen.path).stat().st_size,
                any_size=chosen.any_size,
                thresholds=run.calibration.thresholds,
                parity={},
            )
        task = run.task
        Manifest(
            folder=folder,
            class_names=task.class_names,
            image_size=task.image_size,
            resize_mode=task.resize_mode,
            multi_label=task.multi_label,
            temperature=tuple(run.calibration.temperature.tolist()),
            files=files,
        ).write()
        return folder

    return export


@pytest.fixture(scope="module")
def exported(finished_run, export_to) -> Path:
    """The run in ONNX and Keras. Only to be read."""
    return export_to(finished_run, "onnx", "keras")


@pytest.fixture
def own_artifact(exported, tmp_path) -> Path:
    return shutil.copytree(exported, tmp_path / "own")


def probabilities(table):
    return table[[name for name in table.columns if name.startswith("p(")]].to_numpy()


@pytest.mark.parametrize("name", ["", "model.onnx", "model.keras", "artifact.json"])
def test_a_run_its_artifact_and_each_file_give_the_same_answers(finished_run, exported, photos, name):
    ours, theirs = predict(finished_run, photos), predict(exported / name, photos)
    assert list(ours.columns) == list(theirs.columns)
    assert ours[LABELS].equals(theirs[LABELS])
    np.testing.assert_allclose(probabilities(ours), probabilities(theirs), atol=1e-4)
    np.testing.assert_allclose(ours["foreign_score"], theirs["foreign_score"], rtol=1e-3, atol=1e-5)


def test_an_exported_file_gives_the_probabilities_of_the_runs_evaluation(finished_run, exported):
    with finished_run.predictions_path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    table = predict(exported, finished_run.dataset.part("test").paths())
    assert table["prediction"].tolist() == [row["prediction"] for row in rows]
    expected = [[float(value) for name, value in row.items() if name.startswith("p(")] for row in rows]
    np.testing.assert_allclose(probabilities(table), expected, atol=1e-4)


def test_several_labels_are_answered_by_an_exported_file_as_by_the_run(striped_run, export_to):
    pictures = striped_run.dataset.paths()
    ours, theirs = predict(striped_run, pictures), predict(export_to(striped_run, "onnx"), pictures)
    assert ours[LABELS].equals(theirs[LABELS])
    assert ours["prediction"].str.contains(";").any()
    np.testing.assert_allclose(probabilities(ours), probabilities(theirs), atol=1e-4)


def test_a_run_a_path_and_its_text_are_the_same_source(finished_run, photos):
    tables = [predict(source, photos) for source in (finished_run, finished_run.path, str(finished_run.path))]
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])


@pytest.mark.parametrize("way", ["python", "command", "file"])
def test_predicting_with_an_exported_file_imports_no_tensorflow_and_reports_to_nobody(exported, photos, tmp_path, way):
    words = ["predict", str(exported), str(photos)]
    code = {
        "python": f"import headstart; assert len(headstart.predict({words[1]!r}, {words[2]!r})) == 24",
        "command": f"sys.argv[1:] = {[*words, '--json']!r}; main()",
        "file": f"sys.argv[1:] = {[*words, '--out', str(tmp_path / 'a.csv')]!r}; main()",
    }[way]
    program = f"""
import atexit, sys
atexit.register(lambda: print(sorted({{'tensorflow', 'keras'}} & set(sys.modules)), file=sys.stderr))
from headstart.cli.app import main
{code}
"""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    )
    assert process.stderr.splitlines()[-1] == "[]"
    assert not list(temporary.iterdir())  # such as what ONNX Runtime would keep to report to its makers


def test_answers_come_one_by_one(exported, photos):
    predictions = predict_each(exported, photos)
    assert len(predictions) == 24
    assert predictions.class_names == ("blue", "green", "red")
    assert [prediction.answer.prediction for prediction in predictions] == predict(exported, photos)[
        "prediction"
    ].tolist()


def test_only_runs_and_files_of_tensorflow_need_tensorflow(finished_run, exported):
    assert find_model(finished_run.path).needs_tensorflow
    assert find_model(exported / "model.keras").needs_tensorflow
    assert not find_model(exported).needs_tensorflow


def test_a_file_that_was_changed_does_not_answer(own_artifact, photos):
    content = bytearray((own_artifact / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (own_artifact / "model.onnx").write_bytes(content)
    with pytest.raises(ArtifactDamagedError, match=r"model\.onnx"):
        predict(own_artifact, photos)


def test_a_file_beside_the_exported_ones_is_none_of_them(own_artifact, photos):
    (own_artifact / "notes.txt").write_text("x")
    with pytest.raises(ArtifactNotFoundError, match=r"notes\.txt"):
        predict(own_artifact / "notes.txt", photos)


def test_an_exported_file_without_its_manifest_does_not_answer(own_artifact, photos, tmp_path):
    shutil.copy(own_artifact / "model.onnx", tmp_path / "alone.onnx")
    with pytest.raises(RunNotFoundError) as caught:
        predict(tmp_path / "alone.onnx", photos)
    assert "artifact.json" in caught.value.received


def test_a_prediction_goes_on_with_the_same_exported_file_only(own_artifact, finished_run, photos, tmp_path):
    out = tmp_path / "a.csv"

    def write(source):
        return write_predictions(source, photos, out, batch_size=8)

    with pytest.raises(KeyboardInterrupt):
        write_predictions(own_artifact, photos, out, batch_size=8, progress=StopsAfterABatch())
    for other in (finished_run, own_artifact / "model.keras"):
        with pytest.raises(AnswersMismatchError, match="the model"):
            write(other)
    manifest = read_manifest(own_artifact)
    thresholds = replace(manifest.files["onnx"].thresholds, foreign_scores=np.zeros(30))
    files = {**manifest.files, "onnx": replace(manifest.files["onnx"], thresholds=thresholds)}
    replace(manifest, files=files).write()
    with pytest.raises(AnswersMismatchError, match="the model"):
        write(own_artifact)
    manifest.write()
    assert write(own_artifact / "model.onnx").num_files == 24
