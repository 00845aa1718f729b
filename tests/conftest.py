"""Fixtures every test may use."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from drawn_data import drawn_data

SHARED_DIR = Path(os.environ.get("HEADSTART_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Notebooks first: the longest tests, started last, would let the other workers wait for their end."""
    items.sort(key=lambda item: item.get_closest_marker("notebook") is None)


def pytest_collection_finish() -> None:
    """What the tests import stays to the end: no search for garbage needs to walk through its million objects."""
    gc.collect()
    gc.freeze()


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


@pytest.fixture(scope="session")
def draw_data() -> Callable[..., Path]:
    """Writes images with a red or blue rectangle each, annotated for a task, and gives what can be read."""
    return drawn_data
