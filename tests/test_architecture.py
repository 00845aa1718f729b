"""The drawing in docs/architecture.md holds: who imports whom, how large things are, and who may do what."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "headstart"
FILES = sorted(PACKAGE.rglob("*.py"))
MAX_FUNCTION_LINES, MAX_FILE_LINES = 60, 400
# Each stands at a border: a library without types, a JSON file that a schema checks, a class that only a table names.
MAX_ANY = 55
# Names of tasks outside their folders and the table: texts that tell a person which task to choose.
TASK_NAMES = re.compile(
    r"CLASSIFICATION|DETECTION|SEGMENTATION|REGRESSION|ANOMALY"
    r"|image-classification|object-detection|semantic-segmentation|image-regression|anomaly-detection"
)
MAX_TASK_MENTIONS = 13
VAGUE_NAMES = {"utils", "util", "common", "helpers", "helper", "base", "misc"}
EVERY_ROOM = "the rooms above"

# TensorFlow behind one door a purpose: feeding batches, gradients of a class score for Grad-CAM, graphs for OpenVINO,
# graphs to export, one operation for a step of Adam.
MAY_IMPORT_TENSORFLOW = {
    "artifacts/pillow_resize.py",
    "artifacts/savedmodel_contents.py",
    "artifacts/savedmodel_runtime.py",
    "artifacts/tensorflow_export.py",
    "data/batches.py",
    "data/augmentation_layers.py",
    "data/mixup.py",
    "data/random_keys.py",
    "data/views.py",
    "report/heatmaps.py",
    "features/tensorflow_graph.py",
    "training/adam_operation.py",
}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
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


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def offenders(problems_of: Callable[[Path], object]) -> dict[str, object]:
    """File → what is wrong with it, for every file where something is."""
    return {name_of(path): problems for path in FILES if (problems := problems_of(path))}


def own_imports(path: Path) -> Iterator[tuple[str, int]]:
    """Modules of this package that a file imports, and the line."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names if alias.name.split(".")[0] == "headstart")
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "headstart":
            is_door = node.module == "headstart"
            yield from ((f"headstart.{alias.name}" if is_door else node.module, node.lineno) for alias in node.names)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_every_room_is_drawn_and_every_drawn_room_exists():
    assert {room_of(path) for path in FILES} - {"__init__"} == set(drawn_rooms())


def test_a_file_imports_only_rooms_that_the_drawing_allows():
    def forbidden(path: Path) -> set[str]:
        room = room_of(path)
        allowed = drawn_rooms().get(room, set(drawn_rooms()))  # the package's own door may show any room
        return {module.split(".")[1] for module, _ in own_imports(path)} - {room} - allowed

    assert not offenders(forbidden)


def test_other_rooms_are_entered_by_their_doors():
    def back_doors(path: Path) -> list[str]:
        return [
            f"line {line}: {module}"
            for module, line in own_imports(path)
            if module.count(".") > 1 and module.split(".")[1] != room_of(path)
        ]

    assert not offenders(back_doors)


def test_imports_are_absolute():
    def relative(path: Path) -> list[int]:
        return [node.lineno for node in ast.walk(tree_of(path)) if isinstance(node, ast.ImportFrom) and node.level]

    assert not offenders(relative)


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


def test_a_task_imports_no_other_task():
    def others(path: Path) -> set[str]:
        if room_of(path) != "tasks" or path.parent == PACKAGE / "tasks":
            return set()
        own = f"headstart.tasks.{path.parent.name}."
        modules = {module for module, _ in own_imports(path) if module.split(".")[1] == "tasks"}
        return {module for module in modules if not f"{module}.".startswith(own)}

    assert not offenders(others)


def test_names_of_tasks_outside_their_folders_do_not_become_more():
    def mentions(path: Path) -> int:
        is_own = room_of(path) in {"tasks", "task_spec"}
        return 0 if is_own else len(TASK_NAMES.findall(path.read_text(encoding="utf-8")))

    found = offenders(mentions)
    assert sum(found.values()) <= MAX_TASK_MENTIONS, found


def test_files_stay_small():
    def too_long(path: Path) -> int:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        return lines if lines > MAX_FILE_LINES else 0

    assert not offenders(too_long)


def test_functions_stay_small():
    def too_long(path: Path) -> dict[str, int]:
        lengths = [(node.name, node.end_lineno - node.lineno + 1) for node in functions(path)]
        return {name: length for name, length in lengths if length > MAX_FUNCTION_LINES}

    assert not offenders(too_long)


def test_files_have_names_that_say_something():
    def vague(path: Path) -> set[str]:
        return VAGUE_NAMES & {part.removesuffix(".py") for part in path.relative_to(PACKAGE).parts}

    assert not offenders(vague)


def test_only_one_function_writes_trainable():
    def writers(path: Path) -> list[int]:
        return [
            node.lineno
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Attribute) and node.attr == "trainable" and isinstance(node.ctx, ast.Store)
        ]

    found = offenders(writers)
    assert list(found) == ["training/freezing.py"]
    assert len(found["training/freezing.py"]) == 1


def test_only_one_file_reads_private_names_of_a_keras_graph():
    private = {"_keras_history", "_inbound_nodes", "_outbound_nodes", "_nodes_by_depth"}

    def readers(path: Path) -> list[int]:
        nodes = ast.walk(tree_of(path))
        return [node.lineno for node in nodes if isinstance(node, ast.Attribute) and node.attr in private]

    assert list(offenders(readers)) == ["backbones/graph.py"]


def packages_imported_by(path: Path) -> set[str]:
    imported = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    return imported


def test_nothing_is_pickled():
    assert not offenders(lambda path: packages_imported_by(path) & {"pickle", "joblib", "dill", "cloudpickle"})


def test_tensorflow_stays_behind_its_doors():
    assert set(offenders(lambda path: packages_imported_by(path) & {"tensorflow"})) <= MAY_IMPORT_TENSORFLOW


def test_the_library_never_prints_or_exits():
    def calls(path: Path) -> set[str]:
        nodes = ast.walk(tree_of(path))
        called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        return called & {"print", "exit", "quit"}

    assert not offenders(calls)


def test_any_stays_rare():
    def uses(path: Path) -> int:
        return sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(tree_of(path)))

    found = offenders(uses)
    assert sum(found.values()) <= MAX_ANY, found
