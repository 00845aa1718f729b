"""What is counted as int8, in files made by hand and in exported ones."""

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from headstart.artifacts import FORMATS
from headstart.artifacts.formats import load_named
from headstart.artifacts.int8_share import Int8Share, openvino_int8_share

INT8 = [name for name, each in FORMATS.items() if each.is_int8]


def product(pixels, size: tuple[int, int], *, is_stored: bool, is_rounded: bool):
    """Pixels times a matrix; its numbers, and the pixels, rounded to eight bits or not."""
    matrix = ops.constant(np.ones(size, np.int8 if is_stored else np.float32))
    if is_stored:
        matrix = ops.multiply(ops.convert(matrix, np.float32), np.float32(0.5))
    if is_rounded:
        low, high = np.float32(0), np.float32(1)
        pixels = ops.reshape(ops.fake_quantize(pixels, low, high, low, high, 256), [1, -1], special_zero=False)
    return ops.matmul(pixels, matrix, False, False)


@pytest.fixture
def by_hand(tmp_path) -> Path:
    """Of 100 weights, 60 are multiplied as int8, 30 are stored as int8, and the pixels of 10 floats are rounded."""
    pixels = ops.parameter([1, 10], np.float32)
    between = product(pixels, (10, 6), is_stored=True, is_rounded=True)
    between = product(between, (6, 5), is_stored=True, is_rounded=False)
    answers = product(between, (5, 2), is_stored=False, is_rounded=True)
    ov.save_model(ov.Model([answers], [pixels]), tmp_path / "model.xml", compress_to_fp16=False)
    return tmp_path / "model.xml"


def test_weights_are_counted_by_how_they_are_stored_and_by_what_they_are_multiplied_with(by_hand):
    assert openvino_int8_share(by_hand) == Int8Share(stored=0.9, computed=0.6)


@pytest.mark.parametrize("name", INT8)
def test_a_float_file_holds_no_int8(artifact, name):
    float_file = artifact.folder / FORMATS[name.removesuffix("-int8")].path
    assert load_named(FORMATS[name].int8_share)(float_file) == Int8Share(0.0, 0.0)


@pytest.mark.parametrize("name", INT8)
def test_what_an_int8_file_holds_stands_in_the_artifact_and_shows_in_its_size(artifact, name):
    facts = artifact.files[name].parity["int8_share"]
    assert 0.2 <= facts["computed"] <= facts["stored"] <= 1
    ratio = artifact.files[name].num_bytes / artifact.files[name.removesuffix("-int8")].num_bytes
    assert ratio == pytest.approx(1 - 0.75 * facts["stored"], abs=0.1)
