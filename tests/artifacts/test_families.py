"""A network of every family, small and with random weights, answers from every file as it does in Keras."""

import pytest
from family_backbones import FAMILIES, family_backbone

from headstart.artifacts import FORMATS, export_formats


@pytest.fixture(scope="module", params=FAMILIES)
def job(request, fit, tmp_path_factory):
    return fit(family_backbone(request.param)).make_job(tmp_path_factory.mktemp(request.param) / "artifact")


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_of_every_family_answers_like_the_model(job, name):
    """`export_formats` refuses a file that does not."""
    parity = export_formats(job, [FORMATS[name]]).files[name].parity
    assert parity["num_pictures"] == 12
    if not FORMATS[name].is_int8:
        assert parity["agreement"] == 1
