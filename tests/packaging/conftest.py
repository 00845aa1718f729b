"""What is published, built once."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")


def run(*command: object, **options) -> str:
    """What a command prints; its whole output stands in the error where it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def run_command() -> Callable[..., str]:
    """Runs a command and gives what it prints."""
    return run


@pytest.fixture(scope="session")
def distributions(tmp_path_factory, cannot_run) -> dict[str, Path]:
    """The source distribution, and the wheel that is built from it: `sdist` and `wheel`."""
    if UV is None:
        cannot_run("uv is not installed; it comes with the extra 'dev'")
    folder = tmp_path_factory.mktemp("dist")
    run(UV, "build", "--quiet", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder, ROOT)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return {"sdist": sdist, "wheel": wheel}


@pytest.fixture(scope="session")
def environment(distributions, tmp_path_factory) -> Path:
    """An empty environment of the newest supported Python at hand with the wheel and no extra: its `bin` folder."""
    folder = tmp_path_factory.mktemp("environment")
    run(UV, "venv", "--quiet", "--no-python-downloads", "--python", _newest_python(), folder / "venv")
    python = folder / "venv" / "bin" / "python"
    install = [UV, "pip", "install", "--quiet", "--python", python]
    run(*install, "--require-hashes", "--requirement", ROOT / "requirements-core.lock")
    run(*install, "--no-deps", distributions["wheel"])
    return python.parent


def _newest_python() -> str:
    """Path of the newest supported interpreter that is installed; this one's where there is no newer."""
    for version in ("3.13", "3.12"):
        found = subprocess.run(
            [UV, "python", "find", "--no-python-downloads", "--no-project", "--system", version],
            capture_output=True,
            text=True,
            check=False,
        )
        if found.returncode == 0:
            return found.stdout.strip()
    return sys.executable
