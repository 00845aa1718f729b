"""A full disk is called a full disk, and a place that refuses a file is named."""

import errno
import os

import pytest

from headstart.errors import RunExistsError, StorageFullError, StoragePermissionError
from headstart.run.storage import storage_errors


def chained():
    try:
        raise OSError(errno.ENOSPC, "No space left on device")
    except OSError as error:
        raise RuntimeError("the table was not written") from error


def while_handling():
    try:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")
    except OSError:
        raise RuntimeError("the table was not written")  # noqa: B904  as libraries do


def raise_(error):
    raise error


FULL = {
    "no space": lambda: raise_(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))),
    "quota": lambda: raise_(OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))),
    "HDF5's words": lambda: raise_(ValueError("Unable to write (file write failed: 'No space left on device')\nmore")),
    "cause": chained,
    "context": while_handling,
}


@pytest.mark.parametrize("kind", FULL)
def test_a_full_disk_is_told_with_the_way_on(tmp_path, kind):
    with pytest.raises(StorageFullError) as caught, storage_errors(tmp_path / "run"):
        FULL[kind]()
    assert str(tmp_path / "run") in caught.value.problem
    assert f"headstart resume {tmp_path / 'run'}" in caught.value.hint
    assert "\n" not in caught.value.received


def test_a_protected_folder_is_named(tmp_path):
    with pytest.raises(StoragePermissionError, match="locked"), storage_errors(tmp_path):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "locked"))


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOENT, "No such file"),
        ValueError("wrong"),
        KeyboardInterrupt(),
        RunExistsError("It is there.", expected="a", received="b", hint="c"),
    ],
)
def test_other_errors_pass_as_they_are(tmp_path, error):
    with pytest.raises(type(error)) as caught, storage_errors(tmp_path):
        raise error
    assert caught.value is error


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP])
def test_whatever_is_in_the_way_of_a_run_is_named(tmp_path, number):
    with pytest.raises(StoragePermissionError, match="runs"), storage_errors(tmp_path / "runs" / "a"):
        raise OSError(number, os.strerror(number), str(tmp_path / "runs"))


def test_an_error_about_another_place_is_not_blamed_on_the_run(tmp_path):
    with pytest.raises(FileExistsError), storage_errors(tmp_path / "runs" / "a"):
        raise FileExistsError(errno.EEXIST, "File exists", str(tmp_path / "elsewhere" / "b"))
