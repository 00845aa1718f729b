"""Every package that the code imports is declared, where it is imported; every declared one is used."""

import ast
import importlib.metadata
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "headstart"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
MODULES = importlib.metadata.packages_distributions()
# Needed by what is imported, and imported by nobody here.
BEHIND_OTHERS = {
    "tensorflow": "the default backend of Keras",
    "pyarrow": "pandas reads and writes Parquet with it",
    "backports-strenum": "an older version than ai-edge-litert would take",
    "onnx": "tf2onnx builds its files with it",
    "httptools": "uvicorn parses requests with it",
    "uvloop": "uvicorn waits for events with it",
    "python-multipart": "FastAPI reads forms with it",
}

FILES_OF_EXTRAS = ("serving/*.py", "artifacts/*_contents.py", "artifacts/*_export.py", "artifacts/*_runtime.py")


def declared(extra: str | None = None) -> set[str]:
    lines = PROJECT["dependencies"] if extra is None else PROJECT["optional-dependencies"][extra]
    return {canonicalize_name(Requirement(line).name) for line in lines}


EXTRAS = [extra for extra in PROJECT["optional-dependencies"] if extra != "dev"]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported(path: Path) -> Iterator[tuple[str, bool]]:
    """Distribution of each package that a file imports, and whether the file cannot be imported without it."""
    tree = tree_of(path)
    at_once = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for module in {name.partition(".")[0] for name in names} - {"headstart", ""} - sys.stdlib_module_names:
            yield canonicalize_name(MODULES[module][0]), id(node) in at_once


def loaded_by_name(path: Path) -> Iterator[str]:
    """Distributions whose modules stand as text in calls such as `import_quietly("openvino.frontend")`."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            module = str(node.args[0].value).partition(".")[0]
            if module in MODULES and module != "headstart":
                yield canonicalize_name(MODULES[module][0])


FILES = sorted(PACKAGE.rglob("*.py"))


def test_every_imported_package_is_declared():
    known = declared().union(*map(declared, EXTRAS))
    undeclared = {(path.name, name) for path in FILES for name, _ in imported(path) if name not in known}
    assert not undeclared


def test_only_the_files_of_an_extra_need_it_to_be_imported():
    """Such a file is imported late, by code that says which extra is missing."""
    needing = {
        path.relative_to(PACKAGE).as_posix(): name
        for path in FILES
        for name, at_once in imported(path)
        if at_once and name not in declared()
    }
    strays = {file: name for file, name in needing.items() if not any(map(PurePosixPath(file).match, FILES_OF_EXTRAS))}
    assert not strays


@pytest.mark.parametrize("extra", [None, *EXTRAS])
def test_every_declared_package_is_used(extra):
    used = {name for path in FILES for name, _ in imported(path)} | {
        name for path in FILES for name in loaded_by_name(path)
    }
    assert declared(extra) <= used | set(BEHIND_OTHERS)
