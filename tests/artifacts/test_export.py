"""Every format answers like the model, or is refused."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headstart.artifacts import (
    FORMATS,
    ExportedFile,
    Manifest,
    check_file,
    export_formats,
    find_exported,
    load_predictor,
    read_manifest,
)
from headstart.artifacts.export import DIFFERENCES_FILE
from headstart.errors import (
    ArtifactDamagedError,
    ArtifactNewerError,
    ArtifactNotFoundError,
    ExtraMissingError,
    FolderOccupiedError,
    ParityError,
    UnknownFormatError,
)
from headstart.task_spec import DETECTION

# Where the weights of the network lie.
WEIGHT_FILES = {"onnx": "model.onnx", "litert": "model.tflite", "openvino": "openvino/model.bin"}


@pytest.fixture
def own_artifact(tmp_path, artifact) -> Path:
    """A copy, to be damaged."""
    return Path(shutil.copytree(artifact.folder, tmp_path / "artifact"))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_answers_like_the_model_and_has_thresholds_of_its_own(name, artifact, make_job, tmp_path):
    job, runtime = make_job(tmp_path), load_predictor(artifact.folder, name).runtime
    probabilities, scores = runtime.run(job.test.source.load_all())
    tolerance = 0.1 if FORMATS[name].is_int8 else 1e-4
    np.testing.assert_allclose(probabilities, job.test.answers.probabilities, atol=tolerance)
    np.testing.assert_allclose(scores, job.test.answers.foreign_scores, atol=0.3 if FORMATS[name].is_int8 else 1e-3)
    assert artifact.files[name].parity["agreement"] >= 0.98
    validation, thresholds = job.validation, artifact.files[name].thresholds
    probabilities, scores = runtime.run(validation.source.load_all())
    np.testing.assert_allclose(thresholds.foreign_scores, np.sort(scores), atol=1e-5)
    np.testing.assert_allclose(thresholds.nonconformity, np.sort(1 - probabilities[validation.targets > 0]), atol=1e-5)


@pytest.mark.parametrize("name", WEIGHT_FILES)
def test_a_file_with_damaged_weights_is_refused(name, own_artifact, make_job, tmp_path):
    file = own_artifact / WEIGHT_FILES[name]
    content = bytearray(file.read_bytes())
    middle = np.frombuffer(content, np.float32, count=2000, offset=len(content) // 8 * 4)
    middle[:] = np.random.default_rng(0).normal(0, 1, 2000)
    file.write_bytes(content)
    parity = check_file(make_job(tmp_path), FORMATS[name], own_artifact / FORMATS[name].path)
    assert not parity.is_passed
    assert parity.differences or parity.failure


def test_a_refused_file_lies_aside_with_a_table_and_the_others_are_kept(make_job, tmp_path):
    """Then another one joins the others of the same model."""
    job = make_job(tmp_path / "new")
    answers = job.test.answers
    wrong = replace(answers, probabilities=np.roll(answers.probabilities, 1, axis=1))
    export_formats(job, [FORMATS["keras"]])
    with pytest.raises(ParityError) as caught:
        export_formats(replace(job, test=replace(job.test, answers=wrong)), [FORMATS["litert"]])
    assert "litert" in caught.value.problem
    assert "apart" in "".join(caught.value.__notes__)
    refused = tmp_path / "new" / "refused" / "litert"
    assert (refused / "model.tflite").is_file()
    with (refused / DIFFERENCES_FILE).open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 12
    assert list(read_manifest(tmp_path / "new").files) == ["keras"]
    assert not (tmp_path / "new" / "model.tflite").exists()
    assert list(export_formats(job, [FORMATS["litert"]]).files) == ["keras", "litert"]
    assert list(read_manifest(tmp_path / "new").files) == ["keras", "litert"]


def test_a_float_file_under_the_name_of_int8_is_refused(make_job, tmp_path):
    name = "litert-int8"
    pretending = replace(FORMATS[name], exporter=FORMATS["litert"].exporter)
    with pytest.raises(ParityError, match=f"would be the float file under another name: {name}") as caught:
        export_formats(make_job(tmp_path / "new"), [pretending])
    assert "0% of weights stored" in caught.value.received
    assert "Use a float format" in caught.value.hint
    assert (tmp_path / "new" / "refused" / name / FORMATS[name].path).is_file()
    assert not (tmp_path / "new" / "artifact.json").exists()


def test_a_file_that_cannot_be_run_is_refused(make_job, tmp_path):
    file = tmp_path / "model.tflite"
    file.write_bytes(b"no model")
    parity = check_file(make_job(tmp_path), FORMATS["litert"], file)
    assert not parity.is_passed
    assert "cannot be run" in parity.summary()


def test_a_folder_with_something_else_is_not_touched(make_job, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FolderOccupiedError):
        export_formats(make_job(tmp_path), [FORMATS["keras"]])
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_missing_extra_is_told_before_anything_is_written(make_job, tmp_path, monkeypatch):
    monkeypatch.setattr("headstart.artifacts.formats.find_spec", lambda module: None)
    with pytest.raises(ExtraMissingError, match=r"pip install 'headstart\[export\]'"):
        export_formats(make_job(tmp_path / "new"), [FORMATS["onnx"]])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_was_edited_is_not_loaded(name, own_artifact, artifact):
    path = own_artifact / next(iter(artifact.files[name].sha256))
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ArtifactDamagedError, match="is not the file that was exported"):
        load_predictor(own_artifact, name)


def test_a_keras_file_with_code_of_its_own_is_not_run(own_artifact):
    import keras  # noqa: PLC0415

    images = keras.Input((32, 32, 3), dtype="uint8")
    model = keras.Model(images, keras.layers.Lambda(lambda pixels: pixels)(images))
    model.save(own_artifact / "model.keras")
    manifest = read_manifest(own_artifact)
    digest = __import__("hashlib").sha256((own_artifact / "model.keras").read_bytes()).hexdigest()
    file = replace(manifest.files["keras"], sha256={"model.keras": digest})
    replace(manifest, files={"keras": file}).write()
    with pytest.raises(ArtifactDamagedError, match="without code of its own"):
        load_predictor(own_artifact, "keras")


def test_an_artifact_of_a_newer_version_says_so(own_artifact):
    path = own_artifact / "artifact.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": 2}))
    with pytest.raises(ArtifactNewerError, match="pip install --upgrade"):
        load_predictor(own_artifact)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format_version": 1}', '{"format_version": "x"}'])
def test_an_artifact_json_that_holds_something_else_is_damaged(tmp_path, content):
    (tmp_path / "artifact.json").write_text(content)
    with pytest.raises(ArtifactDamagedError):
        read_manifest(tmp_path)


@pytest.mark.parametrize("promised", [{"score_threshold": 0.4}, {}])
def test_a_detector_without_its_score_threshold_is_damaged(tmp_path, promised):
    file = ExportedFile("model.onnx", {"model.onnx": "0" * 64}, 1, any_size=False, parity={}, promises=promised)
    Manifest(tmp_path, ("cell",), (32, 32), "stretch", {"onnx": file}, task=DETECTION).write()
    if promised:
        assert read_manifest(tmp_path).files["onnx"].promises == promised
        return
    with pytest.raises(ArtifactDamagedError, match="cannot be read") as raised:
        read_manifest(tmp_path)
    assert "score_threshold" in raised.value.expected


def test_a_folder_without_an_artifact_says_how_to_make_one(tmp_path):
    with pytest.raises(ArtifactNotFoundError, match="headstart export"):
        load_predictor(tmp_path)


def test_a_format_that_the_artifact_lacks_is_named(own_artifact, artifact):
    replace(artifact, folder=own_artifact, files={"keras": artifact.files["keras"]}).write()
    with pytest.raises(ArtifactNotFoundError, match="headstart export RUN --to onnx"):
        load_predictor(own_artifact, "onnx")
    with pytest.raises(UnknownFormatError):
        load_predictor(own_artifact, "onyx")


@pytest.mark.parametrize(
    ("inside", "name"),
    [
        (".", "onnx"),
        ("artifact.json", "onnx"),
        ("model.keras", "keras"),
        ("model-int8.tflite", "litert-int8"),
        ("openvino", "openvino"),
        ("openvino/model.xml", "openvino"),
        ("savedmodel/saved_model.pb", "savedmodel"),
    ],
)
def test_a_path_says_the_format(artifact, inside, name):
    assert find_exported(artifact.folder / inside)[1] == name


def test_a_path_is_answered_by_the_runtime_of_its_format(artifact):
    assert type(load_predictor(artifact.folder / "model.tflite").runtime.runtime).__name__ == "LiteRtRuntime"


def test_the_manifest_is_read_as_it_was_written(artifact):
    read = read_manifest(artifact.folder)
    assert read.class_names == artifact.class_names
    assert read.image_size == artifact.image_size
    assert read.temperature == artifact.temperature
    for name, file in artifact.files.items():
        assert read.files[name].sha256 == file.sha256
        assert read.files[name].parity == file.parity
        np.testing.assert_array_equal(read.files[name].thresholds.nonconformity, file.thresholds.nonconformity)
