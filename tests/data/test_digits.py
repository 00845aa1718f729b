import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from headstart.data import digits as digits_module
from headstart.data.digits import write_digits
from headstart.errors import DataError, StorageFullError, StoragePermissionError


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_digits(tmp_path_factory.mktemp("parent") / "deep" / "digits")


def fingerprint(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(
        b"".join(str(path.relative_to(folder)).encode() + path.read_bytes() for path in files)
    ).hexdigest()


def test_every_digit_lies_in_the_folder_of_its_class(folder):
    targets = load_digits().target
    for name in range(10):
        assert len(list((folder / str(name)).iterdir())) == np.sum(targets == name)
    assert sorted(path.name for path in folder.iterdir()) == [str(name) for name in range(10)]


def test_pictures_are_large_enough_to_look_at_and_still_the_originals(folder):
    digits = load_digits()
    for index in (0, 700, 1796):
        with Image.open(folder / str(digits.target[index]) / f"{index:04d}.png") as picture:
            assert picture.size == (32, 32)
            shrunk = np.asarray(picture.resize((8, 8), Image.Resampling.BOX), float)
        assert np.corrcoef(shrunk.ravel(), digits.images[index].ravel())[0, 1] > 0.98


def test_the_same_bytes_are_written_each_time(folder, tmp_path):
    assert fingerprint(write_digits(tmp_path / "again")) == fingerprint(folder)


def test_image_size_is_height_and_width(tmp_path):
    written = write_digits(tmp_path / "digits", image_size=(16, 24))
    with Image.open(next(written.glob("3/*.png"))) as picture:
        assert (picture.height, picture.width) == (16, 24)


def test_a_whole_folder_is_left_as_it_is(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert write_digits(folder) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_an_empty_folder_is_filled(tmp_path):
    assert len(list(write_digits(tmp_path).glob("*/*.png"))) == 1797


def test_a_folder_with_something_else_is_refused_and_untouched(tmp_path):
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(DataError, match="other files"):
        write_digits(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]
    with pytest.raises(DataError, match="a file"):
        write_digits(tmp_path / "diary.txt")


@pytest.mark.parametrize(
    ("stop", "error"),
    [
        (KeyboardInterrupt(), KeyboardInterrupt),
        (OSError(28, "No space left on device"), StorageFullError),
        (PermissionError(13, "Permission denied"), StoragePermissionError),
    ],
)
def test_what_was_stopped_halfway_leaves_nothing_behind(tmp_path, monkeypatch, stop, error):
    def write_some(folder, image_size):
        (folder / "0").mkdir()
        (folder / "0" / "0000.png").touch()
        raise stop

    monkeypatch.setattr(digits_module, "_write_pictures", write_some)
    with pytest.raises(error):
        write_digits(tmp_path / "digits")
    assert list(tmp_path.iterdir()) == []
