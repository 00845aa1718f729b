"""Files of detectors, segmenters and regressors answer like the model, or are refused."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from headstart.artifacts import (
    FORMATS,
    ExportJob,
    LabelledPictures,
    Manifest,
    build_task_serving,
    check_file,
    export_formats,
    load_predictor,
    read_manifest,
)
from headstart.backbones import build_backbone
from headstart.data import ImageSource
from headstart.errors import ParityError
from headstart.heads import Task
from headstart.task_spec import DETECTION, REGRESSION, SEGMENTATION
from headstart.tasks import NamedPixels, build_detector, build_regressor, build_segmenter

SIDE = 32
NAMES = ("a", "b")
CASES = [
    *((DETECTION, name) for name in ("keras", "savedmodel", "onnx", "litert", "openvino")),
    *((SEGMENTATION, name) for name in ("onnx", "litert", "openvino")),
    *((REGRESSION, name) for name in ("onnx", "litert")),
]
WEIGHT_FILES = {"onnx": "model.onnx", "litert": "model.tflite"}


class Boxes:
    """One true box a picture, padded."""

    def load_batch(self, examples, matrices):
        return np.tile(np.array([[[2, 2, 20, 20, 0], [-1] * 5]], "float32"), (len(examples), 1, 1))


class Masks:
    """Half of each picture is of class 1."""

    def load_batch(self, examples, matrices):
        masks = np.zeros((len(examples), SIDE, SIDE), np.uint8)
        masks[:, :16] = 1
        return masks


def built(kind: str) -> Task:
    """A task whose new layers have large random weights, so that answers differ from place to place."""
    backbone = build_backbone("vgg19_mini", image_size=(SIDE, SIDE), weights="builtin")
    if kind == REGRESSION:
        return build_regressor(backbone, NAMES, means=[5.0, 100.0], deviations=[2.0, 30.0])
    task = {DETECTION: build_detector, SEGMENTATION: build_segmenter}[kind](backbone, NAMES)
    noise = np.random.default_rng(0)
    for layer in task.model.layers:
        if layer.name in ("head_class", "logits") and layer.get_weights():
            kernel, bias = layer.get_weights()
            layer.set_weights([noise.normal(0, 1, kernel.shape), np.zeros_like(bias)])
    return task


def answers_of(task: Task, pictures: np.ndarray):
    logits = task.model.predict_on_batch(pictures)
    if task.kind == SEGMENTATION:
        return NamedPixels(task.decode(logits), task.probabilities(logits).max(axis=-1))
    return task.decode(logits)


@pytest.fixture(scope="module")
def make_job(colours) -> Callable[[str, Path], ExportJob]:
    paths = colours("tasks", 6)
    source = ImageSource(paths, image_size=(SIDE, SIDE), resize_mode="stretch")
    tasks = {kind: built(kind) for kind in (DETECTION, SEGMENTATION, REGRESSION)}

    def make(kind: str, folder: Path) -> ExportJob:
        task = tasks[kind]
        numbers = np.random.default_rng(0).normal([5, 100], [2, 30], (6, 2))
        targets = {DETECTION: Boxes(), SEGMENTATION: Masks(), REGRESSION: numbers}[kind]
        answers = answers_of(task, source.load_all())
        pictures = LabelledPictures(source, [path.name for path in paths], targets, answers)
        manifest = Manifest(folder, NAMES, (SIDE, SIDE), "stretch", {}, provenance={"model_sha256": "0"}, task=kind)
        promises = {"score_threshold": 0.4} if kind == DETECTION else {}
        return ExportJob(build_task_serving(task), manifest, pictures, pictures, promises)

    return make


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_file_answers_like_the_model_and_damaged_weights_are_refused(kind, name, make_job, tmp_path):
    job = make_job(kind, tmp_path / "artifact")
    artifact = export_formats(job, [FORMATS[name]])
    parity = artifact.files[name].parity
    assert parity["agreement"] >= 0.999
    assert read_manifest(artifact.folder).task == kind
    predictor = load_predictor(artifact.folder, name)
    answers = predictor.answers(job.test.source.load_all(), [(SIDE, SIDE)] * 6)
    for answer, expected in zip(answers, _expected(job), strict=True):
        _assert_alike(kind, answer, expected)
    if name in WEIGHT_FILES:
        _damage(artifact.folder / WEIGHT_FILES[name])
        damaged = check_file(job, FORMATS[name], artifact.folder / FORMATS[name].path)
        assert not damaged.is_passed
        assert damaged.differences or damaged.failure
        assert damaged.summary()


def _expected(job: ExportJob) -> list:
    answers = job.test.answers
    return list(answers.classes if isinstance(answers, NamedPixels) else answers)


def _assert_alike(kind: str, answer, expected) -> None:
    if kind == DETECTION:
        kept = expected.above(0.4)
        assert len(kept) > 0
        np.testing.assert_array_equal(answer.found.classes, kept.classes)
        np.testing.assert_allclose(answer.found.boxes, np.clip(kept.boxes, 0, SIDE), atol=0.01)
    elif kind == SEGMENTATION:
        assert (answer.in_picture() == expected).mean() > 0.999
    else:
        np.testing.assert_allclose(answer.values, expected, rtol=1e-4)


def _damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    middle = np.frombuffer(content, np.float32, count=20_000, offset=len(content) // 8 * 4)
    middle[:] = np.random.default_rng(0).normal(0, 1, middle.shape)
    file.write_bytes(content)


def test_a_refused_file_lies_aside_with_a_table(make_job, tmp_path):
    job = make_job(REGRESSION, tmp_path / "artifact")
    job.test.answers[0] += 1.0
    try:
        with pytest.raises(ParityError, match="keras") as caught:
            export_formats(job, [FORMATS["keras"]])
    finally:
        job.test.answers[0] -= 1.0
    assert "standardised absolute error" in caught.value.received
    rows = (tmp_path / "artifact" / "refused" / "keras" / "differences.csv").read_text().splitlines()
    assert rows[1].startswith("0.png")
