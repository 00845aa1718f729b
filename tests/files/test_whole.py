"""Files and folders are whole or absent, also where several processes write the same ones."""

import errno
import json
import multiprocessing
import os
import stat
import time
from pathlib import Path

import pytest

from headstart.files import (
    PARTIAL_PREFIX,
    claim_folder,
    remove_stale_partials,
    whole_file,
    whole_folder,
    write_bytes,
    write_json,
    write_text,
)

SPAWN = multiprocessing.get_context("spawn")
LENGTH = 2**16


def write_often(path: Path, letter: int, rounds: int) -> None:
    for _ in range(rounds):
        write_bytes(path, bytes([letter]) * LENGTH)


def fill(folder: Path, text: str = "mine") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "a").write_text(text)
    return folder


def claim(parent: Path, rounds: int) -> list[str]:
    return [claim_folder(parent, "photos-vgg19").name for _ in range(rounds)]


def test_processes_that_write_one_file_leave_the_file_of_one_of_them(tmp_path):
    path = tmp_path / "chunk.f16"
    with SPAWN.Pool(3) as pool:
        done = pool.starmap_async(write_often, [(path, letter, 60) for letter in b"abc"])
        while not done.ready():
            if path.exists():
                content = path.read_bytes()
                assert len(content) == LENGTH
                assert len(set(content)) == 1
        done.get()
    assert [each.name for each in tmp_path.iterdir()] == ["chunk.f16"]


def test_processes_that_start_together_get_folders_of_their_own(tmp_path):
    with SPAWN.Pool(3) as pool:
        names = [name for part in pool.starmap(claim, [(tmp_path / "runs", 30)] * 3) for name in part]
    assert len(set(names)) == 90
    assert set(names) == {f"photos-vgg19-{number}" for number in range(1, 91)}


@pytest.mark.parametrize("method", ["write_bytes", "replace"])
def test_a_write_that_fails_leaves_the_old_text_and_nothing_beside_it(tmp_path, monkeypatch, method):
    path = tmp_path / "run.json"
    write_text(path, "old")

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, method, fail)
    with pytest.raises(OSError, match="No space"):
        write_text(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["run.json"]


def test_a_file_may_have_the_longest_name_and_keeps_its_ending_on_the_way(tmp_path):
    path = tmp_path / ("n" * 251 + ".png")
    with whole_file(path) as partial:
        assert partial.suffix == ".png"
        partial.write_bytes(b"x")
    assert path.read_bytes() == b"x"


def test_others_may_read_what_is_written(tmp_path):
    write_text(tmp_path / "a", "a")
    (tmp_path / "b").write_text("b")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "b").stat().st_mode)


def test_json_keeps_every_letter(tmp_path):
    write_json(tmp_path / "run.json", {"name": "Löwenzahn 花"})
    assert "Löwenzahn 花" in (tmp_path / "run.json").read_text(encoding="utf-8")


def test_json_holds_names_that_are_no_text(tmp_path):
    write_json(tmp_path / "run.json", {"name": "a\udc80"})
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8")) == {"name": "a\udc80"}


def test_a_folder_is_whole_or_absent(tmp_path):
    with pytest.raises(NotADirectoryError), whole_folder(tmp_path / "index") as partial:
        fill(partial).joinpath("a", "b").write_text("a file is no folder")
    assert not list(tmp_path.iterdir())
    with whole_folder(tmp_path / "deep" / "index") as partial:
        (partial / "a").write_text("whole")
    assert (tmp_path / "deep" / "index" / "a").read_text() == "whole"


def test_a_folder_that_another_process_filled_meanwhile_stays(tmp_path):
    with pytest.raises(FileExistsError), whole_folder(tmp_path / "index") as partial:
        fill(partial, fill(tmp_path / "index", "theirs").name)
    assert (tmp_path / "index" / "a").read_text() == "theirs"
    assert [each.name for each in tmp_path.iterdir()] == ["index"]


def test_what_a_killed_process_left_goes_away_after_a_day(tmp_path):
    old, new = tmp_path / f"{PARTIAL_PREFIX}1-a.f16", tmp_path / f"{PARTIAL_PREFIX}2-b.f16"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 25 * 3600,) * 2)
    remove_stale_partials(tmp_path)
    assert not old.exists()
    assert new.exists()
