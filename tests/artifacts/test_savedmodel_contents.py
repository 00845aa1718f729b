"""A SavedModel computes and does nothing else, or TensorFlow never loads it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from headstart.artifacts import FORMATS
from headstart.artifacts.loading import load_runtime
from headstart.artifacts.savedmodel_contents import check_savedmodel
from headstart.errors import ArtifactDamagedError
from headstart.files import UnusableFileError


class Answering(tf.Module):
    """A model that does something else beside its answer."""

    def __init__(self, act, asset: str | None = None) -> None:
        super().__init__()
        self.act = act
        self.scale = tf.Variable(1.0)
        if asset is not None:
            self.asset = tf.saved_model.Asset(asset)

    @tf.function(input_signature=[tf.TensorSpec((None, 32, 32, 3), tf.uint8, name="images")], autograph=False)
    def answer(self, images):
        extra = self.act(images)
        with tf.control_dependencies([extra] if extra is not None else []):
            shares = tf.reduce_mean(tf.cast(images, tf.float32), axis=(1, 2)) * self.scale
        return {"probabilities": tf.nn.softmax(shares), "foreign_score": shares[:, 0]}


def save(folder: Path, act, asset: str | None = None) -> Path:
    module = Answering(act, asset)
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.answer})
    return folder


def edit(folder: Path, change) -> None:
    model = saved_model_pb2.SavedModel()
    model.ParseFromString((folder / "saved_model.pb").read_bytes())
    change(model.meta_graphs[0])
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())


def saver_function(graph) -> str:
    node = next(
        node for node in graph.graph_def.node if node.name == graph.saver_def.save_tensor_name.partition(":")[0]
    )
    return node.attr["f"].func.name


def call_the_saver(graph) -> None:
    """Adds a call of the function that writes the variables to the one that answers."""
    name = saver_function(graph)
    function = next(each for each in graph.graph_def.library.function if "answer" in each.signature.name)
    node = function.node_def.add(name="save", op="StatefulPartitionedCall")
    node.attr["f"].func.name = name


def call_itself(graph) -> None:
    function = next(each for each in graph.graph_def.library.function if "answer" in each.signature.name)
    node = function.node_def.add(name="again", op="PartitionedCall")
    node.attr["f"].func.name = function.signature.name


def give_the_saver(graph) -> None:
    """Makes the function that writes the variables one that the loaded model has."""
    graph.object_graph_def.concrete_functions[saver_function(graph)].SetInParent()


def test_an_ordinary_model_is_loaded(tmp_path):
    runtime = load_runtime(FORMATS["savedmodel"], save(tmp_path / "a", lambda images: None))
    probabilities, _ = runtime.run(np.zeros((2, 32, 32, 3), np.uint8))
    assert probabilities.shape == (2, 3)


ACTS = {
    "ReadFile": lambda images: tf.io.read_file("/etc/passwd"),
    "WriteFile": lambda images: tf.io.write_file("out", "mine"),
    "MatchingFiles": lambda images: tf.io.matching_files("/etc/*"),
    "PrintV2": lambda images: tf.print("mine", output_stream="file://out"),
    "EagerPyFunc": lambda images: tf.py_function(lambda: 1, [], tf.int32),
    "SaveV2": lambda images: tf.raw_ops.SaveV2(
        prefix="out", tensor_names=["a"], shape_and_slices=[""], tensors=[tf.constant(1.0)]
    ),
    "RestoreV2": lambda images: tf.raw_ops.RestoreV2(
        prefix="/etc/passwd", tensor_names=["a"], shape_and_slices=[""], dtypes=[tf.float32]
    )[0],
    "DebugIdentityV2": lambda images: tf.raw_ops.DebugIdentityV2(input=images, debug_urls=["file://out"]),
    "TextLineDataset": lambda images: tf.data.TextLineDataset("/etc/passwd").reduce(0, lambda n, _: n + 1),
    "StatelessWhile": lambda images: tf.while_loop(lambda n: n >= 0, lambda n: n * 1, [tf.constant(0)])[0],
}  # fmt: skip


@pytest.mark.parametrize("operation", ACTS)
def test_an_operation_that_does_more_than_compute_is_refused_before_it_is_loaded(operation, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the file would be written
    folder = save(tmp_path / "model", ACTS[operation])
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(ArtifactDamagedError, match="the operation '") as caught:
        load_runtime(FORMATS["savedmodel"], folder)
    assert "operations that compute" in caught.value.expected
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("change", [call_the_saver, give_the_saver], ids=lambda change: change.__name__)
def test_the_function_that_writes_variables_may_not_be_called(change, tmp_path):
    folder = save(tmp_path / "model", lambda images: None)
    check_savedmodel(folder)
    edit(folder, change)
    with pytest.raises(UnusableFileError, match=r"SaveV2|MergeV2Checkpoints|ShardedFilename|StringJoin|StaticRegex"):
        check_savedmodel(folder)


def test_functions_that_call_themselves_are_refused(tmp_path):
    folder = save(tmp_path / "model", lambda images: None)
    edit(folder, call_itself)
    with pytest.raises(UnusableFileError, match="call themselves"):
        check_savedmodel(folder)


def test_a_model_with_files_of_its_own_is_refused(tmp_path):
    (tmp_path / "names.txt").write_text("cat")
    with pytest.raises(UnusableFileError, match="assets"):
        check_savedmodel(save(tmp_path / "model", lambda images: None, str(tmp_path / "names.txt")))


def test_models_of_tensorflow_1_and_other_forms_of_the_file_are_refused(tmp_path):
    folder = save(tmp_path / "model", lambda images: None)
    older = shutil.copytree(folder, tmp_path / "older")
    edit(older, lambda graph: graph.ClearField("object_graph_def"))
    with pytest.raises(UnusableFileError, match="TensorFlow 2"):
        check_savedmodel(older)
    for name in ("saved_model.pbtxt", "saved_model.cpb"):
        (folder / name).write_bytes(b"")
        with pytest.raises(UnusableFileError, match=name):
            check_savedmodel(folder)
        (folder / name).unlink()
    for content in (b"", b"no model", b"\xff" * 50):
        (folder / "saved_model.pb").write_bytes(content)
        with pytest.raises(UnusableFileError):
            check_savedmodel(folder)
    (folder / "saved_model.pb").unlink()
    with pytest.raises(UnusableFileError, match="no such file"):
        check_savedmodel(folder)
