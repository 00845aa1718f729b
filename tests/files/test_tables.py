"""A CSV table of the program's own is bounded and rectangular, or refused."""

import os
import time

import pytest

from headstart.files import UnusableFileError, read_table


def test_cells_come_back_as_text_by_the_name_of_their_column(tmp_path):
    (tmp_path / "a.csv").write_text('path,n\n"a,b",001\n"c\nd",\n')
    assert read_table(tmp_path / "a.csv") == {"path": ["a,b", "c\nd"], "n": ["001", ""]}
    (tmp_path / "a.csv").write_text("path,n\n")
    assert read_table(tmp_path / "a.csv") == {"path": [], "n": []}


@pytest.mark.parametrize(
    ("content", "received"),
    [
        (b"", "header"),
        (b"\n", "header"),
        (b"path,path\na,b\n", "every column once"),
        (b"path,n\na,1\nb\n", "1 cells in row 2"),
        (b"path,n\na,1,2\n", "3 cells in row 1"),
        (b"path,n\n\na,1\n", "0 cells in row 1"),
        (b'path,n\n"a,1\n', "CSV"),
        (b'path,n\n"a"b,1\n', "CSV"),
        (b"path,n\n\xff,1\n", "UTF-8"),
    ],
)
def test_what_is_no_rectangular_table_is_refused(tmp_path, content, received):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UnusableFileError, match=received):
        read_table(tmp_path / "a.csv")


def test_a_missing_file_a_folder_and_a_pipe_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, received in ((tmp_path / "nowhere", "no such file"), (tmp_path, "folder"), (tmp_path / "pipe", "pipe")):
        with pytest.raises(UnusableFileError, match=received):
            read_table(path)


def test_a_table_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "a.csv").open("wb") as file:
        file.truncate(2**40)  # takes no room on the disk
    before = time.monotonic()
    with pytest.raises(UnusableFileError, match="at most 1024 MB"):
        read_table(tmp_path / "a.csv")
    assert time.monotonic() - before < 1
