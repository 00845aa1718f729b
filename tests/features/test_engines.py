"""Every engine gives what Keras gives, whatever else is in the batch, and says nothing while it does."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from headstart.backbones import build_backbone, cut_model
from headstart.errors import ExtraMissingError, RecipeError
from headstart.features import quantized_trunk
from headstart.features.engines import ENGINES, build_engine, suitable_engine
from headstart.features.openvino_engine import load_openvino
from headstart.features.trunk_work import operations, pays_int8

EXACT = ("keras", "openvino")
HAS_BFLOAT16 = "BF16" in load_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
SIDE, BATCH_SIZE = 64, 8


def pictures(number: int, seed: int = 0) -> np.ndarray:
    """Smooth blobs under a little noise: like photographs, they have most of their energy in low frequencies."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (number, SIDE // 16, SIDE // 16, 3)).repeat(16, 1).repeat(16, 2)
    return np.clip(coarse + rng.normal(0, 12, (number, SIDE, SIDE, 3)), 0, 255).astype("uint8")


def calibration() -> np.ndarray:
    return pictures(24, seed=1)


@pytest.fixture(scope="module")
def vgg() -> keras.Model:
    backbone = build_backbone("vgg19_mini", image_size=(SIDE, SIDE), weights="builtin")
    return cut_model(backbone.model, "block4_pool").lower


@pytest.fixture(scope="module")
def mobilenet() -> keras.Model:
    backbone = build_backbone("mobilenetv2", image_size=(SIDE, SIDE), weights="none")
    return cut_model(backbone.model, "block_12_add").lower


@pytest.fixture(scope="module")
def pyramid() -> keras.Model:
    """Three outputs, the highest first, with activations that TensorFlow gives a gradient of its own."""
    model = build_backbone("efficientnetb0", image_size=(SIDE, SIDE), weights="none").model
    names = ("block6a_expand_activation", "block3a_expand_activation", "block4a_expand_activation")
    return keras.Model(model.input, [model.get_layer(name).output for name in names])


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("engines")


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def cosines(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    found, expected = found.reshape(len(found), -1), expected.reshape(len(expected), -1)
    return (found * expected).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(expected, axis=1)


def answer(model: keras.Model, images: np.ndarray) -> list[np.ndarray]:
    outputs = model(images.astype("float32"), training=False)
    return [keras.ops.convert_to_numpy(output) for output in keras.tree.flatten(outputs)]


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("trunk_name", ["vgg", "mobilenet"])
def test_engine_gives_what_the_model_gives(name, trunk_name, request):
    trunk = request.getfixturevalue(trunk_name)
    (found,) = build_engine(name, trunk, batch_size=BATCH_SIZE).run(pictures(5))
    (expected,) = answer(trunk, pictures(5))
    assert_close(found, expected)


@pytest.mark.parametrize("name", EXACT)
def test_several_outputs_come_in_the_order_of_the_trunk(name, pyramid):
    found = build_engine(name, pyramid, batch_size=BATCH_SIZE).run(pictures(3))
    for array, expected in zip(found, answer(pyramid, pictures(3)), strict=True):
        assert_close(array, expected)


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("trunk_name", ["vgg", "mobilenet"])
def test_a_row_does_not_depend_on_what_comes_with_it(name, trunk_name, request):
    assert_rows_are_independent(build_engine(name, request.getfixturevalue(trunk_name), batch_size=BATCH_SIZE))


def assert_rows_are_independent(engine) -> None:
    images = pictures(BATCH_SIZE)
    (full,) = engine.run(images)
    (alone,) = engine.run(images[3:4])
    (turned,) = engine.run(images[::-1])
    (some,) = engine.run(images[2:5].astype("float32"))
    np.testing.assert_array_equal(alone[0], full[3])
    np.testing.assert_array_equal(turned[::-1], full)
    np.testing.assert_array_equal(some, full[2:5])


def test_int8_is_close_independent_of_the_batch_and_kept_in_a_file(vgg, cache_dir, monkeypatch):
    engine = build_engine("openvino-int8", vgg, batch_size=BATCH_SIZE, calibration=calibration, cache_dir=cache_dir)
    (found,), (expected,) = engine.run(pictures(BATCH_SIZE)), answer(vgg, pictures(BATCH_SIZE))
    assert cosines(found, expected).min() > 0.98
    assert not np.array_equal(found, expected)
    assert_rows_are_independent(engine)

    monkeypatch.setattr(quantized_trunk, "_quantize", lambda *_: pytest.fail("quantised a second time"))
    again = build_engine("openvino-int8", vgg, batch_size=BATCH_SIZE, calibration=calibration, cache_dir=cache_dir)
    np.testing.assert_array_equal(again.run(pictures(BATCH_SIZE))[0], found)
    assert again.facts == engine.facts


def test_a_kept_model_that_was_changed_is_made_anew(vgg, tmp_path):
    def engine():
        return build_engine("openvino-int8", vgg, batch_size=BATCH_SIZE, calibration=calibration, cache_dir=tmp_path)

    (before,) = engine().run(pictures(2))
    (weights,) = tmp_path.glob("*/model.bin")
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-64] + bytes(64))
    (after,) = engine().run(pictures(2))
    np.testing.assert_array_equal(after, before)
    assert weights.read_bytes() == whole
    assert len(list(tmp_path.iterdir())) == 1


