import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data import audit_dataset, read_dataset, split_dataset
from headstart.errors import DataNotFoundError, NoClassFoldersError, SplitError


def write_picture(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((40, 40), Image.Resampling.BICUBIC).save(path)
    return path


def kinds(dataset) -> set[tuple[str, str]]:
    return {(remark.kind, remark.path) for remark in dataset.remarks}


def test_flat_class_folders_become_classes(tmp_path):
    for name in ("dog/2.png", "dog/10.png", "cat/1.png", "cat/deep/er/3.jpg"):
        write_picture(tmp_path / name)
    dataset = read_dataset(tmp_path)
    assert dataset.frame["path"].tolist() == ["cat/1.png", "cat/deep/er/3.jpg", "dog/10.png", "dog/2.png"]
    assert dataset.frame["target"].tolist() == ["cat", "cat", "dog", "dog"]
    assert set(dataset.frame["split"]) == {""}
    assert dataset.class_names == ("cat", "dog")
    assert not dataset.multi_label
    assert all(path.is_file() for path in dataset.paths())


@pytest.mark.parametrize("validation", ["val", "valid", "validation", "Val"])
def test_split_folders_give_the_parts(tmp_path, validation):
    for part in ("train", validation, "test"):
        write_picture(tmp_path / part / "cat" / "1.png")
        write_picture(tmp_path / part / "dog" / "1.png")
    frame = read_dataset(tmp_path).frame
    assert dict(zip(frame["path"].str.split("/").str[0], frame["split"], strict=True)) == {
        "train": "train",
        validation: "validation",
        "test": "test",
    }


def test_train_alone_is_a_split_folder(tmp_path):
    write_picture(tmp_path / "train" / "cat" / "1.png")
    write_picture(tmp_path / "train" / "dog" / "1.png")
    dataset = read_dataset(tmp_path)
    assert dataset.class_names == ("cat", "dog")
    assert set(dataset.frame["split"]) == {"train"}


def test_train_may_be_the_name_of_a_class(tmp_path):
    write_picture(tmp_path / "train" / "1.png")
    write_picture(tmp_path / "plane" / "1.png")
    assert read_dataset(tmp_path).class_names == ("plane", "train")


def test_folders_beside_train_and_loose_pictures_are_remarked(tmp_path):
    for name in ("train/cat/1.png", "train/dog/1.png", "test/loose.png", "extra/cat/1.png", "loose.png"):
        write_picture(tmp_path / name)
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "train" / "empty").mkdir()
    dataset = read_dataset(tmp_path)
    assert len(dataset) == 2
    assert kinds(dataset) == {
        ("unused_folder", "extra"),
        ("unlabelled", "loose.png"),
        ("unlabelled", "test/loose.png"),
        ("class_without_pictures", "train/empty"),
    }


@pytest.mark.parametrize(
    ("folders", "message"), [(["val", "test"], "no train"), (["train", "val", "valid"], "more than")]
)
def test_impossible_split_folders_are_refused(tmp_path, folders, message):
    for folder in folders:
        write_picture(tmp_path / folder / "cat" / "1.png")
    with pytest.raises(SplitError, match=message):
        read_dataset(tmp_path)


def test_hidden_files_are_ignored_and_other_files_left_to_the_audit(tmp_path):
    write_picture(tmp_path / "cat" / "1.png")
    for name in (".DS_Store", "Thumbs.db", "._1.png", "desktop.ini", "notes.txt"):
        (tmp_path / "cat" / name).write_text("x")
    write_picture(tmp_path / "__MACOSX" / "1.png")
    write_picture(tmp_path / ".cache" / "1.png")
    dataset = read_dataset(tmp_path)
    assert dataset.frame["path"].tolist() == ["cat/1.png", "cat/notes.txt"]
    assert dataset.remarks == ()


def test_missing_folder_names_the_nearest_that_exists(tmp_path):
    with pytest.raises(DataNotFoundError) as caught:
        read_dataset(tmp_path / "photos" / "more")
    assert str(tmp_path) in caught.value.received


@pytest.mark.parametrize("files", [[], ["1.jpg", "2.jpg"], ["docs/readme.txt"], ["train/1.jpg", "test/2.jpg"]])
def test_folder_without_class_folders_is_refused(tmp_path, files):
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    with pytest.raises(NoClassFoldersError) as caught:
        read_dataset(tmp_path)
    assert f"{len(files)} files" in caught.value.received


def test_a_file_that_is_no_table_is_refused(tmp_path):
    with pytest.raises(NoClassFoldersError, match=r"\.csv"):
        read_dataset(write_picture(tmp_path / "1.jpg"))


def test_link_loops_end_and_are_remarked(tmp_path):
    write_picture(tmp_path / "cat" / "1.png")
    write_picture(tmp_path / "dog" / "1.png")
    (tmp_path / "cat" / "up").symlink_to(tmp_path)
    (tmp_path / "cat" / "here").symlink_to(".")
    (tmp_path / "cat" / "self").symlink_to("self")
    dataset = read_dataset(tmp_path)
    assert dataset.frame["path"].tolist() == ["cat/1.png", "dog/1.png"]
    assert kinds(dataset) == {("link_loop", "cat/up"), ("link_loop", "cat/here"), ("link_loop", "cat/self")}


def test_links_out_of_the_folder_are_followed_and_remarked(tmp_path):
    root = tmp_path / "data"
    write_picture(root / "cat" / "1.png")
    outside = write_picture(tmp_path / "elsewhere" / "2.png")
    (root / "cat" / "2.png").symlink_to(outside)
    (root / "dog").symlink_to(outside.parent)
    (root / "cat" / "gone.png").symlink_to("nowhere.png")
    dataset = read_dataset(root)
    assert dataset.frame["path"].tolist() == ["cat/1.png", "cat/2.png", "dog/2.png"]
    assert kinds(dataset) == {("link_outside", "cat/2.png"), ("link_outside", "dog"), ("broken_link", "cat/gone.png")}


def test_a_pipe_in_a_class_folder_does_not_hang(tmp_path):
    write_picture(tmp_path / "cat" / "1.png")
    os.mkfifo(tmp_path / "cat" / "2.png")
    assert len(read_dataset(tmp_path)) == 1


def test_a_name_that_is_not_utf8_is_remarked(tmp_path, cannot_run):
    write_picture(tmp_path / "cat" / "1.png")
    try:
        (tmp_path / "cat" / os.fsdecode(b"\xff.png")).write_bytes(b"x")
    except OSError:
        cannot_run("this file system takes no such names")
    dataset = read_dataset(tmp_path)
    assert len(dataset) == 1
    assert kinds(dataset) == {("undecodable_name", "cat/\\xff.png")}


def test_nothing_is_written_into_the_data_folder(tmp_path):
    root = tmp_path / "data"
    for number in range(8):
        write_picture(root / "cat" / f"{number}.png", seed=number)
        write_picture(root / "dog" / f"{number}.png", seed=100 + number)
    (root / "dog" / "bad.png").write_bytes(b"")
    paths = sorted([root, *root.rglob("*")])
    before = [(path, path.stat().st_mtime_ns, path.stat().st_size) for path in paths]
    for path in paths:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        split_dataset(audit_dataset(read_dataset(root)).dataset).write(tmp_path / "dataset.csv")
    finally:
        for path in paths:
            path.chmod(path.stat().st_mode | 0o200)
    assert [(path, path.stat().st_mtime_ns, path.stat().st_size) for path in sorted([root, *root.rglob("*")])] == before
