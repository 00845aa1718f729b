"""artifact.json and the files beside it are checked before anything is loaded. No model is needed for that."""

import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from headstart.artifacts import read_manifest
from headstart.artifacts.checked_runtime import CheckedRuntime
from headstart.errors import ArtifactDamagedError
from headstart.task_spec import CLASSIFICATION, DETECTION, REGRESSION, SEGMENTATION

CONTENTS = {
    "model.onnx": b"onnx",
    "openvino/model.xml": b"xml",
    "openvino/model.bin": b"bin",
    "savedmodel/saved_model.pb": b"graph",
    "savedmodel/variables/variables.index": b"index",
}


def file_facts(path: str, *names: str) -> dict:
    return {
        "path": path,
        "sha256": {name: hashlib.sha256(CONTENTS[name]).hexdigest() for name in names},
        "num_bytes": 12,
        "any_size": False,
        "parity": {"agreement": 1.0, "largest_difference": float("inf")},
        "thresholds": {"nonconformity": [0.1, 0.2], "foreign_scores": [0.0, 0.4]},
    }


GOOD = {
    "format_version": 1,
    "task": CLASSIFICATION,
    "class_names": ["cat", "dog"],
    "image_size": [32, 64],
    "resize_mode": "pad",
    "files": {
        "onnx": file_facts("model.onnx", "model.onnx"),
        "openvino": file_facts("openvino/model.xml", "openvino/model.xml", "openvino/model.bin"),
        "savedmodel": file_facts("savedmodel", "savedmodel/saved_model.pb", "savedmodel/variables/variables.index"),
    },
    "multi_label": False,
    "temperature": [1.5, 1.5],
    "provenance": {"recipe": {"seed": 0}},
}


@pytest.fixture
def write(tmp_path) -> Callable[[dict], Path]:
    def write_content(content: dict) -> Path:
        for name, data in CONTENTS.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(data)
        (tmp_path / "artifact.json").write_text(json.dumps(content))
        return tmp_path

    return write_content


def changed(place: str, value: object) -> dict:
    """The good content with another value at a place such as `files.onnx.path`; without it where value is `...`."""
    content = copy.deepcopy(GOOD)
    *parts, last = place.split("/")
    inner = content
    for part in parts:
        inner = inner[part]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return content


def test_a_good_artifact_is_read_and_its_files_compared(write):
    manifest = read_manifest(write(GOOD))
    assert manifest.image_size == (32, 64)
    assert manifest.files["onnx"].parity == {"agreement": 1.0, "largest_difference": None}
    for name in GOOD["files"]:
        assert manifest.check(name).exists()


SHA = "0" * 64
WRONG = [
    ("class_names", []),
    ("class_names", ["cat"]),
    ("class_names", ["cat", "cat"]),
    ("class_names", "cd"),
    ("class_names", ["cat", None]),
    ("class_names", ...),
    ("image_size", [32]),
    ("image_size", [0, 32]),
    ("image_size", [100_000, 100_000]),
    ("image_size", [32.5, 32]),
    ("image_size", [True, 32]),
    ("image_size", "32"),
    ("resize_mode", "twist"),
    ("task", "poems"),
    ("task", 3),
    ("multi_label", "no"),
    ("temperature", [1.0]),
    ("temperature", [0.0, 1.0]),
    ("temperature", [float("nan"), 1.0]),
    ("provenance", []),
    ("files", []),
    ("files/onnx", None),
    ("files/onnx/path", "../model.onnx"),
    ("files/onnx/path", "/etc/passwd"),
    ("files/onnx/path", "other.onnx"),
    ("files/onnx/path", ...),
    ("files/onnx/sha256", {}),
    ("files/onnx/sha256", ...),
    ("files/onnx/sha256", {"model.onnx": "x"}),
    ("files/onnx/sha256", {"../model.onnx": SHA}),
    ("files/onnx/sha256", {"model.onnx/../../x": SHA}),
    ("files/onnx/sha256", {"elsewhere.bin": SHA}),
    ("files/onnx/num_bytes", -1),
    ("files/onnx/num_bytes", 10**24),
    ("files/onnx/any_size", 1),
    ("files/onnx/parity", 1),
    ("files/onnx/thresholds", ...),
    ("files/onnx/thresholds/nonconformity", [float("nan")]),
    ("files/onnx/thresholds/nonconformity", ["0.1"]),
    ("files/onnx/thresholds/nonconformity", [2.0]),
    ("files/onnx/thresholds/foreign_scores", [-1.0]),
    ("files/onnx/thresholds/foreign_scores", ...),
    ("files/zip", GOOD["files"]["onnx"]),
    ("format_version", 0),
    ("format_version", "1"),
    ("format_version", ...),
]


