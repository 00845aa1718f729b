"""From a run to files that answer like it."""

import json

import numpy as np
import pytest

from headstart.artifacts import load_predictor
from headstart.data import decode_image, resize_image
from headstart.errors import RunDamagedError, UnknownFormatError
from headstart.run import export, predictor_of


@pytest.fixture(scope="module")
def exported(finished_run, tmp_path_factory):
    return export(finished_run, "keras,litert", out=tmp_path_factory.mktemp("export") / "files")


@pytest.fixture(scope="module")
def striped_files(striped_run, tmp_path_factory):
    return export(striped_run, ["litert"], out=tmp_path_factory.mktemp("export") / "files")


def pictures_of(run):
    part = run.dataset.part("test")
    return np.stack([resize_image(decode_image(path), run.task.image_size) for path in part.paths()])


def test_files_answer_like_the_run_itself(finished_run, exported):
    images = pictures_of(finished_run)
    expected = predictor_of(finished_run).predict(images)
    for name in ("keras", "litert"):
        for answer, model in zip(load_predictor(exported.folder, name).predict(images), expected, strict=True):
            assert answer.prediction == model.prediction
            np.testing.assert_allclose(answer.probabilities, model.probabilities, atol=1e-4)
            np.testing.assert_allclose(answer.foreign_score, model.foreign_score, atol=1e-3)


def test_the_run_itself_answers_with_its_calibrated_probabilities(finished_run):
    images = pictures_of(finished_run)
    logits = finished_run.task.model.predict(images, verbose=0).astype("float64")
    expected = finished_run.task.probabilities(logits / finished_run.calibration.temperature)
    answers = predictor_of(finished_run).predict(images)
    np.testing.assert_allclose([answer.probabilities for answer in answers], expected, atol=1e-5)


def test_several_labels_are_calibrated_one_by_one(striped_run, striped_files):
    images = pictures_of(striped_run)
    logits = striped_run.task.model.predict(images, verbose=0).astype("float64")
    expected = striped_run.task.probabilities(logits / striped_run.calibration.temperature)
    answers = load_predictor(striped_files.folder).predict(images)
    np.testing.assert_allclose([answer.probabilities for answer in answers], expected, atol=1e-4)
    assert striped_files.multi_label


@pytest.mark.parametrize("name", ["litert-int8", "openvino-int8"])
def test_several_labels_in_int8_are_answered_alike(striped_run, tmp_path, name):
    file = export(striped_run, [name], out=tmp_path / "files").files[name]
    assert file.parity["agreement"] >= 0.98
    assert file.parity["int8_share"]["stored"] >= 0.5
    images = pictures_of(striped_run)
    answers, expected = load_predictor(tmp_path / "files").predict(images), predictor_of(striped_run).predict(images)
    assert [answer.prediction for answer in answers] == [answer.prediction for answer in expected]


def test_artifact_json_says_where_the_model_comes_from(finished_run, exported):
    content = json.loads((exported.folder / "artifact.json").read_text(encoding="utf-8"))
    provenance = content["provenance"]
    assert provenance["recipe"]["backbone"]["name"] == "vgg19_mini"
    assert set(provenance) >= {"run", "data_sha256", "model_sha256", "calibration_sha256", "weights", "trained_with"}
    assert "licence" in provenance["weights"]
    assert content["class_names"] == list(finished_run.task.class_names)


def test_without_a_folder_the_files_lie_in_the_run(own_run):
    manifest = export(own_run, "keras")
    assert manifest.folder == own_run.path / "artifact"


def test_pictures_that_changed_since_training_are_refused(own_run, own_photos):
    for path in own_photos.rglob("*.png"):
        path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(RunDamagedError, match="have changed"):
        export(own_run, "keras")


def test_an_unknown_format_is_told_before_the_run_is_read(finished_run, tmp_path):
    with pytest.raises(UnknownFormatError):
        export(finished_run, "pickle", out=tmp_path / "files")
    assert not (tmp_path / "files").exists()
