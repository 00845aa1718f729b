"""Arrays are checked by their headers before memory is taken for them."""

import io
import zipfile

import numpy as np
import pytest

from headstart.files import UnusableFileError, map_array, read_array, read_arrays, refuse_outside

NAMES = {"version": 0, "values": 1, "matrix": 2}


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def archive(path, **changes: bytes | None):
    parts = {"version": npy(np.array(1)), "values": npy(np.arange(3.0)), "matrix": npy(np.eye(2)), **changes}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            if content is not None:
                file.writestr(f"{name}.npy", content)
    return path


def test_what_numpy_writes_is_read(tmp_path):
    np.savez(tmp_path / "a.npz", version=1, values=np.arange(3.0), matrix=np.eye(2))
    arrays = read_arrays(tmp_path / "a.npz", NAMES)
    assert arrays["version"] == 1
    assert (arrays["values"] == [0, 1, 2]).all()
    assert (read_arrays(archive(tmp_path / "b.npz"), NAMES)["matrix"] == np.eye(2)).all()


def claimed(shape: str, dtype: str = "<f8") -> bytes:
    """A header that claims a shape, with hardly any data behind it."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(16)


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x07\x00",
        claimed("(10000000000000,)"),
        claimed("(-1,)"),
        claimed("(" * 5000),
        claimed("(2,)", "|O"),
        npy(np.array([object()])),
        npy(np.array(["a"])),
        npy(np.array([1, 2j])),
        npy(np.array([True])),
        npy(np.ones((2, 2))),
        npy(np.array([1.0, np.nan])),
        npy(np.array([np.inf])),
        npy(np.arange(3.0))[:-4],
    ],
)
def test_an_array_that_is_not_as_agreed_is_refused(tmp_path, content):
    with pytest.raises(UnusableFileError):
        read_arrays(archive(tmp_path / "a.npz", values=content), NAMES)


def test_an_archive_that_unpacks_to_more_than_it_may_is_refused(tmp_path):
    path = archive(tmp_path / "a.npz", values=npy(np.zeros(10**6)))
    assert path.stat().st_size < 50_000
    with pytest.raises(UnusableFileError, match="at most 1 MB"):
        read_arrays(path, NAMES, max_bytes=2**20)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive at all", bytes(1000)])
def test_what_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    for path in (tmp_path / "a.npz", tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UnusableFileError):
            read_arrays(path, NAMES)


def test_an_unknown_array_is_refused(tmp_path):
    with pytest.raises(UnusableFileError, match="more"):
        read_arrays(archive(tmp_path / "a.npz", more=npy(np.eye(2))), NAMES)


def test_one_array_after_the_other_is_read_as_agreed():
    content = npy(np.arange(3.0)) + npy(np.eye(2, dtype="float32"))
    file = io.BytesIO(content)
    assert (read_array(file, (3,), "float64") == [0, 1, 2]).all()
    assert (read_array(file, (2, 2), "float32") == np.eye(2)).all()
    for shape, dtype in (((4,), "float64"), ((3,), "float32")):
        with pytest.raises(UnusableFileError):
            read_array(io.BytesIO(content), shape, dtype)
    with pytest.raises(UnusableFileError):
        read_array(io.BytesIO(claimed("(3,)")), (3,), "float64")


def test_an_array_is_mapped_only_if_header_and_size_are_as_agreed(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(npy(np.eye(3, dtype=np.float16)))
    mapped = map_array(path, (3, 3), np.float16)
    assert isinstance(mapped, np.memmap)
    assert (mapped == np.eye(3)).all()
    for shape, dtype in (((3, 4), np.float16), ((9,), np.float16), ((3, 3), np.float32)):
        with pytest.raises(UnusableFileError):
            map_array(path, shape, dtype)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"\x93NUMPY\x07\x00",
        npy(np.eye(3, dtype=np.float16))[:-2],
        npy(np.eye(3, dtype=np.float16)) + b"more",
        npy(np.asfortranarray(np.arange(9, dtype=np.float16).reshape(3, 3))),
        npy(np.array([[object()] * 3] * 3)),
        claimed("(3, 3)", "<f2"),
        claimed("(" * 5000),
        claimed("(3, 3", "<f2"),
    ],
)
def test_no_other_content_is_mapped(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    for path in (tmp_path / "a.npy", tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UnusableFileError):
            map_array(path, (3, 3), np.float16)


def test_a_name_that_leads_out_of_its_folder_is_refused():
    refuse_outside(["a.png", "cats/a b.png", "..a/b..c.png"])
    for name in ("", "/etc/passwd", "..", "a/../../b", "a\0b"):
        with pytest.raises(UnusableFileError, match="inside the data folder"):
            refuse_outside(["a.png", name])