@pytest.mark.parametrize(("place", "value"), WRONG)
def test_a_wrong_value_is_refused(write, place, value):
    with pytest.raises(ArtifactDamagedError, match=r"artifact\.json") as caught:
        read_manifest(write(changed(place, value)))
    assert "\n" not in caught.value.received
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize(
    ("task", "names", "promises"),
    [
        (DETECTION, ["cell"], {}),
        (DETECTION, ["cell"], {"score_threshold": 1.5}),
        (DETECTION, ["cell"], {"score_threshold": float("nan")}),
        (DETECTION, ["cell"], {"score_threshold": "0.5"}),
        (REGRESSION, ["age"], {}),
        (REGRESSION, ["age"], {"residuals": [[1.0, 2.0]]}),
        (REGRESSION, ["age"], {"residuals": [[2.0], [1.0]]}),
        (REGRESSION, ["age"], {"residuals": [[-1.0]]}),
        (REGRESSION, ["age"], {"residuals": [[float("inf")]]}),
        (REGRESSION, ["age"], {"residuals": 3}),
    ],
)
def test_what_answers_follow_from_is_checked(write, task, names, promises):
    content = changed("task", task) | {"class_names": names}
    for file in content["files"].values():
        file["promises"] = promises
    with pytest.raises(ArtifactDamagedError, match=r"artifact\.json"):
        read_manifest(write(content))


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"NaN", b"\xff", b'{"format_version": 1e999}'])
def test_json_that_would_break_a_parser_is_refused(write, content):
    folder = write(GOOD)
    (folder / "artifact.json").write_bytes(content)
    with pytest.raises(ArtifactDamagedError):
        read_manifest(folder)


@pytest.mark.parametrize(
    ("format_name", "name"), [("openvino", "openvino/other.bin"), ("savedmodel", "savedmodel/assets/x")]
)
def test_a_file_without_a_hash_is_refused(write, format_name, name):
    folder = write(GOOD)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"more")
    with pytest.raises(ArtifactDamagedError, match="was not exported"):
        read_manifest(folder).check(format_name)


@pytest.mark.parametrize("name", ["openvino/model.bin", "openvino/model.xml"])
def test_a_link_out_of_the_folder_is_refused_whatever_it_holds(write, tmp_path_factory, name):
    folder = write(GOOD)
    outside = tmp_path_factory.mktemp("outside") / "file"
    outside.write_bytes(CONTENTS[name])
    (folder / name).unlink()
    (folder / name).symlink_to(outside)
    with pytest.raises(ArtifactDamagedError):
        read_manifest(folder).check("openvino")


class Gives:
    """A runtime that answers the same whatever it is asked."""

    def __init__(self, *outputs: np.ndarray) -> None:
        self.outputs = outputs

    def run(self, images: np.ndarray) -> tuple[np.ndarray, ...]:
        return self.outputs


BOX = (np.zeros((1, 5, 4), "float32"), np.zeros((1, 5), "float32"), np.zeros((1, 5), "int32"))
MASK = (np.zeros((1, 8, 8), "int32"), np.ones((1, 8, 8), "float32"))


@pytest.mark.parametrize(
    ("task", "outputs"),
    [
        (CLASSIFICATION, (np.array([[0.5, 0.5]]), np.array([0.1]))),
        (DETECTION, BOX),
        (SEGMENTATION, MASK),
        (REGRESSION, (np.array([[1.0, 2.0]]),)),
    ],
)
def test_what_fits_the_names_is_passed_on(tmp_path, task, outputs):
    runtime = CheckedRuntime(Gives(*outputs), tmp_path, task, 2)
    runtime.try_out((8, 8))
    assert runtime.run(np.zeros((1, 8, 8, 3), np.uint8)) == outputs


@pytest.mark.parametrize(
    ("task", "outputs"),
    [
        (CLASSIFICATION, (np.array([[0.5, 0.3, 0.2]]), np.array([0.1]))),
        (CLASSIFICATION, (np.array([[0.5, np.nan]]), np.array([0.1]))),
        (CLASSIFICATION, (np.array([[0.5, 0.5]]), np.array([[0.1]]))),
        (CLASSIFICATION, (np.array([[0.5, 0.5]] * 2), np.array([0.1] * 2))),
        (CLASSIFICATION, (np.array([["a", "b"]]), np.array([0.1]))),
        (CLASSIFICATION, ()),
        (DETECTION, (BOX[0], BOX[1], BOX[2] + 2)),
        (DETECTION, (BOX[0], BOX[1], BOX[2] - 1)),
        (DETECTION, (BOX[0][..., :3], *BOX[1:])),
        (DETECTION, (BOX[0] + np.inf, *BOX[1:])),
        (SEGMENTATION, (MASK[0] + 2, MASK[1])),
        (SEGMENTATION, (MASK[0][0], MASK[1])),
        (REGRESSION, (np.array([[1.0]]),)),
    ],
)
def test_what_does_not_fit_the_names_is_refused(tmp_path, task, outputs):
    with pytest.raises(ArtifactDamagedError, match=f"of a model for {task}"):
        CheckedRuntime(Gives(*outputs), tmp_path, task, 2).try_out((8, 8))
