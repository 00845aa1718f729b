"""The table of formats, and how a person names them."""

from importlib import util

import pytest

from headstart.artifacts import FORMATS, PREFERRED, find_format, find_formats
from headstart.artifacts.formats import require
from headstart.errors import ExtraMissingError, UnknownFormatError


def test_all_means_every_format():
    assert find_formats("all") == tuple(FORMATS.values())


def test_names_are_joined_by_commas_and_counted_once():
    assert [each.name for each in find_formats("onnx, keras,onnx")] == ["onnx", "keras"]


@pytest.mark.parametrize("text", ["", ",", "onyx", "onnx,tflite"])
def test_an_unknown_or_missing_name_lists_the_formats(text):
    with pytest.raises(UnknownFormatError) as caught:
        find_formats(text)
    assert all(name in caught.value.expected for name in FORMATS)


def test_a_slip_of_the_finger_is_guessed():
    with pytest.raises(UnknownFormatError, match="Did you mean 'openvino-int8'"):
        find_format("openvino_int8")


def test_every_format_has_a_place_of_its_own_and_a_rank():
    assert len({each.folder for each in FORMATS.values()}) == len(FORMATS)
    assert set(PREFERRED) == set(FORMATS)


@pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if each.extra])
def test_a_missing_package_is_answered_with_the_line_that_installs_it(monkeypatch, name):
    monkeypatch.setattr("headstart.artifacts.formats.find_spec", lambda module: None)
    each = FORMATS[name]
    with pytest.raises(ExtraMissingError) as caught:
        require(each.runs_with, each)
    assert f"pip install 'headstart[{each.extra}]'" in caught.value.hint


@pytest.mark.parametrize("each", FORMATS.values(), ids=FORMATS)
def test_every_module_that_a_format_names_exists(each):
    assert all(util.find_spec(module) for module in (*each.writes_with, *each.runs_with))