def test_other_calibration_pictures_are_another_model(vgg, tmp_path):
    facts = [
        build_engine(
            "openvino-int8", vgg, calibration=lambda seed=seed: pictures(2, seed=seed), cache_dir=tmp_path
        ).facts
        for seed in (1, 2)
    ]
    assert facts[0]["calibration_sha256"] != facts[1]["calibration_sha256"]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("name", [name for name in ENGINES if name != "openvino-bfloat16" or HAS_BFLOAT16])
def test_facts_are_plain_and_engines_are_silent(name, vgg, capfd):
    engine = build_engine(name, vgg, batch_size=BATCH_SIZE, calibration=calibration)
    engine.run(pictures(2))
    assert engine.name == engine.facts["engine"] == name
    assert engine.batch_size == BATCH_SIZE
    assert json.loads(json.dumps(engine.facts)) == engine.facts
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", EXACT)
def test_more_pictures_than_a_batch_are_refused(name, vgg):
    with pytest.raises(ValueError, match=r"at most 2 images. Received: 3"):
        build_engine(name, vgg, batch_size=2).run(pictures(3))


def test_int8_without_pictures_to_measure_on_is_refused(vgg):
    with pytest.raises(ValueError, match="calibration=None"):
        build_engine("openvino-int8", vgg)


def test_an_unknown_engine_is_refused_and_the_known_ones_are_named(vgg):
    with pytest.raises(RecipeError, match="openvino, openvino-bfloat16, openvino-int8; received tensorrt"):
        build_engine("tensorrt", vgg)


@pytest.mark.parametrize(("name", "package"), [("openvino", "openvino"), ("openvino-int8", "nncf")])
def test_a_missing_extra_is_named_with_the_line_that_installs_it(name, package, vgg, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ExtraMissingError, match=rf"'{package}'.*pip install 'headstart\[openvino\]'"):
        build_engine(name, vgg, calibration=calibration)


@pytest.fixture
def processor(monkeypatch):
    """Lets the rules see a processor with these instructions."""

    def has(*names):
        monkeypatch.setattr("headstart.features.engines.instructions", lambda: frozenset(names))
        monkeypatch.setattr("headstart.features.trunk_work.instructions", lambda: frozenset(names))

    return has


def test_the_automatic_engine_is_the_suitable_one(vgg, processor):
    processor("avx2")
    assert build_engine("auto", vgg).name == suitable_engine() == "openvino"


def test_a_processor_that_multiplies_bfloat16_gets_it(processor):
    processor("avx2", "amx_bf16", "amx_int8")
    assert suitable_engine() == "openvino-bfloat16"


