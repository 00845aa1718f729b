"""A file has one hash, a path is inside a folder or not, and a longer cell is allowed for one block."""

import csv
import hashlib
import os

import pytest

from headstart.files import cell_limit, file_sha256, is_inside, sha256_or


def test_the_hash_of_several_files_is_that_of_their_contents_in_order(tmp_path):
    contents = [b"first" * 100_000, b"", b"last"]
    paths = [tmp_path / str(number) for number in range(3)]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    assert file_sha256(*paths) == hashlib.sha256(b"".join(contents)).hexdigest()
    assert sha256_or("missing", *paths) == file_sha256(*paths) != file_sha256(*reversed(paths))


def test_what_is_no_file_has_no_hash(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for name in ("pipe", "nothing", "."):
        assert sha256_or("missing", tmp_path / "file", tmp_path / name) == "missing"
    with pytest.raises(OSError, match="nothing"):
        file_sha256(tmp_path / "nothing")


def test_a_path_is_inside_a_folder_wherever_links_lead(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    (folder / "out").symlink_to(tmp_path)
    assert is_inside(folder, folder)
    assert is_inside(tmp_path / "link" / "new" / "file", folder)
    assert not is_inside(folder / "out" / "file", folder)
    assert not is_inside(folder / ".." / "file", folder)
    assert not is_inside(tmp_path / "data-2", folder)


def test_a_longer_cell_is_read_within_the_block_only():
    line = "a" * 200_000
    before = csv.field_size_limit()
    with cell_limit(300_000):
        assert next(csv.reader([line])) == [line]
    with pytest.raises(csv.Error, match="field larger"), cell_limit(100):
        next(csv.reader([line]))
    assert csv.field_size_limit() == before
