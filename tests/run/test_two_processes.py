"""A second process that would work in the same place is refused, and names are given out once."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from headstart.errors import InUseError
from headstart.files import sole_use
from headstart.recipe import Recipe
from headstart.run import Run, rank_backbones, resume
from headstart.run.export import _alone
from headstart.run.log import logged_to
from headstart.run.storage import sole_training
from headstart.run.train import _claimed
from headstart.similarity.build import _claimed as claimed_index


def test_runs_that_start_together_get_directories_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = Recipe.from_values({"data": {"path": str(tmp_path / "photos")}})
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: _claimed(recipe).path.name, range(40)))
    assert sorted(names) == sorted(f"photos-vgg19-{number}" for number in range(1, 41))


def test_a_run_is_not_resumed_while_another_process_trains_it(tmp_path):
    run = Run(tmp_path)
    run.update_state("interrupted")
    with sole_training(tmp_path), pytest.raises(InUseError, match="Another process trains in") as caught:
        resume(tmp_path)
    assert f"headstart resume {tmp_path}" in caught.value.hint
    assert run.state["state"] == "interrupted"


def test_two_exports_into_one_folder_are_refused(tmp_path):
    with _alone(tmp_path / "artifact"), pytest.raises(InUseError, match="exports into"), _alone(tmp_path / "artifact"):
        pass


def test_two_indexes_get_folders_of_their_own_or_the_second_is_refused(tmp_path):
    named = tmp_path / "indexes" / "photos-vgg19"
    with (
        claimed_index(named, is_numbered=True) as (first, partial),
        claimed_index(named, is_numbered=True) as (second, _),
    ):
        (partial / "index.json").write_text("{}")
        assert (first.name, second.name) == ("photos-vgg19-1", "photos-vgg19-2")
    assert (first / "index.json").read_text() == "{}"
    with (
        claimed_index(tmp_path / "mine", is_numbered=False),
        pytest.raises(InUseError, match="writes an index"),
        claimed_index(tmp_path / "mine", is_numbered=False),
    ):
        pass


def test_two_rankings_into_one_folder_are_refused_before_the_work(photos, tmp_path):
    out = tmp_path / "rank"
    out.mkdir()
    with (
        sole_use(out, purpose="writes a ranking in", hint="Wait."),
        pytest.raises(InUseError, match="a ranking") as caught,
    ):
        rank_backbones(photos, backbones=[], weights={"vgg19_mini": "none"}, image_size=32, engine="keras", out=out)
    assert "--out" in caught.value.hint
    assert not any(out.iterdir())


def test_a_name_cannot_forge_a_line_of_the_log(tmp_path):
    logger = logging.getLogger("headstart.test_log")
    with logged_to(tmp_path / "run.log", logger):
        logger.warning("left out: %s", "a\n2026-01-01 INFO finished\x1b[2J.png")
    (line,) = (tmp_path / "run.log").read_text("utf-8").splitlines()
    assert line.endswith(r"left out: a\n2026-01-01 INFO finished\x1b[2J.png")
