"""What is published holds what a clone holds, and needs what it declares."""

import re
import subprocess
import tarfile
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.packaging


@pytest.fixture(scope="module")
def files_of_a_clone(cannot_run) -> set[str]:
    """Paths of all files that belong to the project."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        cannot_run("not a git checkout: nothing says which files belong to the project")
    return {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}


def test_a_source_distribution_holds_what_a_clone_holds(distributions, files_of_a_clone):
    with tarfile.open(distributions["sdist"]) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert files_of_a_clone <= held
    strays = {name for name in held if "__pycache__" in name or name.startswith(("runs/", "demo/", ".venv/"))}
    assert not strays


def test_a_wheel_holds_every_file_of_the_package_and_nothing_else(distributions, files_of_a_clone):
    with zipfile.ZipFile(distributions["wheel"]) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = {name.removeprefix("src/") for name in files_of_a_clone if name.startswith("src/headstart/")}
    assert held == package


def test_the_page_of_a_package_index_has_addresses_and_no_dead_link(distributions):
    with zipfile.ZipFile(distributions["wheel"]) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = message_from_string(archive.read(name).decode())
    assert any(url.startswith("Homepage") for url in metadata.get_all("Project-URL"))
    text = metadata.get_payload()
    links = re.findall(r"\]\(([^)]+)\)|(?:src|href)=\"([^\"]+)\"", text)
    assert all(link.startswith("https://") for pair in links for link in pair if link)
    assert "pip install headstart" in text
    assert text.strip() == (ROOT / "docs" / "package-index.md").read_text("utf-8").strip()
