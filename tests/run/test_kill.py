"""A run killed with `kill -9` at any moment ends like one that was not: same history, same weights to the bit."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from headstart.run import Run, resume

SCRIPT = Path(__file__).with_name("train_and_die.py")
NUM_RANDOM_MOMENTS = 20
# 18 training pictures in 3 views and 3 for validation are 57 rows of a bank; batches of 8 make 3 steps an epoch.
MOMENTS = {
    "in the audit": ("checking pictures", 7),
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


def start(data: Path, folder: Path, *moment: object) -> subprocess.Popen:
    arguments = [data, folder / "run", folder / "banks", *moment]
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture(scope="module")
def unharmed(photos, tmp_path_factory) -> tuple[Run, float]:
    """A run that nothing stopped, and the seconds it took from its first line on."""
    folder = tmp_path_factory.mktemp("unharmed")
    process = start(photos, folder)
    process.stdout.readline()
    started = time.monotonic()
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return Run.load(folder / "run"), time.monotonic() - started


def assert_same_end(run: Run, unharmed: Run) -> None:
    ours, theirs = (one.history.frame.drop(columns="seconds") for one in (run, unharmed))
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
    weights, expected = (keras.saving.load_model(one.model_path, compile=False) for one in (run, unharmed))
    for weight, other in zip(weights.get_weights(), expected.get_weights(), strict=True):
        assert np.array_equal(weight, other)
    assert run.predictions_path.read_text() == unharmed.predictions_path.read_text()


def killed(process: subprocess.Popen) -> bool:
    _, errors = process.communicate(timeout=300)
    assert process.returncode in (-signal.SIGKILL, 0), errors
    return process.returncode != 0


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_killed_in_any_step_ends_like_one_that_was_not(photos, unharmed, tmp_path, moment):
    assert killed(start(photos, tmp_path, *MOMENTS[moment]))
    run = Run.load(tmp_path / "run")
    assert run.state["state"] == "started"
    assert_same_end(resume(run.path), unharmed[0])


@pytest.mark.slow
@pytest.mark.parametrize("number", range(NUM_RANDOM_MOMENTS))
def test_a_run_killed_at_a_random_moment_ends_like_one_that_was_not(photos, unharmed, tmp_path, number):
    reference, seconds = unharmed
    process = start(photos, tmp_path)
    process.stdout.readline()
    time.sleep(random.Random(number).uniform(0, 1) * seconds)
    process.kill()
    killed(process)
    if not (tmp_path / "run" / "run.json").exists():  # killed while the network was loaded: there is no run yet
        assert not (tmp_path / "run").exists()
        process = start(photos, tmp_path)
        assert not killed(process)
    assert_same_end(resume(tmp_path / "run"), reference)
