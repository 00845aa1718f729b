"""Whoever names something unusable reads what it is and what to do."""

from pathlib import Path

import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset
from headstart.errors import DataNotFoundError, HeadstartError, NoClassFoldersError, OneClassError


def hint_of(path: Path | str) -> str:
    with pytest.raises(HeadstartError) as caught:
        read_dataset(path)
    return caught.value.hint


def write_images(root: Path, *names: str) -> Path:
    for seed, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.linear_gradient("L").rotate(40 * seed).resize((40, 40)).save(root / name)
    return root


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("pets.zip", "Unpack it"),
        ("pets.tar.gz", "Unpack it"),
        ("film.MP4", "frames"),
        ("labels.ods", "as CSV"),
        ("pages.pdf", "as files"),
        ("photo.heic", "JPEG or PNG"),
        ("scan.dcm", "to PNG"),
        ("labels.txt", "columns 'path' and 'label'"),
        ("arrays.npz", "images to files"),
        ("old.keras", "This is a model"),
        ("photo.jpg", "headstart predict RUN"),
        ("noending", "Name the folder"),
    ],
)
def test_a_file_of_another_kind_is_told_what_to_become(tmp_path, name, advice):
    (tmp_path / name).write_bytes(b"x")
    assert advice in hint_of(tmp_path / name)


@pytest.mark.parametrize(
    ("ending", "advice"),
    [
        (".pdf", "as files"),
        (".heic", "Convert"),
        (".mp4", "frames"),
        (".zip", "Unpack"),
        (".npy", "images to files"),
        (".dcm", "to PNG"),
    ],
)
def test_a_folder_of_other_files_is_told_what_they_must_become(tmp_path, ending, advice):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"1{ending}").write_bytes(b"x")
    with pytest.raises(NoClassFoldersError) as caught:
        read_dataset(tmp_path)
    assert advice in caught.value.hint


def test_a_folder_with_nothing_but_images_is_told_of_labels_and_predict(tmp_path):
    hint = hint_of(write_images(tmp_path, "1.jpg", "2.jpg"))
    assert "one folder per class" in hint
    assert "name the folder above it" in hint
    assert "headstart predict" in hint


def test_hidden_class_folders_are_told(tmp_path):
    assert "begin with a dot" in hint_of(write_images(tmp_path, ".cat/1.png", ".dog/1.png"))


def test_parts_without_class_folders_are_told_to_be_sorted(tmp_path):
    hint = hint_of(write_images(tmp_path, "train/cat.1.png", "train/dog.1.png", "test1/1.png"))
    assert "into class folders, or write a table" in hint


def test_the_other_class_that_was_lost_is_named(tmp_path):
    write_images(tmp_path, "cat/1.png", "cat/2.png")
    (tmp_path / "dog").mkdir()
    (tmp_path / "dog" / "1.heic").write_bytes(b"x")
    with pytest.raises(OneClassError) as caught:
        audit_dataset(read_dataset(tmp_path))
    assert "'dog/1.heic': unsupported format" in caught.value.received
    assert "Repair or convert" in caught.value.hint


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("photos ", "photos"),
        ("'photos'", "photos"),
        ("phots", "photos"),
        ("Photos/train", "photos/train"),
        ("photos\\train", "photos/train"),
    ],
)
def test_a_path_that_is_nearly_right_is_told(tmp_path, monkeypatch, typed, meant):
    (tmp_path / "photos" / "train").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    if Path(typed).exists():  # a file system that ignores case
        return
    with pytest.raises(DataNotFoundError) as caught:
        read_dataset(typed)
    assert caught.value.hint == f"Did you mean '{meant}'?"


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("D:\\data\\photos", "Windows path"),
        ("https://example.org/pets.zip", "Download"),
        ("pets/*", "without a pattern"),
    ],
)
def test_what_is_no_path_here_is_told(tmp_path, monkeypatch, typed, advice):
    monkeypatch.chdir(tmp_path)
    assert advice in hint_of(typed)


def test_a_name_that_is_like_nothing_is_told_to_be_checked(tmp_path):
    assert hint_of(tmp_path / "zebra") == "Check the spelling."
