"""The image for serving: small, without rights, and with exactly what a server needs."""

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from headstart.serving.packages import NEEDED

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"


def instructions() -> list[tuple[str, str]]:
    text = DOCKERFILE.read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines]


def installed() -> set[str]:
    lines = (ROOT / "requirements-serve.txt").read_text("utf-8").splitlines()
    return names_of([line for line in lines if line.strip() and not line.startswith("#")])


def names_of(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w-]+", requirement)[0].lower() for requirement in requirements}


def test_the_image_installs_the_extra_and_no_package_for_training():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extra = names_of(project["optional-dependencies"]["serve"])
    assert extra == set(NEEDED.values())
    assert extra <= installed()
    assert installed() - extra <= names_of(project["dependencies"])
    assert not installed() & {"tensorflow", "keras", "pandas", "scipy", "scikit-learn", "matplotlib"}


def needed_by(names: set[str]) -> set[str]:
    """These distributions and all that they require, as `pip install` finds them."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found.add(name)
            required = map(Requirement, importlib.metadata.requires(name) or ())
            waiting += [one.name for one in required if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


def test_a_server_starts_with_nothing_but_what_the_image_installs(artifact):
    """Every other package of this environment is hidden from it."""
    modules = importlib.metadata.packages_distributions()
    there = needed_by(installed()) | {"headstart"}
    hidden = sorted(
        module for module, owners in modules.items() if not {canonicalize_name(owner) for owner in owners} & there
    )
    assert {"tensorflow", "keras", "pandas", "scipy"} <= set(hidden)
    code = f"""
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {set(hidden)}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden())
from headstart.cli.app import main
main()
"""
    command = [sys.executable, "-c", code, "serve", str(artifact), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        said = process.stderr.readline()
        process.terminate()
        assert said.startswith("Serving at"), said + process.stderr.read()
        assert process.wait(10) == 0


def test_the_server_runs_without_rights_and_ends_when_it_is_told():
    rows = instructions()
    assert [argument for name, argument in rows if name == "USER"] == ["10001"]
    assert [name for name, _ in rows].index("USER") < [name for name, _ in rows].index("ENTRYPOINT")
    assert ("STOPSIGNAL", "SIGTERM") in rows
    # As a list: a shell in between would not pass the signal on.
    assert all(argument.startswith("[") for name, argument in rows if name in {"ENTRYPOINT", "CMD"})


def test_the_base_is_small_and_named_with_its_version():
    bases = {argument.split()[0] for name, argument in instructions() if name == "FROM"}
    assert all(re.fullmatch(r"python:3\.1[123]-slim-\w+", base) for base in bases)


def test_only_what_is_needed_is_sent_to_the_build():
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert ignored[0] == "*"
    kept = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        word.removeprefix("./").rstrip("/")
        for name, argument in instructions()
        if name == "COPY" and "--from" not in argument
        for word in argument.split()[:-1]
    }
    assert copied == kept
    assert all((ROOT / name).exists() for name in kept)


def test_a_linter_finds_nothing(cannot_run):
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if program is None:
        cannot_run("hadolint is not installed")
    outcome = subprocess.run([program, str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stdout) == (0, "")
