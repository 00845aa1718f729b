"""JSON that this program reads back is bounded and checked before anything in it is used."""

import json
import os
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field

from headstart.files import (
    ImageSize,
    Names,
    Numbers,
    Schema,
    UnusableFileError,
    check,
    inside,
    parse_json,
    read_json,
    read_plain,
)

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


class Sizes(Schema):
    names: Names
    size: ImageSize
    scores: Numbers = Field(default_factory=list)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(PLAIN)
def test_whatever_json_writes_is_read_back(content):
    assert parse_json(json.dumps(content).encode()) == content


@pytest.mark.parametrize("bracket", ["[", '{"a":', "[[{},"])
@pytest.mark.parametrize("depth", [65, 100_000])
def test_deep_nesting_is_refused_before_it_is_parsed(bracket, depth):
    with pytest.raises(UnusableFileError, match="nested at most 64"):
        parse_json((bracket * depth).encode())


def test_brackets_inside_of_texts_are_no_nesting():
    text = "[" * 1000 + '\\"' + "{" * 1000
    assert parse_json(json.dumps([text]).encode()) == [text]


def test_brackets_64_deep_are_read():
    assert parse_json(b"[" * 64 + b"]" * 64)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1,]", b"\xff\xfe", b"NaN", b"Infinity", b"1e999", b"1" * 26, b"1" * 5000, b'"\\', b'"' * 100_001],
)
def test_what_is_no_json_of_ours_is_refused(content):
    with pytest.raises(UnusableFileError) as caught:
        parse_json(content)
    assert len(str(caught.value)) < 500
    assert "\n" not in caught.value.received


def test_nan_is_read_where_a_file_may_hold_it(tmp_path):
    (tmp_path / "a.json").write_text('{"loss": Infinity}')
    assert read_plain(tmp_path / "a.json", allow_nan=True) == {"loss": float("inf")}


def test_a_huge_file_is_refused_without_reading_it(tmp_path):
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(2**40)
    started = time.perf_counter()
    with pytest.raises(UnusableFileError, match="at most 64 MB"):
        read_plain(tmp_path / "huge.json")
    assert time.perf_counter() - started < 1


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(UnusableFileError, match="a pipe or a device"):
        read_plain(tmp_path / "pipe.json")


@pytest.mark.parametrize("name", ["nowhere", ".", "list.json"])
def test_what_is_no_object_in_a_file_is_refused(tmp_path, name):
    (tmp_path / "list.json").write_text("[1]")
    with pytest.raises(UnusableFileError):
        read_plain(tmp_path / name)


GOOD = {"names": ["a", "b"], "size": [32, 64]}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"names": []}, "names"),
        ({"names": ["a", "a"]}, "every name once"),
        ({"names": ["a", 1]}, "names.1"),
        ({"names": "ab"}, "names"),
        ({"names": [""]}, "names.0"),
        ({"size": [32]}, "size"),
        ({"size": [32, 0]}, "size.1"),
        ({"size": [32, 10**20]}, "size.1"),
        ({"size": [32, True]}, "size.1"),
        ({"size": [32, 32.5]}, "size.1"),
        ({"size": {"0": 32, "1": 32}}, "size"),
        ({"scores": [float("nan")]}, "scores.0"),
        ({"scores": ["1"]}, "scores.0"),
        ({"scores": [None] * 1000}, "scores.0"),
        ({"names": None}, "names"),
    ],
)
def test_a_wrong_value_is_named(change, named):
    assert check(GOOD, Sizes).size == [32, 64]
    with pytest.raises(UnusableFileError) as caught:
        check({**GOOD, **change}, Sizes)
    assert named in caught.value.expected
    assert len(caught.value.received) < 300


def test_a_missing_value_is_named_and_an_unknown_one_is_ignored(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({**GOOD, "later": [1]}))
    assert read_json(tmp_path / "a.json", Sizes).names == ["a", "b"]
    with pytest.raises(UnusableFileError, match="no 'size'"):
        check({"names": ["a"]}, Sizes)


def test_names_lead_to_files_inside_the_folder_only(tmp_path):
    folder = tmp_path / "artifact"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret").write_text("x")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "within").symlink_to(folder / "sub")
    for name in ("sub", "sub/model.bin", "model.onnx", "within"):
        assert inside(folder, name) == folder / name
    outside = ("", ".", "..", "../secret", "sub/../../secret", "/etc/passwd", "C:/x", "C:x", "a\\b", "a\0b", "out")
    for name in (*outside, "x" * 5000, "\udcff/../.."):
        with pytest.raises(UnusableFileError):
            inside(folder, name)
