"""What a Python program reads of an output folder."""

import subprocess
import sys
from html.parser import HTMLParser

import pytest

import sluicegate
from schemas.errors import MachineError, UsageError
from tests.sluicegate.api.conftest import FIRST, KILLED, LATEST, ROWS


@pytest.fixture
def runs(output):
    return sluicegate.runs(output)


@pytest.fixture
def latest(runs):
    return runs.latest()


def test_runs_stand_oldest_first_and_are_found_by_id(runs):
    assert [run.id for run in runs] == [FIRST, LATEST, KILLED]
    assert runs[FIRST].verdict == "REFUSED"
    assert runs[-1].id == KILLED
    assert [run.id for run in runs[:2]] == [FIRST, LATEST]


def test_the_latest_is_the_newest_that_ended(latest):
    assert (latest.id, latest.verdict, latest.version, latest.why) == (LATEST, "PASSED", 3, "")
    assert latest.started_at.isoformat() == "2025-11-22T04:00:00+00:00"
    assert latest.metrics["auc"] == 0.9132


def test_a_gate_says_what_it_measured(runs):
    gates = runs[FIRST].gates
    name = next(name for name, gate in gates.items() if not gate.passed)
    gate = gates[name]
    assert gate.refusals[0].status.value == "FAILED"
    assert len(gate.measurements) == len(gate.measurements.to_arrow()) > 1
    assert gate.measurements.to_pandas()["name"].tolist() == [m.name for m in gate.measurements]
    assert "FAILED" in repr(gate)


def test_settings_metrics_and_runs_cannot_be_changed(latest):
    assert latest.settings["quality_gate"]["limits"][0]["metric"] == "auc"
    for mapping in (latest.settings, latest.settings["quality_gate"], latest.metrics):
        with pytest.raises(TypeError):
            mapping["new"] = 1
    with pytest.raises(AttributeError):
        latest.id = "other"


def test_steps_are_found_by_name(latest):
    assert latest.steps["Trainer"].seconds > 0
    assert next(iter(latest.steps)) == "TableExampleGen"


def test_the_scored_rows_are_a_table(latest):
    table = latest.table("scored_rows")
    assert len(table) == ROWS == table.to_arrow().num_rows
    assert table.to_pandas(["group_sex", "label"]).columns.tolist() == ["group_sex", "label"]
    assert "group_sex" in table.columns
    assert "group_sex" in repr(table)


def test_metrics_and_measurements_are_tables(latest):
    metrics = latest.table("metrics").to_pandas()
    assert {"name", "slice", "value", "low", "high"} <= set(metrics.columns)
    measured = latest.table("measurements")
    assert len(measured) == sum(len(gate.measurements) for gate in latest.gates.values())
    assert set(measured.to_pandas(["gate"])["gate"]) == set(latest.gates)


def test_the_report_is_a_page_that_a_notebook_shows(latest):
    report = latest.report()
    assert report.path == latest.path / "reports" / "index.html"
    shown = report._repr_html_()
    assert f"run {LATEST} &amp;amp; more" in shown
    assert "sandbox" in shown
    assert report.page("fairness").path.name == "fairness.html"


@pytest.mark.parametrize(
    ("ask", "kind", "words"),
    [
        (lambda runs: sluicegate.runs("nowhere"), MachineError, ["nowhere", "no such folder", "run the pipeline"]),
        (lambda runs: runs["20251121-040001"], UsageError, [FIRST, f"did you mean {FIRST}"]),
        (lambda runs: runs[KILLED].metrics, MachineError, ["killed in Trainer", "another run"]),
        (lambda runs: runs[KILLED].gates, MachineError, ["killed in Trainer"]),
        (lambda runs: runs.latest().table("scored_row"), UsageError, ["did you mean scored_rows?"]),
        (lambda runs: runs.latest().table("batch_predictions"), MachineError, ["no step PredictionsTable"]),
        (lambda runs: runs.latest().table("scored_rows").to_arrow(["lable"]), UsageError, ["did you mean label?"]),
        (lambda runs: runs.latest().gates["release_gat"], UsageError, ["There is no such gate", "allowed:"]),
        (lambda runs: runs.latest().steps["Triner"], UsageError, ["did you mean Trainer?"]),
        (lambda runs: runs.latest().report().page("fairnes"), UsageError, ["did you mean fairness?"]),
        (lambda runs: runs.latest().lineage(), MachineError, ["There is no lineage here", "metadata.db"]),
    ],
)
def test_what_is_not_there_is_said_in_four_parts(runs, ask, kind, words):
    with pytest.raises(kind) as raised:
        ask(runs)
    assert isinstance(raised.value, sluicegate.SluicegateError)
    said = str(raised.value)
    assert all(word in said for word in ("where:", "do:", *words)), said


def test_a_folder_in_which_no_run_ended(tmp_path):
    (tmp_path / "runs").mkdir()
    found = sluicegate.runs(tmp_path)
    assert len(found) == 0
    assert repr(found) == f"no runs in {tmp_path}"
    with pytest.raises(MachineError, match="No run has ended"):
        found.latest()


def test_a_name_that_is_not_there_is_a_key_error_to_a_mapping(latest):
    assert latest.gates.get("no such gate") is None
    assert "no such step" not in latest.steps


def test_a_killed_run_says_so_and_stands_in_the_list(runs):
    assert (runs[KILLED].has_ended, runs[KILLED].verdict) == (False, "")
    assert "killed in Trainer" in runs[KILLED].why
    assert "killed in Trainer" in repr(runs)
    assert "killed in Trainer" in runs._repr_html_()


class Tags(HTMLParser):
    """Refuses what is not closed, and notes what is loaded from elsewhere."""

    def __init__(self):
        super().__init__()
        self.open, self.outside = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("br", "meta", "link", "img"):
            self.open.append(tag)
        self.outside += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize(
    "shown",
    [
        lambda runs: runs,
        lambda runs: runs.latest(),
        lambda runs: runs[FIRST],
        lambda runs: runs.latest().gates,
        lambda runs: next(iter(runs.latest().gates.values())),
        lambda runs: next(iter(runs.latest().gates.values())).measurements,
        lambda runs: runs.latest().steps,
        lambda runs: runs.latest().table("scored_rows"),
        lambda runs: runs.latest().report(),
    ],
)
def test_a_notebook_shows_whole_html_with_nothing_from_outside(runs, shown):
    found = Tags()
    found.feed(shown(runs)._repr_html_())
    assert (found.open, found.outside) == ([], [])
    assert "background" not in shown(runs)._repr_html_()
    assert repr(shown(runs))
    assert " at 0x" not in repr(shown(runs))


def test_what_a_table_holds_is_text_in_html(output, latest):
    from sluicegate.api import html

    assert "<script>" not in html.table(("<script>",), [("<script>alert(1)</script>",)], "<script>")


def test_nothing_heavy_is_loaded_until_it_is_asked_for(output):
    code = (
        "import sys, sluicegate\n"
        "before = sorted({'schemas', 'sluicegate.api', 'numpy', 'pyarrow'} & set(sys.modules))\n"
        f"run = sluicegate.runs({str(output)!r}).latest()\n"
        "run.gates, run.metrics, run.settings, run.steps, run.report(), repr(run), run._repr_html_()\n"
        "run.table('scored_rows').to_arrow()\n"
        "print(before, [name for name in ('tfx', 'tensorflow', 'apache_beam', 'ml_metadata') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"
