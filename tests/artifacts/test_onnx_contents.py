"""An ONNX file is a computation and nothing else, or ONNX Runtime never sees it."""

import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from headstart.artifacts import FORMATS
from headstart.artifacts.loading import load_runtime
from headstart.artifacts.onnx_contents import check_onnx
from headstart.errors import ArtifactDamagedError
from headstart.files import UnusableFileError

WEIGHTS = numpy_helper.from_array(np.ones(3, np.float32), "w")


def model(*nodes, initializers=(WEIGHTS,), **others) -> onnx.ModelProto:
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, [3])
    answer = helper.make_tensor_value_info("answer", TensorProto.FLOAT, [3])
    nodes = nodes or (helper.make_node("Add", ["images", "w"], ["answer"]),)
    graph = helper.make_graph(list(nodes), "g", [images], [answer], list(initializers))
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("mine", 1)], **others
    )


def external(location: str) -> onnx.TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[3], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    return tensor


def constant(tensor: onnx.TensorProto) -> onnx.NodeProto:
    return helper.make_node("Constant", [], ["answer"], value=tensor)


def branches(node: onnx.NodeProto) -> onnx.NodeProto:
    answer = helper.make_tensor_value_info("answer", TensorProto.FLOAT, [3])
    graph = helper.make_graph([node], "inner", [], [answer])
    return helper.make_node("If", ["c"], ["answer"], then_branch=graph, else_branch=graph)


def test_an_ordinary_model_is_no_mistake():
    check_onnx(model().SerializeToString())
    check_onnx(model(branches(constant(WEIGHTS))).SerializeToString())


CUSTOM = helper.make_node("WriteFile", ["images"], ["answer"], domain="mine")
FUNCTION = helper.make_function(
    "mine", "f", ["x"], ["y"], [helper.make_node("Relu", ["x"], ["y"])], [helper.make_opsetid("", 18)]
)
REFUSED = {
    "weights elsewhere": (model(initializers=[external("../../etc/passwd")]), "etc/passwd"),
    "weights beside": (model(initializers=[external("weights.bin")]), "another file"),
    "a constant elsewhere": (model(constant(external("/etc/passwd"))), "another file"),
    "a constant in a branch": (model(branches(constant(external("/etc/passwd")))), "another file"),
    "an operation of a library": (model(CUSTOM), "WriteFile of 'mine'"),
    "the same in a branch": (model(branches(CUSTOM)), "WriteFile of 'mine'"),
    "a loop": (model(helper.make_node("Loop", ["n", "c"], ["answer"])), "Loop"),
    "a function": (model(functions=[FUNCTION]), "functions"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_more_than_a_computation_is_refused_before_it_is_opened(name, tmp_path):
    proto, told = REFUSED[name]
    path = tmp_path / "model.onnx"
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(ArtifactDamagedError, match=told) as caught:
        load_runtime(FORMATS["onnx"], path)
    assert "is refused" in caught.value.problem


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", b"no model", b"\xff" * 100, b"\x3a\xff\xff\xff\xff\x0f", b"\x3a\x02\x0a", b"\x38\x01", b"\x3b"],
)
def test_what_is_no_model_is_refused(content):
    with pytest.raises(UnusableFileError):
        check_onnx(content)


def test_graphs_in_graphs_without_end_are_refused():
    node = constant(WEIGHTS)
    for _ in range(20):
        node = branches_once(node)
    with pytest.raises(UnusableFileError, match="nested"):
        check_onnx(model(node).SerializeToString())


def branches_once(node: onnx.NodeProto) -> onnx.NodeProto:
    answer = helper.make_tensor_value_info("answer", TensorProto.FLOAT, [3])
    return helper.make_node("If", ["c"], ["answer"], then_branch=helper.make_graph([node], "inner", [], [answer]))


def test_a_file_of_nothing_but_tiny_fields_does_not_take_hours():
    before = time.monotonic()
    with pytest.raises(UnusableFileError, match="millions"):
        check_onnx(b"\x08\x01" * 2_100_000)
    assert time.monotonic() - before < 60
