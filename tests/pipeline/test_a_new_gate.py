"""A gate is a folder (tests/pipeline/rows_gate) and a line: everything else finds it by its declaration.

The line is what rows_gate/runner.py adds to pipeline/gates.py. docs/adding-a-gate.md shows the folder's files.
"""

import copy
import importlib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import gates, lint
from pipeline.lint import GraphError
from pipeline.settings.file import load
from pipeline.steps import steps
from schemas.errors import SettingsError
from tests.pipeline.rows_gate import gate as rows_gate
from tests.sluicegate.reports.parsed_page import Page

PROJECT = Path(__file__).resolve().parents[2]
CONFIG = "configs/penguins.yaml"
GATE = rows_gate.GATE
OVERRIDE = "[{gate: rows, by: Ada, reason: a pilot with few birds}]"


@pytest.fixture
def one_more(monkeypatch):
    monkeypatch.setattr(gates, "GATES", (*gates.GATES, GATE))


def node(ir, name):
    return next(n.pipeline_node for n in ir.nodes if n.pipeline_node.node_info.id == name)


def producers(one, key):
    return {(c.producer_node_query.id, c.output_key) for c in one.inputs.inputs[key].channels}


@pytest.mark.usefixtures("one_more")
def test_its_step_stands_in_the_plan_and_in_the_graph_behind_the_data_gate(compiled):
    ir = compiled(CONFIG)
    lint.check(ir)
    planned = {step.name: step for step in steps(load(PROJECT / CONFIG).settings)}
    assert (planned["RowsGate"].what, planned["RowsGate"].code) == (GATE.what, (GATE.module,))
    rows = node(ir, "RowsGate")
    assert producers(rows, "predictions") == {("Score", "predictions")}
    assert rows.parameters.parameters["least"].field_value.int_value == 100
    assert list(rows.inputs.conditionals) == list(node(ir, "QualityGate").inputs.conditionals)
    for reader in ("ReleaseGate", "ModelCard"):
        assert producers(node(ir, reader), "rows_verdict") == {("RowsGate", "verdict")}


@pytest.mark.parametrize(("is_asked", "reader"), [(True, "ReleaseGate"), (False, "ModelCard")])
def test_lint_finds_its_verdict_unread(compiled, monkeypatch, is_asked, reader):
    monkeypatch.setattr(gates, "GATES", (*gates.GATES, replace(GATE, is_asked=is_asked)))
    ir = copy.deepcopy(compiled(CONFIG))
    lint.check(ir)
    del node(ir, reader).inputs.inputs["rows_verdict"]
    with pytest.raises(GraphError, match=rf"RowsGate[\s\S]*does not reach {reader}"):
        lint.check(ir)


def test_importing_the_toys_runner_adds_no_gate():
    # pytest imports every module for its doctests: the toy must not stand in the other tests' graphs.
    importlib.import_module("tests.pipeline.rows_gate.runner")
    assert GATE not in gates.GATES


def test_lint_finds_a_gate_that_nobody_declared(compiled, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(gates, "GATES", (*gates.GATES, GATE))
        ir = compiled(CONFIG)
    with pytest.raises(GraphError, match=r"RowsGate[\s\S]*pipeline/gates.py"):
        lint.check(ir)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"needs": {"predictions": "Scores.predictions"}}, r"needs\['predictions'\][\s\S]*Scores[\s\S]*mean Score"),
        ({"needs": {"predictions": "Score.prediction"}}, r"Score.prediction[\s\S]*mean Score.predictions"),
        ({"parameters": {"least": "serving_check.request"}}, r"parameters\['least'\][\s\S]*serving_check.request"),
    ],
)
def test_a_declaration_that_names_what_is_not_there_says_so(compiled, monkeypatch, wrong, said):
    monkeypatch.setattr(gates, "GATES", (*gates.GATES, replace(GATE, **wrong)))
    with pytest.raises(GraphError, match=said):
        compiled(CONFIG)


def run(output, *words):
    """The local runner with the line, in a process of its own, and the run's folder."""
    command = [
        sys.executable,
        "-m",
        "tests.pipeline.rows_gate.runner",
        "--config",
        CONFIG,
        "--output",
        str(output),
    ]
    ended = subprocess.run(
        [*command, "--set", "training.epochs=2", "--set", "explanation=off", "--set", "serving_check.platform=skip", "--quiet", *words], cwd=PROJECT, capture_output=True, text=True,
        check=False, timeout=600, env={**os.environ, "COLUMNS": "120"},
    )  # fmt: skip
    return ended, output / "runs" / "latest"


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """A run whose gates all pass but ours: the test split of 344 penguins has fewer than 100 rows."""
    return run(tmp_path_factory.mktemp("new-gate") / "out")


def test_it_refuses_a_release(refused):
    ended, folder = refused
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "REFUSED: penguins by rows," in ended.stdout
    assert "rows refused: 1 of 1 checks did not pass." in ended.stdout
    result = json.loads((folder / "result.json").read_text())
    assert [gate["gate"] for gate in result["gates"] if gate["status"] == "FAILED"] == ["rows", "release_gate"]
    release = next(gate for gate in result["gates"] if gate["gate"] == "release_gate")
    assert [m["name"] for m in release["measurements"] if m["status"] == "FAILED"] == ["rows"]
    assert result["pushed_version"] is None


def test_it_stands_in_the_card_the_evidence_and_the_report(refused):
    _, folder = refused
    result = json.loads((folder / "result.json").read_text())
    rows = json.loads((folder / "evidence" / "rows.json").read_text())["rows"]
    detail = f"The test split has {rows} rows; the serving check sends 100 requests."
    card = next(
        folder.parents[1] / step["outputs"][0]["uri"] for step in result["steps"] if step["step"] == "ModelCard"
    )
    assert (
        f"rows said FAILED: test rows, overall: {detail}"
        in json.loads((card / "model_card.json").read_text())["decision"]["sentence"]
    )
    assert "rows said FAILED" in Page(card / "model_card.html").words
    overview = Page(folder / "reports" / "index.html")
    assert f"rows refused: {detail}" in overview.words
    assert overview.row("FAILED", "rows")[-1] == detail
    assert detail in Page(folder / "reports" / "verdicts.html").words
    assert "RowsGate" in Page(folder / "reports" / "graph.html").words


def test_a_person_may_let_it_pass_as_declared(refused):
    _, before = refused
    ended, folder = run(before.parents[1], "--set", f"overrides={OVERRIDE}")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "rows is FAILED, see the report" in ended.stdout
    said = "Let through by an override although not passed: rows (FAILED)."
    assert said in Page(folder / "reports" / "index.html").words


def test_no_other_project_knows_it():
    with pytest.raises(SettingsError, match="quality_gate"):
        load(PROJECT / CONFIG, (f"overrides={OVERRIDE}",))


def test_the_page_shows_the_files_as_they_are():
    page = (PROJECT / "docs" / "adding-a-gate.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"```python\n# components/rows_gate/(\w+)\.py\n(.*?)```", page, re.S))
    assert sorted(shown) == ["component", "core", "gate"]
    for name, text in shown.items():
        file = (PROJECT / "tests" / "pipeline" / "rows_gate" / f"{name}.py").read_text(encoding="utf-8")
        assert text.strip() == file.replace("tests.pipeline.rows_gate", "components.rows_gate").strip(), name
