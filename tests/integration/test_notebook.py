"""docs/notebooks runs on a finished run, from the first cell to the last, and stores no outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "docs" / "notebooks").glob("*.ipynb"))


def run(notebook, output, monkeypatch):
    """The notebook's cells with what they showed."""
    monkeypatch.setenv("SLUICEGATE_OUTPUT", str(output))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(output)}})
    return client.execute()


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.name)
def test_a_notebook_runs_on_a_finished_run(file, census, monkeypatch):
    done = run(nbformat.read(file, as_version=4), census.output, monkeypatch)
    shown = [cell.outputs for cell in done.cells if cell.cell_type == "code"]
    assert all(shown)
    kinds = [set(one.get("data", ())) for outputs in shown for one in outputs if one.output_type == "execute_result"]
    assert len(kinds) == len(shown)
    assert all("text/html" in kind for kind in kinds)
    assert census.result["run_id"] in str(shown[0])


def test_a_cell_that_fails_fails_the_test(census, monkeypatch):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("import sluicegate; sluicegate.runs('nowhere')")]
    )
    with pytest.raises(CellExecutionError, match="Nothing ran in this output folder yet"):
        run(notebook, census.output, monkeypatch)


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.name)
def test_a_notebook_stores_no_outputs(file):
    cells = nbformat.read(file, as_version=4).cells
    assert [cell.source for cell in cells if cell.cell_type == "code" and (cell.outputs or cell.execution_count)] == []
