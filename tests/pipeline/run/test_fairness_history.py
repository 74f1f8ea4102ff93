"""What the fairness gate said before, out of a real ML Metadata database."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.run.evidence import fairness_history as reader
from pipeline.run.evidence.collect import collect
from pipeline.settings.types import Settings
from schemas import fairness_evidence, fairness_history, verdict
from schemas.fairness_evidence import FairnessEvidence, ProfileEvidence
from schemas.records import ArtifactRecord, State, StepRecord
from schemas.roles import Roles
from schemas.table import TableProfile
from schemas.verdict import Measurement, Status, judge
from tests.sluicegate.lineage.lineage_world import NAME, Database

PROFILE = TableProfile(Roles("y", "binary", classes=("no", "yes")), (), {}, "")
SAME, OTHER = "a" * 64, "b" * 64


class Runs:
    """Runs of a pipeline in which only FairnessReport and the Pusher left something."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.base = Database(root / "metadata.db")
        self.reports: dict[str, ArtifactRecord] = {}

    def look(self, run: str, digest: str, value: float, version: int | None = None) -> None:
        folder = self.root / "artifacts" / run
        status = Status.PASSED if version else Status.FAILED
        gap = Measurement("impact_ratio", "sex x race", status, value, value - 0.1, value + 0.1, 0.8, "at least")
        verdict.write(judge("fairness", [gap]), folder / "verdict")
        found = self.base.artifact("schemas.GateVerdict", str(folder / "verdict"), passed=int(version is not None))
        report = self.base.artifact("schemas.FairnessEvidence", str(folder / "report"), split_digest=digest)
        self.base.execution(run, "FairnessReport", [], [("verdict", found), ("report", report)])
        pushed = {"pushed": 1, "pushed_version": str(version)} if version else {"pushed": 0}
        self.base.execution(
            run, "Pusher", [], [("pushed_model", self.base.artifact("PushedModel", str(folder / "p"), **pushed))]
        )
        self.reports[run] = ArtifactRecord(
            "report", "schemas.FairnessEvidence", report, str(folder / "report"), {"split_digest": digest}
        )

    def from_cache(self, run: str, of: str) -> None:
        self.base.execution(run, "FairnessReport", [], [("report", self.reports[of].id)], "CACHED")
        self.reports[run] = self.reports[of]

    def history(self, run: str) -> fairness_history.FairnessHistory:
        return reader.read(self.base.connection, NAME, "FairnessReport", self.reports[run])


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    made = Runs(tmp_path)
    made.look("r1", SAME, 0.5, version=100)
    made.look("r2", OTHER, 0.6)
    made.from_cache("r3", of="r1")
    made.look("r4", SAME, 0.7, version=101)
    made.look("r5", SAME, 0.9)
    return made


def test_the_past_stands_in_order_with_versions_and_intervals(runs: Runs) -> None:
    found = runs.history("r5").entries
    assert [(e.run_id, e.version, e.value, e.status) for e in found] == [
        ("r1", 100, 0.5, "PASSED"), ("r2", None, 0.6, "FAILED"), ("r4", 101, 0.7, "PASSED"),
    ]  # fmt: skip
    assert (found[0].low, found[0].high) == (0.4, 0.6)
    assert (found[1].measure, found[1].grouping, found[1].split_digest) == ("impact_ratio", "sex x race", OTHER)
    assert found[0].at.endswith("+00:00")


def test_only_looks_at_the_same_rows_count_and_an_answer_from_the_cache_is_none(runs: Runs) -> None:
    assert [runs.history(run).looks for run in ("r1", "r2", "r4", "r5")] == [0, 0, 1, 2]


def test_a_run_answered_from_the_cache_sees_what_its_answer_saw(runs: Runs) -> None:
    assert runs.history("r3") == runs.history("r1")


def test_a_verdict_that_is_gone_still_was_a_look(runs: Runs) -> None:
    shutil.rmtree(runs.root / "artifacts" / "r1")
    found = runs.history("r5")
    assert found.looks == 2
    assert "r1" not in [e.run_id for e in found.entries]


def test_rows_without_a_digest_are_nobodys_rows(runs: Runs) -> None:
    runs.look("r6", "", 0.5)
    runs.look("r7", "", 0.5)
    assert runs.history("r7").looks == 0


def test_another_pipeline_in_the_same_database_is_not_asked(runs: Runs) -> None:
    assert reader.read(
        runs.base.connection, "other", "FairnessReport", runs.reports["r5"]
    ) == fairness_history.FairnessHistory(0)


def test_the_trend_is_cut_and_the_looks_are_not(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_RUNS", 1)
    found = runs.history("r5")
    assert [e.run_id for e in found.entries] == ["r4"]
    assert found.looks == 2


def test_collect_copies_what_the_reports_left_and_adds_the_past(runs: Runs) -> None:
    left = runs.reports["r5"]
    evidence = FairnessEvidence("binary", "FAILED", ProfileEvidence("custom", "", ""), split_digest=SAME)
    fairness_evidence.write(evidence, left.uri)
    folder = runs.root / "runs" / "r5" / "evidence"
    explained = runs.root / "artifacts" / "explained"
    explained.mkdir()
    (explained / "explanation.json").write_text("{}")
    done = (
        StepRecord("FairnessReport", State.DONE, outputs=(left,)),
        StepRecord("ExplanationReport", State.DONE, outputs=(ArtifactRecord("report", "t", 9, str(explained)),)),
    )
    settings = Settings(name=NAME, data={"path": "x.csv"}, label={"column": "y"}, settings_version=1)
    collect(settings, PROFILE, done, folder)
    assert fairness_evidence.read(folder) == evidence
    assert (folder / "explanation.json").read_text() == "{}"
    past = fairness_history.read(folder)
    assert past is not None
    assert past.looks == 2


def test_collect_without_fairness_or_database_leaves_no_past(tmp_path: Path) -> None:
    settings = Settings(name=NAME, data={"path": "x.csv"}, label={"column": "y"}, settings_version=1)
    left = ArtifactRecord("report", "t", 1, str(tmp_path / "gone"))
    done = (StepRecord("FairnessReport", State.DONE, outputs=(left,)),)
    for given in ((), done):
        folder = tmp_path / "runs" / "r1" / "evidence"
        collect(settings, PROFILE, given, folder)
        assert list(folder.iterdir()) == []
        assert not (tmp_path / "metadata.db").exists()