def test_the_bfloat16_engine_computes_in_bfloat16_or_refuses(vgg):
    if not HAS_BFLOAT16:
        with pytest.raises(RecipeError, match="instructions for bf16"):
            build_engine("openvino-bfloat16", vgg)
        return
    (exact,) = build_engine("openvino", vgg, batch_size=BATCH_SIZE).run(pictures(3))
    (rounded,) = build_engine("openvino-bfloat16", vgg, batch_size=BATCH_SIZE).run(pictures(3))
    assert not np.array_equal(exact, rounded)
    assert np.sum(exact * rounded) / np.linalg.norm(exact) / np.linalg.norm(rounded) > 0.999


@pytest.mark.parametrize(
    ("names", "num_rows", "expected"),
    [
        (("avx2",), 10**9, False),
        (("avx512_vnni",), 100, False),
        (("avx512_vnni",), 10**6, True),
        (("avx_vnni",), 10**6, True),
        (("amx_bf16", "amx_int8"), 10**6, False),
        (("amx_bf16", "amx_int8"), 10**8, True),
    ],
)
def test_int8_is_for_processors_that_have_it_and_for_banks_that_pay_for_it(vgg, processor, names, num_rows, expected):
    processor(*names)
    assert 3e7 < operations(vgg) < 4e8
    assert pays_int8(vgg, num_rows) is expected


def test_keras_takes_smaller_batches_when_memory_runs_out(vgg, monkeypatch):
    engine = build_engine("keras", vgg, batch_size=BATCH_SIZE)
    (expected,) = engine.run(pictures(7))
    predict, sizes = engine._model.predict_on_batch, []

    def predict_or_fail(batch):
        sizes.append(len(batch))
        if len(batch) > 2:
            raise RuntimeError("RESOURCE_EXHAUSTED: out of memory")
        return predict(batch)

    monkeypatch.setattr(engine._model, "predict_on_batch", predict_or_fail)
    (found,) = engine.run(pictures(7))
    assert sizes == [8, 4, 2, 2, 2, 2]
    np.testing.assert_array_equal(found, expected)


def test_operations_are_those_of_the_layers():
    image = keras.Input((8, 8, 3))
    hidden = keras.layers.Conv2D(4, 3, strides=2, padding="same")(image)  # 16 places, 3 x 3 x 3 x 4 products each
    hidden = keras.layers.DepthwiseConv2D(3, padding="same")(hidden)  # 16 places, 3 x 3 x 4
    model = keras.Model(image, keras.layers.Dense(5)(keras.layers.Flatten()(hidden)))  # 64 x 5
    assert operations(model) == 2 * (16 * 108 + 16 * 36 + 320)


def test_the_automatic_engine_falls_back_to_keras_with_a_note(vgg, monkeypatch):
    def fail(*_):
        raise NameError("name 'tensorflow' is not defined")

    monkeypatch.setattr("headstart.features.openvino_engine.convert_graph", fail)
    engine = build_engine("auto", vgg, batch_size=BATCH_SIZE)
    assert engine.name == "keras"
    assert "'openvino' does not start" in engine.note
    assert "'tensorflow' is not defined" in engine.note
    np.testing.assert_array_equal(
        engine.run(pictures(2)), build_engine("keras", vgg, batch_size=BATCH_SIZE).run(pictures(2))
    )
    with pytest.raises(NameError):  # an engine that is asked for by name is not replaced
        build_engine("openvino", vgg)


WITHOUT_NETWORK = """
import socket

def refuse(*args, **kwargs):
    raise SystemExit("tried to reach the network")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse

import keras
import numpy as np
from headstart.features.engines import build_engine

image = keras.Input((16, 16, 3))
trunk = keras.Model(image, keras.layers.Conv2D(4, 3, activation="relu")(image))
pictures = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3)).astype("uint8")
build_engine("openvino-int8", trunk, calibration=lambda: pictures).run(pictures)
"""


def test_a_fresh_process_prints_nothing_and_reaches_for_no_network(tmp_path):
    """In a process of its own: under pytest NNCF would not report in any case. The home is new, so none was asked."""
    environment = {"HOME": str(tmp_path), "PATH": "", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NETWORK], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert list(tmp_path.rglob("*telemetry*")) == []
    assert not (tmp_path / "intel").exists()
