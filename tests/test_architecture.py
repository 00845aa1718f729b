"""The drawing in docs/architecture.md holds: who imports whom, how large things are, and who may do what."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "headstart"
FILES = sorted(PACKAGE.rglob("*.py"))
MAX_FUNCTION_LINES, MAX_FILE_LINES = 60, 400
VAGUE_NAMES = {"utils", "util", "common", "helpers", "helper", "base", "misc"}
EVERY_ROOM = "the rooms above"

# TensorFlow behind one door a purpose: feeding batches, gradients of a class score for Grad-CAM, graphs for OpenVINO,
# graphs to export.
MAY_IMPORT_TENSORFLOW = {
    "artifacts/pillow_resize.py",
    "artifacts/savedmodel_runtime.py",
    "artifacts/tensorflow_export.py",
    "data/batches.py",
    "data/augmentation_layers.py",
    "data/mixup.py",
    "data/random_keys.py",
    "data/views.py",
    "evaluation/heatmaps.py",
    "features/tensorflow_graph.py",
}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def drawn_rooms() -> dict[str, set[str]]:
    """Room → rooms it may import, from the table in the drawing."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("## Rooms")[1].split("\n## ")[0]
    rooms: dict[str, set[str]] = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        names = re.findall(r"`([a-z_]+)(?:\.py)?`", cells[0])
        if names:
            above = set(rooms)
            rooms |= {
                name: above if cells[-1] == EVERY_ROOM else set(re.findall(r"[a-z_]+", cells[-1])) for name in names
            }
    return rooms


def own_imports(path: Path) -> Iterator[tuple[str, int]]:
    """Modules of this package that a file imports, and the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names if alias.name.split(".")[0] == "headstart")
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "headstart":
            is_door = node.module == "headstart"
            yield from ((f"headstart.{alias.name}" if is_door else node.module, node.lineno) for alias in node.names)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_every_room_is_drawn_and_every_drawn_room_exists():
    assert {room_of(path) for path in FILES} - {"__init__"} == set(drawn_rooms())


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_imports_only_rooms_that_the_drawing_allows(path):
    room = room_of(path)
    allowed = drawn_rooms().get(room, set(drawn_rooms()))  # the package's own door may show any room
    imported = {module.split(".")[1] for module, _ in own_imports(path)} - {room}
    assert imported <= allowed


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_other_rooms_are_entered_by_their_doors(path):
    back_doors = [
        f"line {line}: {module}"
        for module, line in own_imports(path)
        if module.count(".") > 1 and module.split(".")[1] != room_of(path)
    ]
    assert not back_doors


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_are_absolute(path):
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    assert not [node.lineno for node in nodes if isinstance(node, ast.ImportFrom) and node.level]


def test_no_room_and_no_file_is_in_an_import_cycle():
    drawing = drawn_rooms()
    modules = {".".join(("headstart", *path.relative_to(PACKAGE).with_suffix("").parts)): path for path in FILES}
    files = {
        name: {module for module, _ in own_imports(path)} & set(modules) - {name}
        for name, path in modules.items()
        if path.name != "__init__.py"
    }
    for graph in (drawing, files):
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            pytest.fail(f"import cycle: {error.args[1]}")


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_and_functions_stay_small(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES
    long = {
        node.name: lines
        for node in functions(path)
        if (lines := node.end_lineno - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert not long


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_have_names_that_say_something(path):
    assert not VAGUE_NAMES & {part.removesuffix(".py") for part in path.relative_to(PACKAGE).parts}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_only_one_function_writes_trainable(path):
    writers = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "trainable" and isinstance(node.ctx, ast.Store)
    ]
    assert not writers or (name_of(path) == "training/freezing.py" and len(writers) == 1)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_tensorflow_stays_behind_its_doors_and_nothing_is_pickled(path):
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    assert not imported & {"pickle", "joblib", "dill", "cloudpickle"}
    assert "tensorflow" not in imported or name_of(path) in MAY_IMPORT_TENSORFLOW


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_the_library_never_prints_or_exits(path):
    calls = [
        node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    assert not {"print", "exit", "quit"} & set(calls)
