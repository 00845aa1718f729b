"""A folder is used by one process at a time, and a killed one leaves no lock."""

import os
import subprocess
import sys

import pytest

from headstart.errors import InUseError
from headstart.files import sole_use

HOLD = """
import sys
from pathlib import Path
from headstart.files import sole_use
with sole_use(Path(sys.argv[1]), purpose="trains", hint="Wait."):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of a folder."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_with_the_way_on(tmp_path, holder):
    with pytest.raises(InUseError) as caught, sole_use(tmp_path, purpose="trains", hint="Wait."):
        pytest.fail("the lock was not kept")
    assert caught.value.problem == f"Another process trains '{tmp_path}'."
    assert caught.value.hint == "Wait."


def test_a_killed_process_leaves_no_lock(tmp_path, holder):
    holder.kill()
    holder.wait()
    with sole_use(tmp_path, purpose="trains", hint="Wait."):
        pass


def test_a_lock_ends_with_its_block_and_holds_within_one_process(tmp_path):
    for _ in range(2):
        with (
            sole_use(tmp_path, purpose="trains", hint="Wait."),
            pytest.raises(InUseError),
            sole_use(tmp_path, purpose="trains", hint="Wait."),
        ):
            pass
    assert os.name != "posix" or not list(tmp_path.iterdir())
