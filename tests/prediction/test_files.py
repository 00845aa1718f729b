"""The files that paths name: in order, each once, streamed."""

import os
from pathlib import Path

import pytest
from PIL import Image

from headstart.errors import DataNotFoundError
from headstart.prediction import expand_paths
from headstart.prediction.files import count_files, fingerprint_files


@pytest.fixture
def tree(tmp_path) -> Path:
    for name in ("b.png", "a.png", "z/1.png", "c/2.png", "c/deep/3.png", ".hidden.png", ".thumbnails/4.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def names(paths, tree) -> list[str]:
    return [file.relative_to(tree).as_posix() for file in expand_paths(paths)]


def test_a_folder_is_walked_in_order_and_hidden_files_are_passed_over(tree):
    assert names([tree], tree) == ["a.png", "b.png", "c/2.png", "c/deep/3.png", "z/1.png"]


def test_a_file_that_several_paths_name_comes_once(tree):
    paths = [tree / "b.png", tree / "c", tree, f"{tree}/*.png", tree / "c" / "deep"]
    assert names(paths, tree) == ["b.png", "c/2.png", "c/deep/3.png", "a.png", "z/1.png"]
    assert count_files(paths) == 5


def test_a_hidden_file_that_is_named_comes_although_its_folder_was_walked(tree):
    assert names([tree / "c", tree / ".hidden.png", tree / ".thumbnails" / "4.png"], tree)[2:] == [
        ".hidden.png",
        ".thumbnails/4.png",
    ]
    assert names([tree, tree / ".hidden.png"], tree)[-1] == ".hidden.png"


def test_a_file_behind_a_link_that_was_not_followed_comes_when_it_is_named(tree):
    outside = tree.parent / f"{tree.name}-outside"
    outside.mkdir()
    (outside / "5.png").write_bytes(b"x")
    (tree / "link").symlink_to(outside)
    assert names([tree, tree / "link" / "5.png"], tree)[-1] == "link/5.png"


def test_pipes_are_passed_over_and_broken_links_are_not(tree):
    os.mkfifo(tree / "pipe")
    (tree / "broken.png").symlink_to(tree / "nowhere.png")
    assert names([tree], tree)[:3] == ["a.png", "b.png", "broken.png"]


def test_a_name_that_looks_like_a_pattern_is_a_name_first(tmp_path):
    for name in ("a[1].png", "a1.png"):
        Image.new("RGB", (40, 40)).save(tmp_path / name)
    assert list(expand_paths([tmp_path / "a[1].png"])) == [tmp_path / "a[1].png"]


def test_files_come_one_by_one(tree):
    files = expand_paths([tree, tree / "missing"])
    assert next(files) == tree / "a.png"
    with pytest.raises(DataNotFoundError, match="missing"):
        list(files)


def test_memory_does_not_grow_with_the_number_of_files_below_a_folder(tmp_path, peak_memory):
    for folder in range(40):
        (tmp_path / f"{folder:02}").mkdir()
        for number in range(50):
            (tmp_path / f"{folder:02}" / f"{number}.png").touch()
    # Forty names of folders, and not two thousand of files.
    assert peak_memory("walk", tmp_path) < peak_memory("walk", tmp_path / "00") + 40_000


def test_a_folder_that_cannot_be_read_is_named(tree, monkeypatch):
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataNotFoundError, match="deep") as caught:
        count_files([tree])
    assert caught.value.received == "Permission denied"


@pytest.mark.parametrize("change", ["add", "rename", "grow", "touch"])
def test_the_fingerprint_tells_other_files(tree, change):
    before = fingerprint_files([tree])
    assert fingerprint_files([tree]) == before
    if change == "add":
        (tree / "new.png").touch()
    elif change == "rename":
        (tree / "a.png").rename(tree / "aa.png")
    elif change == "grow":
        (tree / "a.png").write_bytes(b"xy")
    else:
        os.utime(tree / "a.png", ns=(1, 1))
    assert fingerprint_files([tree]) != before
