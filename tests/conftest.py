"""Fixtures every test may use."""

import os
from pathlib import Path

import pytest

SHARED_DIR = Path(os.environ.get("HEADSTART_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Folder with the real data sets and weights; a clone without it skips, continuous integration fails."""
    if not SHARED_DIR.is_dir():
        reason = f"needs real data in {SHARED_DIR}; set HEADSTART_SHARED to its folder"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return SHARED_DIR
