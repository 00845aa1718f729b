"""Fixtures every test may use."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SHARED_DIR = Path(os.environ.get("HEADSTART_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def cannot_run() -> Callable[[str], None]:
    """Gives a test up for want of something: it is skipped, but fails in continuous integration, which has it all."""
    return pytest.fail if os.environ.get("CI") else pytest.skip


@pytest.fixture(scope="session", autouse=True)
def bank_dir(tmp_path_factory) -> Iterator[Path]:
    """Folder of all feature banks of the tests, and of processes that they start: never the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADSTART_BANK_DIR", str(folder := tmp_path_factory.mktemp("banks")))
        yield folder


@pytest.fixture(scope="session")
def shared_dir(cannot_run) -> Path:
    """Folder with the real data sets and weights."""
    if not SHARED_DIR.is_dir():
        cannot_run(f"needs real data in {SHARED_DIR}; set HEADSTART_SHARED to its folder")
    return SHARED_DIR
