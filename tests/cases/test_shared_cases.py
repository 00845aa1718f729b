"""Inputs in the layouts that people really have: every folder of `cases` behaves as its README.txt says."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from expected import MODULES

CASES = Path(os.environ.get("HEADSTART_SHARED", Path(__file__).parents[3] / "shared")) / "cases"
EXPECTATIONS: dict[str, Callable[[Path], None]] = {
    name: check for module in MODULES for name, check in vars(module).items() if re.match(r"[a-z]\d\d", name)
}
NAMES = sorted({*EXPECTATIONS, *(folder.name for folder in CASES.glob("*") if folder.is_dir())})


@pytest.mark.shared
@pytest.mark.parametrize("name", NAMES)
def test_a_real_world_input_behaves_as_its_readme_says(name, shared_dir):
    before = {path: path.stat().st_mtime_ns for path in (shared_dir / "cases" / name).rglob("*")}
    EXPECTATIONS[name](shared_dir / "cases" / name / "data")
    assert {path: path.stat().st_mtime_ns for path in (shared_dir / "cases" / name).rglob("*")} == before
