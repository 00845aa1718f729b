"""YAML as plain values: text stays text, and a hostile file is refused."""

import time

import pytest

from headstart.data.yaml_text import MAX_BYTES, read_yaml


def read(tmp_path, text: str | bytes):
    path = tmp_path / "data.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_yaml(path)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[yes, no, on, off]", ["yes", "no", "on", "off"]),
        ("[1.0, 0x10, 1e3, 007]", ["1.0", "0x10", "1e3", "007"]),
        ("[2020-01-01, true]", ["2020-01-01", "true"]),
        ("[null, ~, 'null', \"~\"]", [None, None, "null", "~"]),
        ("['red, dark', \"a\\tb\", 'it''s', a#b]  # four", ["red, dark", "a\tb", "it's", "a#b"]),
        ("\n- cat\n-\n- big dog # comment\n", ["cat", None, "big dog"]),
        ("\n  0: cat\n  1: >-\n    big\n    dog\n", {"0": "cat", "1": "big dog"}),
        ("&x [a, b]\nother: *x", ["a", "b"]),
        ("\n  <<: {0: cat, 1: cow}\n  1: dog", {"0": "cat", "1": "dog"}),
    ],
)
def test_scalars_are_the_text_that_was_typed(tmp_path, text, names):
    content = read(tmp_path, f"names: {text}")
    assert isinstance(content, dict)
    assert content["names"] == names


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(tmp_path, encoding):
    assert read(tmp_path, "names: [Bär]\r\n".encode(encoding)) == {"names": ["Bär"]}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "more than 50000 values"),
        (b"#" * (MAX_BYTES + 1), "larger than 256 kB"),
        ("names: " + "[" * 5000, "nested too deeply"),
        ("names: " + "[" * 30 + "]" * 30, "nested too deeply"),
        ("names: &a [*a]", "nested too deeply"),
        ("names: !!python/object/apply:os.system [ls]", "tag 'python/object/apply:os.system'"),
        ("names: !custom x", "tag '!custom'"),
        ("names: [a]\nnames: [b]", "key 'names' twice, also in line 2"),
        ("names:\n\t- cat", "no YAML"),
        ("names: [cat", "no YAML"),
        ("a: 1\n---\nb: 2", "single document"),
        (b"names: [B\xe4r]", "no YAML"),
        (b"names: [\x00]", "no YAML"),
        ("? [a]\n: b", "a key that is a list"),
    ],
)
def test_what_is_no_plain_yaml_is_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, text)


@pytest.mark.parametrize("bracket", ["[", "{", "names: [[", "- ", "? ", "&a [", "[\n"])
def test_deep_nesting_is_refused_at_once(tmp_path, bracket):
    (tmp_path / "data.yaml").write_text((bracket * MAX_BYTES)[:MAX_BYTES])
    before = time.process_time()
    with pytest.raises(ValueError, match=r"nested too deeply|no YAML"):
        read_yaml(tmp_path / "data.yaml")
    assert time.process_time() - before < 2


def test_the_deepest_nesting_that_is_read(tmp_path):
    (tmp_path / "data.yaml").write_text("[" * 20 + "a" + "]" * 20)
    read_yaml(tmp_path / "data.yaml")
    (tmp_path / "data.yaml").write_text("[" * 21 + "a" + "]" * 21)
    with pytest.raises(ValueError, match="nested too deeply"):
        read_yaml(tmp_path / "data.yaml")
