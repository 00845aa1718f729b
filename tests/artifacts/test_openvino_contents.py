"""An OpenVINO file with operations from elsewhere, or with a loop, is refused."""

import numpy as np
import openvino
import pytest
from openvino import opset13 as ops

from headstart.artifacts import FORMATS
from headstart.artifacts.loading import load_runtime
from headstart.errors import ArtifactDamagedError


def test_an_operation_from_elsewhere_is_refused(tmp_path):
    images = ops.parameter([1, 3], np.float32)
    openvino.save_model(openvino.Model([ops.relu(images)], [images]), tmp_path / "model.xml")
    text = (tmp_path / "model.xml").read_text()
    (tmp_path / "model.xml").write_text(text.replace('type="ReLU" version="opset1"', 'type="WriteFile" version="mine"'))
    assert "WriteFile" in (tmp_path / "model.xml").read_text()
    with pytest.raises(ArtifactDamagedError, match="WriteFile"):
        load_runtime(FORMATS["openvino"], tmp_path / "model.xml")


def test_a_loop_is_refused(tmp_path):
    images = ops.parameter([1, 3], np.float32)
    inner = ops.parameter([1, 3], np.float32)
    body = openvino.Model([ops.constant(np.array(True)), ops.relu(inner)], [inner])
    loop = ops.loop(ops.constant(np.array(-1)), ops.constant(np.array(True)))
    loop.set_function(body)
    loop.set_special_body_ports([-1, 0])
    loop.set_merged_input(inner, images.output(0), body.results[1].input_value(0))
    answer = loop.get_iter_value(body.results[1].output(0), -1)
    openvino.save_model(openvino.Model([answer], [images]), tmp_path / "model.xml")
    with pytest.raises(ArtifactDamagedError, match="1 loops"):
        load_runtime(FORMATS["openvino"], tmp_path / "model.xml")
