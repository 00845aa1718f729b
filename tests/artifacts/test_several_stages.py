"""A classifier whose head reads several stages answers from its files as it does in Keras."""

import numpy as np
import pytest

from headstart.artifacts import FORMATS, export_formats, load_predictor
from headstart.backbones import build_backbone

# One format of each converter, and one in int8.
NAMES = ("onnx", "litert", "openvino", "litert-int8")


@pytest.fixture(scope="module")
def several(fit):
    return fit(build_backbone("vgg19_mini", image_size=(32, 32), weights="builtin"), num_stages=4)


@pytest.fixture(scope="module")
def job(several, tmp_path_factory):
    return several.make_job(tmp_path_factory.mktemp("artifact") / "files")


@pytest.fixture(scope="module")
def manifest(job):
    return export_formats(job, [FORMATS[name] for name in NAMES])


@pytest.mark.parametrize("name", NAMES)
def test_a_file_answers_like_the_model(manifest, name):
    """`export_formats` refuses a file that does not."""
    parity = manifest.files[name].parity
    assert parity["num_pictures"] == 12
    assert parity["agreement"] >= (0.98 if FORMATS[name].is_int8 else 1)


def test_the_foreign_score_is_that_of_the_features_of_all_stages(several, job, manifest):
    images = job.test.source.load_all()
    _, features = several.task.model_with_features.predict(images, verbose=0)
    answers = load_predictor(manifest.folder, "onnx").predict(images)
    assert features.shape == (12, 32 + 64 + 128 + 128)
    expected = several.calibration.foreign_score(features)
    np.testing.assert_allclose([answer.foreign_score for answer in answers], expected, atol=1e-4)
