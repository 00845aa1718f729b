"""A command line to type into, pictures to type about, and one finished run."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from headstart.cli.app import app
from headstart.cli.console import PlainConsole
from headstart.cli.surroundings import TRACEBACK_VARIABLE, Surroundings

# Without the working directory in the path, like the installed script: Python 3.13 cannot import where it is gone.
PROGRAM = [sys.executable, "-P", "-c", "from headstart.cli.app import main; main()"]
# A tenth of a second an epoch: random weights, pictures of 32 pixels.
QUICK = ["--backbone", "vgg19_mini", "--weights", "none", "--image-size", "32", "--frozen-epochs", "1", "--epochs", "0"]
COLOURS = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}

MakePictures = Callable[[Path, Mapping[str, int]], Path]


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str


TypeCommand = Callable[..., Outcome]


@pytest.fixture(scope="session")
def type_command() -> TypeCommand:
    """Types a command into this process, at 80 columns."""

    def run(*words: str | Path, env: Mapping[str, str] | None = None) -> Outcome:
        result = CliRunner(env={"COLUMNS": "80", **(env or {})}).invoke(app, [str(word) for word in words])
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture(scope="session")
def type_on_terminal() -> TypeCommand:
    """Types a command on a simulated terminal of 80 columns."""

    def run(*words: str | Path) -> Outcome:
        consoles = [PlainConsole(file=io.StringIO(), force_terminal=True, width=80) for _ in range(2)]
        result = CliRunner().invoke(app, [str(word) for word in words], obj=Surroundings(*consoles))
        stdout, stderr = (console.file.getvalue() for console in consoles)
        return Outcome(result.exit_code, stdout, stderr)

    return run


@pytest.fixture(scope="session")
def start_process() -> Callable[..., subprocess.Popen[str]]:
    """Starts a command in a process of its own."""

    def start(*words: str | Path, **options: object) -> subprocess.Popen[str]:
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("TF_") and name != TRACEBACK_VARIABLE
        }
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": env}
        # Where the tests run in the background, Ctrl-C is ignored, and processes inherit that.
        heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)} if os.name == "posix" else {}
        return subprocess.Popen([*PROGRAM, *map(str, words)], **{**pipes, **heard, **options})

    return start


@pytest.fixture(scope="session")
def make_pictures() -> MakePictures:
    """Writes class folders with so many different pictures each."""

    def make(folder: Path, counts: Mapping[str, int]) -> Path:
        noise = np.random.default_rng(0)
        for name, count in counts.items():
            (folder / name).mkdir(parents=True)
            for index in range(count):
                pixels = np.array(COLOURS.get(name, (90, 90, 90))) + noise.normal(0, 50, (40, 40, 3))
                Image.fromarray(pixels.clip(0, 255).astype("uint8")).save(folder / name / f"{index}.png")
        return folder

    return make


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory, make_pictures: MakePictures) -> Path:
    """Three classes with eight pictures each."""
    return make_pictures(tmp_path_factory.mktemp("data") / "photos", dict.fromkeys(COLOURS, 8))


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory, photos: Path, type_command: TypeCommand) -> Path:
    """A run that took one epoch."""
    path = tmp_path_factory.mktemp("runs") / "finished"
    outcome = type_command("train", photos, *QUICK, "--out", path)
    assert outcome.code == 0, outcome.stderr
    return path
