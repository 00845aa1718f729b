"""A run that is interrupted anywhere ends like one that was not."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.errors import DataNotFoundError, RunDamagedError, RunNotFoundError
from headstart.progress import SilentProgress
from headstart.run import Run, resume

# 18 pictures in batches of 8 make 3 steps an epoch.
MOMENTS = {
    "in the audit": {"step": "checking images", "parts": 5},
    "in the feature bank": {"step": "computing the feature bank", "parts": 32},
    "in the linear probe": {"step": "linear probe", "parts": 36},
    "after the linear probe": {"text": "linear probe: "},
    "in the first epoch": {"step": "frozen phase", "parts": 2},
    "at the end of an epoch": {"step": "frozen phase", "parts": 3},
    "in the second epoch": {"step": "frozen phase", "parts": 5},
    "between the phases": {"text": "Step 4"},
    "in the first epoch of fine-tuning": {"step": "fine-tuning phase", "parts": 1},
    "in the second epoch of fine-tuning": {"step": "fine-tuning phase", "parts": 5},
    "in the calibration": {"step": "calibrating", "parts": 18},
    "before the evaluation": {"step": "evaluating", "parts": 0},
    "before the report": {"step": "writing the report", "parts": 0},
}
# Neighbours are apart: a run interrupted at one moment is interrupted at the next but one, after it went on.
HALVES = (list(MOMENTS)[::2], list(MOMENTS)[1::2])


@pytest.fixture
def interrupted(photos, train_quick, tmp_path, interrupter):
    """Trains until a moment, then stops."""

    def train_until(moment, *, data=photos):
        with pytest.raises(KeyboardInterrupt) as caught:
            train_quick(data, tmp_path / "run", bank_dir=tmp_path / "banks", progress=interrupter(**MOMENTS[moment]))
        assert any(str(tmp_path / "run") in note for note in caught.value.__notes__)
        return Run.load(tmp_path / "run")

    return train_until


@pytest.mark.slow
@pytest.mark.parametrize("moments", HALVES, ids=("first half", "second half"))
def test_a_run_interrupted_in_many_steps_ends_like_one_that_was_not(
    interrupted, interrupter, finished_run, assert_same_result, moments
):
    run = interrupted(moments[0])
    for moment in moments[1:]:
        with pytest.raises(KeyboardInterrupt):
            resume(run.path, progress=interrupter(**MOMENTS[moment]))
        assert Run.load(run.path).state["state"] == "interrupted", moment
        assert not run.html_path.exists(), moment
    resumed = resume(run.path)
    assert resumed.state["state"] == "finished"
    assert_same_result(resumed, finished_run)
    assert resumed.dataset.frame.equals(finished_run.dataset.frame)
    assert resumed.predictions_path.read_text() == finished_run.predictions_path.read_text()
    assert resumed.state["phases"] == finished_run.state["phases"]


class Steps(SilentProgress):
    """Keeps the names of the steps."""

    def __init__(self):
        self.names = []

    def start(self, step, total):
        self.names.append(step)


def test_what_is_done_is_not_done_again(interrupted):
    run = interrupted("in the first epoch of fine-tuning")
    assert run.history.frame["phase"].tolist() == ["linear probe", "frozen", "frozen"]
    steps = Steps()
    resume(run.path, progress=steps)
    assert steps.names == ["loading vgg19_mini", "fine-tuning phase", "calibrating", "evaluating", "writing the report"]


def test_rows_of_the_bank_that_were_computed_before_the_interruption_are_not_computed_again(interrupted):
    run = interrupted("in the first epoch")
    num_computed = run.state["bank"]["num_computed"]
    assert num_computed == 18 * 8 + 3
    assert resume(run.path).state["bank"]["num_computed"] == num_computed


def test_a_finished_run_is_given_back_as_it_is(finished_run):
    before = {path: path.stat().st_mtime_ns for path in finished_run.path.rglob("*")}
    assert resume(finished_run.path) == finished_run
    assert {path: path.stat().st_mtime_ns for path in finished_run.path.rglob("*")} == before


@pytest.mark.parametrize("moment", ["in the second epoch", "before the evaluation"])
@pytest.mark.parametrize("part", ["train", "test"])
def test_a_picture_that_changed_meanwhile_stops_the_run(interrupted, own_photos, moment, part):
    run = interrupted(moment, data=own_photos)
    changed = run.dataset.part(part).frame["path"][0]
    Image.fromarray(np.zeros((40, 40, 3), "uint8")).save(own_photos / changed)
    with pytest.raises(RunDamagedError) as caught:
        resume(run.path)
    assert changed in caught.value.received
    assert Run.load(run.path).state["state"] == "failed"


def test_a_picture_that_vanished_meanwhile_stops_the_run(interrupted, own_photos):
    run = interrupted("in the first epoch", data=own_photos)
    gone = run.dataset.part("validation").frame["path"][0]
    (own_photos / gone).rename(own_photos / f"{gone}.bak")
    with pytest.raises(RunDamagedError, match="1 of 24 images"):
        resume(run.path)


@pytest.mark.parametrize("moment", ["in the second epoch", "before the evaluation"])
def test_a_run_goes_on_where_its_data_was_moved_to(interrupted, own_photos, tmp_path, moment):
    run = interrupted(moment, data=own_photos)
    moved = own_photos.rename(tmp_path / "moved")
    with pytest.raises(DataNotFoundError, match=r"headstart resume .* --data NEW_PATH"):
        resume(run.path)
    resumed = resume(run.path, data=moved)
    assert resumed.state["state"] == "finished"
    assert resumed.dataset.root == Path(resumed.recipe.data.path) == moved


def test_a_new_place_that_lacks_images_is_refused(interrupted, own_photos, tmp_path):
    run = interrupted("in the first epoch", data=own_photos)
    moved = own_photos.rename(tmp_path / "moved")
    gone = run.dataset.frame["path"][0]
    (moved / gone).unlink()
    with pytest.raises(RunDamagedError, match="1 of 24 images") as caught:
        resume(run.path, data=moved)
    assert f"no {gone}" in caught.value.received
    with pytest.raises(DataNotFoundError, match="--data"):
        resume(run.path, data=tmp_path / "nowhere")
    assert Run.load(run.path).dataset.root == own_photos


def test_data_may_move_before_it_was_looked_at(interrupted, own_photos, tmp_path):
    run = interrupted("in the audit", data=own_photos)
    moved = own_photos.rename(tmp_path / "moved")
    with pytest.raises(DataNotFoundError, match="--data NEW_PATH"):
        resume(run.path)
    assert resume(run.path, data=moved).dataset.root == moved


def test_there_is_nothing_to_resume_where_there_is_no_run(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(RunNotFoundError):
            resume(path)
    assert list(tmp_path.iterdir()) == []
