"""Every notebook runs from top to bottom, shows what it should and leaves nothing behind."""

import ast
from pathlib import Path

import jupytext
import pytest
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from traitlets import default

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.py"))
LOWEST_ACCURACY = 0.95  # of a notebook that trains on digits; 0.10 is chance
SECONDS_A_CELL = 300


class OwnKernel(AsyncKernelManager):
    """Starts this interpreter, whatever kernels are installed, or none."""

    @default("kernel_spec_manager")
    def _without_installed_kernels(self):
        return KernelSpecManager(kernel_dirs=[], ensure_native_kernel=True)


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def executed(request, tmp_path_factory):
    """The notebook with its outputs, and the empty folder that it ran in."""
    working, temporary = tmp_path_factory.mktemp("working"), tmp_path_factory.mktemp("temporary")
    files_before = contents(FOLDER)
    notebook = jupytext.read(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(temporary))
        client = NotebookClient(
            notebook,
            kernel_manager_class=OwnKernel,
            kernel_name="python3",
            timeout=SECONDS_A_CELL,
            resources={"metadata": {"path": str(working)}},
        )
        client.execute()
    assert contents(FOLDER) == files_before
    assert not contents(working)
    assert not contents(temporary)
    return notebook


def contents(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if ".ipynb_checkpoints" not in path.parts}


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def test_there_is_a_notebook():
    assert NOTEBOOKS


@pytest.mark.notebook
def test_a_notebook_runs_without_an_error_or_a_warning(executed):
    assert not [output for output in outputs(executed) if output.output_type == "error"]
    texts = [output.text for output in outputs(executed) if output.output_type == "stream"]
    assert not [text for text in texts if "Warning:" in text]


@pytest.mark.notebook
def test_a_notebook_shows_figures(executed):
    figures = [output for output in outputs(executed) if "image/png" in output.get("data", {})]
    assert len(figures) >= 5


@pytest.mark.notebook
def test_a_notebook_ends_with_accuracies_that_show_learning(executed):
    accuracies = ast.literal_eval(executed.cells[-1].outputs[-1].data["text/plain"])
    assert "test_accuracy" in accuracies
    assert min(accuracies.values()) >= LOWEST_ACCURACY


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_begins_with_its_title(path):
    cells = jupytext.read(path).cells
    assert cells[0].cell_type == "markdown"
    assert cells[0].source.startswith("# ")
