"""Every notebook runs from top to bottom without a network, shows what it should and leaves nothing behind."""

import ast
import base64
import importlib
import io
import os
import re
from dataclasses import dataclass
from pathlib import Path

import jupytext
import numpy as np
import pytest
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from PIL import Image
from traitlets import default

from headstart.cli.app import COMMANDS

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.py"))
# The heading above each figure, in order.
FIGURES_BELOW = {
    "01_transfer_learning_step_by_step": [
        "### Split",
        "### Split",
        "### Augmentation",
        "### Augmentation",
        "### Learning curves",
        "## The result",
        "### Mistakes, and where the model looked",
    ],
    "02_from_model_to_phone_and_server": [
        "## Does it mean what it says?",
        "### One number mends that",
        "## What is no digit",
        "## What is no digit",
    ],
    "03_object_detection_and_segmentation": [
        "### Split",
        "### Boxes move with their image",
        "### Fine-tuning phase",
        "## From numbers to boxes, by hand",
        "### Precision and recall",
        "### What goes wrong",
        "### Masks, true and predicted",
    ],
}
# What the last cell of each must reach: digits, of which 0.10 is chance; boxes and masks, of which nothing is.
LOWEST = {
    "01_transfer_learning_step_by_step": {"test_accuracy": 0.95},
    "02_from_model_to_phone_and_server": {"test_accuracy": 0.95},
    "03_object_detection_and_segmentation": {"map50": 0.8, "gain_by_fine_tuning": 0.02, "mean_iou": 0.6},
}
SECONDS_A_CELL = 300
# Python runs a file of this name when it starts. An audit hook sees every connection, whichever library opens it.
SITECUSTOMIZE = """
import os
import sys

def refuse_other_machines(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host and host not in ("localhost", "::1") and not host.startswith("127."):
        with open(os.environ["HEADSTART_TEST_FETCHES"], "a") as file:
            file.write(f"{event} {host}\\n")
        raise OSError(f"a notebook asks {host}")

sys.addaudithook(refuse_other_machines)
"""


class OwnKernel(AsyncKernelManager):
    """Starts this interpreter, whatever kernels are installed, or none."""

    # Jupyter's 5 s are too few for TensorFlow to end in, and a kernel that is killed leaves its files.
    shutdown_wait_time = SECONDS_A_CELL

    @default("kernel_spec_manager")
    def _without_installed_kernels(self):
        return KernelSpecManager(kernel_dirs=[], ensure_native_kernel=True)


@dataclass(frozen=True)
class Executed:
    """A notebook with its outputs, and what its execution did to the folders around it."""

    name: str
    notebook: NotebookNode
    changed: set
    left_behind: set
    fetches: str


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def executed(request, tmp_path_factory):
    working, temporary, guard = (tmp_path_factory.mktemp(name) for name in ("working", "temporary", "guard"))
    (guard / "sitecustomize.py").write_text(SITECUSTOMIZE)
    before = contents(FOLDER)
    notebook = jupytext.read(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        patch.setenv("KERAS_HOME", str(guard / "keras"))  # nothing that was downloaded earlier
        patch.setenv("HEADSTART_TEST_FETCHES", str(guard / "fetches"))
        patch.setenv("PYTHONPATH", str(guard), prepend=os.pathsep)
        execute(notebook, working)
    fetches = guard / "fetches"
    return Executed(
        name=request.param.stem,
        notebook=notebook,
        changed=before ^ contents(FOLDER),
        left_behind=contents(working) | contents(temporary) | contents(guard / "keras" / "models"),
        fetches=fetches.read_text() if fetches.exists() else "",
    )


def execute(notebook, working):
    client = NotebookClient(
        notebook,
        kernel_manager_class=OwnKernel,
        kernel_name="python3",
        timeout=SECONDS_A_CELL,
        resources={"metadata": {"path": str(working)}},
    )
    client.execute()


def contents(folder):
    paths = (path for path in folder.rglob("*") if ".ipynb_checkpoints" not in path.parts)
    return {(path, path.stat().st_mtime_ns) for path in paths}


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def figures(notebook):
    """The heading above each figure, and the figure."""
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = [heading, *re.findall(r"^#+ .*$", cell.source, re.MULTILINE)][-1]
            continue
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                yield heading, Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))


def markdown(path):
    return "\n\n".join(cell.source for cell in jupytext.read(path).cells if cell.cell_type == "markdown")


every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_is_a_notebook():
    assert NOTEBOOKS


@pytest.mark.notebook
def test_a_notebook_runs_without_an_error_or_a_warning(executed):
    assert not [output for output in outputs(executed.notebook) if output.output_type == "error"]
    texts = [output.text for output in outputs(executed.notebook) if output.output_type == "stream"]
    assert not [text for text in texts if "Warning:" in text]


@pytest.mark.notebook
def test_a_notebook_shows_its_figures_where_they_belong(executed):
    shown = list(figures(executed.notebook))
    assert [heading for heading, _ in shown] == FIGURES_BELOW[executed.name]
    for _, picture in shown:
        assert min(picture.size) >= 200
        assert np.asarray(picture.convert("L")).std() > 5  # more than an empty ground


@pytest.mark.notebook
def test_a_notebook_ends_with_numbers_that_show_learning(executed):
    last = [cell for cell in executed.notebook.cells if cell.cell_type == "code"][-1]
    result = ast.literal_eval(last.outputs[-1].data["text/plain"])
    lowest = LOWEST[executed.name]
    accuracies = {name: lowest["test_accuracy"] for name in result if "accuracy" in name}
    assert {name: limit for name, limit in (lowest | accuracies).items() if result[name] < limit} == {}
    assert {name: value for name, value in result.items() if "difference" in name and value > 1e-4} == {}


@pytest.mark.notebook
def test_a_notebook_leaves_no_file_behind(executed):
    assert not executed.changed
    assert not executed.left_behind


@pytest.mark.notebook
def test_a_notebook_asks_no_other_machine(executed):
    assert not executed.fetches


@every_notebook
def test_a_notebook_begins_with_its_title(path):
    cells = jupytext.read(path).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")


@every_notebook
def test_a_notebook_enters_rooms_by_their_doors(path):
    imports = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    ours = [(node.module, alias.name) for node in imports for alias in node.names if "headstart" in node.module]
    assert ours
    for module, name in ours:
        assert module.count(".") <= 1
        door = importlib.import_module(module)
        assert name in door.__all__
        assert hasattr(door, name)


@every_notebook
def test_a_notebook_links_to_files_and_names_commands_that_exist(path):
    links = [link for link in re.findall(r"\]\(([^)#]+)", markdown(path)) if "://" not in link]
    assert [link for link in links if not (FOLDER / link).exists()] == []
    assert set(re.findall(r"\bheadstart ([a-z]+)", markdown(path))) <= set(COMMANDS)
