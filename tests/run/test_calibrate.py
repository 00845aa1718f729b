"""A run knows how far its answers can be trusted, from its validation part alone."""

import numpy as np
import pandas as pd
import pytest

from headstart.data import ImageSource
from headstart.errors import RunDamagedError, RunIncompleteError
from headstart.run import Run, evaluate, resume
from headstart.run.task_steps import MAX_CALIBRATION_PICTURES
from headstart.tasks.classification.calibrate import calibrate


def what_the_model_says(run, part):
    """Logits and pooled features of a part, from its pictures."""
    task = run.task
    paths = run.dataset.part(part).paths()
    source = ImageSource(paths, image_size=task.image_size, resize_mode=task.resize_mode, cache_bytes=0)
    return (np.asarray(output, "float64") for output in task.model_with_features.predict(source.load_all(), verbose=0))


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def test_scores_are_those_of_the_delivered_model_on_validation_pictures(finished_run):
    """The bank's rows went through the layers that fine-tuning changed, as they are now."""
    calibration, targets = finished_run.calibration, finished_run.task.encode(finished_run.dataset.part("validation"))
    logits, features = what_the_model_says(finished_run, "validation")
    probabilities = softmax(logits / calibration.temperature)
    np.testing.assert_allclose(calibration.nonconformity, np.sort(1 - probabilities[targets == 1]), atol=1e-3)
    np.testing.assert_allclose(calibration.foreign_scores, np.sort(calibration.foreign_score(features)), atol=1e-3)
    assert len(calibration.foreign_scores) == len(finished_run.dataset.part("validation"))
    assert finished_run.state["calibration"] == {
        "temperature": [calibration.temperature[0]] * 3,
        "num_directions": 9,
        "num_training": 18,
        "num_validation": 3,
    }


def test_rows_of_the_bank_and_pictures_calibrate_alike(own_run):
    from_rows = own_run.calibration
    from_pictures = calibrate(own_run, own_run.task)
    np.testing.assert_allclose(from_pictures.temperature, from_rows.temperature, rtol=1e-2)
    np.testing.assert_allclose(from_pictures.nonconformity, from_rows.nonconformity, atol=2e-3)
    np.testing.assert_allclose(from_pictures.foreign_scores, from_rows.foreign_scores, atol=2e-3)


def test_several_labels_have_a_temperature_each(striped_run):
    calibration, task = striped_run.calibration, striped_run.task
    targets = task.encode(striped_run.dataset.part("validation"))
    logits, _ = what_the_model_says(striped_run, "validation")
    probabilities = 1 / (1 + np.exp(-logits / calibration.temperature))
    np.testing.assert_allclose(calibration.nonconformity, np.sort(1 - probabilities[targets == 1]), atol=1e-3)
    assert calibration.temperature.shape == (2,)


def test_the_test_part_is_not_opened(own_run, own_photos):
    for path in own_run.dataset.part("test").paths():
        path.unlink()
    calibrate(own_run, own_run.task)


def test_answers_for_test_pictures_are_calibrated(finished_run):
    logits, _ = what_the_model_says(finished_run, "test")
    written = pd.read_csv(finished_run.predictions_path)
    expected = softmax(logits / finished_run.calibration.temperature)
    np.testing.assert_allclose(written[["p(blue)", "p(green)", "p(red)"]], expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["finished_run", "striped_run"])
def test_the_report_tells_what_was_promised_and_how_it_was_kept(request, kind):
    run = request.getfixturevalue(kind)
    trust, after = run.report.trust, run.report.metrics["expected_calibration_error"]
    assert trust.error_after == pytest.approx(after.value)
    assert trust.loss_after == pytest.approx(run.report.metrics["log_loss"].value)
    assert trust.flagged.count == len(run.dataset.part("test"))
    assert tuple(run.calibration.temperature) == trust.temperature
    page = run.html_path.read_text(encoding="utf-8")
    for text in ("after calibration", "before calibration", "temperature", "out-of-distribution", "least certain 10"):
        assert text in page


def test_a_run_killed_before_its_model_was_written_is_calibrated_to_the_same_numbers(
    photos, train_quick, tmp_path, interrupter, finished_run
):
    with pytest.raises(KeyboardInterrupt):
        train_quick(photos, tmp_path / "run", progress=interrupter("calibrating", 18))
    run = Run.load(tmp_path / "run")
    assert not run.calibration_path.exists()
    with pytest.raises(RunIncompleteError, match="headstart resume"):
        _ = run.calibration
    assert_equal(resume(run.path).calibration, finished_run.calibration)
    assert "calibration" in run.state["seconds"]


def test_a_run_of_an_earlier_version_is_calibrated_by_an_evaluation(own_run):
    own_run.calibration_path.unlink()
    with pytest.raises(RunIncompleteError, match="earlier version") as caught:
        _ = own_run.calibration
    assert caught.value.hint == f"Calibrate it with `headstart evaluate {own_run.path}`."
    report = evaluate(own_run)
    assert own_run.calibration.foreign_scores.size == 3
    assert report.trust.temperature == tuple(own_run.calibration.temperature)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 torn"])
def test_a_damaged_calibration_says_how_to_make_another(own_run, content):
    own_run.calibration_path.write_bytes(content)
    with pytest.raises(RunDamagedError, match="headstart evaluate"):
        _ = own_run.calibration


def test_of_many_training_pictures_only_some_are_read(own_run, monkeypatch):
    assert MAX_CALIBRATION_PICTURES >= 400  # what was measured to be enough
    monkeypatch.setattr("headstart.tasks.classification.calibrate.MAX_CALIBRATION_PICTURES", 5)
    assert calibrate(own_run, own_run.task).projection.shape[1] == 5 // 2


def assert_equal(calibration, other):
    for name in ("temperature", "projection", "nonconformity", "foreign_scores"):
        np.testing.assert_array_equal(getattr(calibration, name), getattr(other, name))
