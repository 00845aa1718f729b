"""A run killed with `kill -9`, again and again, ends like one that was not: same history, same weights to the bit.

`HEADSTART_KILLED_RUNS=10` kills more runs at random moments than the 2 of every run of the tests.
"""

import importlib
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from headstart.run import Run

NUM_RANDOM_RUNS = int(os.environ.get("HEADSTART_KILLED_RUNS", "2"))
# 18 training pictures in 3 views and 3 for validation are 57 rows of a bank; batches of 8 make 3 steps an epoch.
MOMENTS = {
    "in the audit": ("checking images", 7),
    "before the bank": ("computing the feature bank", 0),
    "in the bank": ("computing the feature bank", 40),
    "in the probe": ("linear probe", 10),
    "in the first frozen epoch": ("frozen phase", 1),
    "after the first frozen epoch": ("frozen phase", 4),
    "at the start of fine-tuning": ("fine-tuning phase", 0),
    "in the first epoch of fine-tuning": ("fine-tuning phase", 2),
    "at the last step of an epoch": ("fine-tuning phase", 3),
    "in the second epoch of fine-tuning": ("fine-tuning phase", 5),
    "in the last epoch of fine-tuning": ("fine-tuning phase", 8),
    "at the start of the deep phase": ("deep fine-tuning phase", 0),
    "in the second epoch of the deep phase": ("deep fine-tuning phase", 5),
    "in the calibration": ("calibrating", 18),
    "before the evaluation": ("evaluating", 0),
    "after the evaluation": ("evaluating", 1),
    "in the report": ("writing the report", 0),
}
# Neighbours are apart: a run killed at one moment is killed at the next but one, after it went on.
HALVES = (list(MOMENTS)[::2], list(MOMENTS)[1::2])


@pytest.fixture(scope="module")
def start(photos) -> Iterator[Callable[..., BaseProcess]]:
    """Trains, or resumes, in a process of its own, which is killed at a moment, if one is given.

    The process is a fork of one that has imported TensorFlow and did nothing else: importing takes as long as training.
    """
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["headstart.run"])
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        train_and_die = importlib.import_module("train_and_die").train_and_die

        def start(folder: Path, *moment: object) -> BaseProcess:
            process = forks.Process(target=train_and_die, args=(photos, folder / "run", folder / "banks", *moment))
            process.start()
            return process

        yield start


@pytest.fixture(scope="module")
def unharmed(start, tmp_path_factory) -> tuple[Run, float]:
    """A run that nothing stopped, and the seconds it took."""
    folder = tmp_path_factory.mktemp("unharmed")
    process = start(folder)
    started = time.monotonic()
    assert not killed(process)
    return Run.load(folder / "run"), time.monotonic() - started


def assert_ends_like(unharmed: Run, run: Run, assert_same_result: Callable[[Run, Run], None]) -> None:
    assert_same_result(run, unharmed)
    assert run.predictions_path.read_text() == unharmed.predictions_path.read_text()


def killed(process: BaseProcess) -> bool:
    """Whether it was killed, as soon as it has ended; what went wrong in it stands in the captured output."""
    process.join(timeout=300)
    assert process.exitcode in (-signal.SIGKILL, 0)
    return process.exitcode != 0


@pytest.mark.slow
@pytest.mark.parametrize("moments", HALVES, ids=("first half", "second half"))
def test_a_run_killed_in_many_steps_ends_like_one_that_was_not(start, unharmed, assert_same_result, tmp_path, moments):
    for moment in moments:
        assert killed(start(tmp_path, *MOMENTS[moment])), moment
        assert Run.load(tmp_path / "run").state["state"] == "started", moment
    assert not killed(start(tmp_path))
    assert_ends_like(unharmed[0], Run.load(tmp_path / "run"), assert_same_result)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(NUM_RANDOM_RUNS))
def test_a_run_killed_at_two_random_moments_ends_like_one_that_was_not(
    start, unharmed, assert_same_result, tmp_path, number
):
    pauses = random.Random(number)
    for _ in range(2):
        process = start(tmp_path)
        time.sleep(pauses.uniform(0, 1) * unharmed[1])
        process.kill()
        killed(process)
        # Killed while the network was loaded, it leaves no run.
        assert (tmp_path / "run" / "run.json").exists() or not (tmp_path / "run").exists()
    assert not killed(start(tmp_path))
    assert_ends_like(unharmed[0], Run.load(tmp_path / "run"), assert_same_result)
