from dataclasses import replace

import pytest

from schemas import records, release
from schemas.errors import MachineError, UsageError
from schemas.release import Change, Release
from schemas.verdict import Measurement, Status, Verdict
from sluicegate.lineage import store as lineage_store
from sluicegate.lineage import trace as lineage
from sluicegate.lineage.trace import Artifact, Event, Execution, Known, LineageGraph, descend, made_by, standing
from tests.sluicegate.lineage import lineage_world


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    root = tmp_path_factory.mktemp("lineage") / "shop"
    return root, lineage_world.fill(root)


@pytest.fixture
def known(shop):
    root, connection = shop
    runs = {run: records.read_result(root / "runs" / run) for run in ("r1", "r2", "r3")}
    return Known("shop", lineage_store.read(connection, "shop"), runs, release.read(root / "serving" / "shop"))


def test_a_version_names_data_schema_code_settings_and_steps(known):
    found = lineage.origin(known, 100)
    assert found.standing == "stable since 2026-11-21T10:00:00+00:00"
    assert (found.data_digest, found.data_span, found.data_path) == (lineage_world.DATA["r1"], 7, "shop.csv")
    assert found.schema.startswith("curated, from schemas/shop/schema.pbtxt; ")
    assert (found.commit, found.run_id, found.model_digest) == ("a" * 40, "r1", "m" * 64)
    assert found.gates == {"quality_gate": "PASSED"}
    assert [(s.step, s.code_digest) for s in found.steps] == [
        ("ExampleGen", "c1"), ("ImportSchemaGen", ""), ("Trainer", "c2"), ("Pusher", ""),
    ]  # fmt: skip


def test_a_version_outlives_the_folders_of_its_runs(known):
    found = lineage.origin(Known("shop", known.graph, {}, Release()), 100)
    assert (found.data_digest, found.run_id, found.commit) == (lineage_world.DATA["r1"], "r1", "")
    assert found.standing == "pushed, never released"


def test_a_refused_push_is_no_version(known):
    assert lineage.version_of_run(known, "r1") == lineage.version_of_run(known, "r2") == 100
    assert lineage.version_of_run(known, "r3") is None


def test_an_unknown_version_names_those_there_are(known):
    with pytest.raises(UsageError, match=r"No run knows this version") as raised:
        lineage.origin(known, 7)
    assert raised.value.problems[0].allowed == "100"


def test_data_name_every_run_and_what_it_came_to(known):
    fates = lineage.fates_of_data(known, "d1d1")
    assert [(f.run_id, f.version) for f in fates] == [("r1", 100), ("r2", 100)]
    [refused] = lineage.fates_of_data(known, lineage_world.DATA["r3"])
    assert (refused.verdict, refused.version, refused.standing) == ("REFUSED", None, "")
    assert refused.why == "refused by quality_gate: auc of overall"


def test_code_is_followed_into_later_runs_that_found_its_work_in_the_cache(known):
    assert [f.run_id for f in lineage.fates_of_commit(known, "aaaa")] == ["r1", "r2"]


def test_a_commit_names_its_own_runs_with_and_without_changes(known):
    assert [f.run_id for f in lineage.fates_of_commit(known, "bbbb")] == ["r2", "r3"]


@pytest.mark.parametrize("digest", ["", "ffff"])
def test_unknown_data_and_code_name_what_there_is(known, digest):
    with pytest.raises(UsageError, match="data digest") as data:
        lineage.fates_of_data(known, digest)
    assert "d1d1d1d1d1d1" in data.value.problems[0].allowed
    with pytest.raises(UsageError, match="commit") as code:
        lineage.fates_of_commit(known, digest)
    assert "aaaaaaaaaaaa" in code.value.problems[0].allowed


def test_another_pipeline_in_the_same_database_is_left_alone(shop):
    root, connection = shop
    other = lineage_world.Database(root / "metadata.db", pipeline="other")
    other.execution("r1", "ExampleGen", [], [("examples", other.artifact("Examples", "x"))])
    assert len(lineage_store.read(connection, "other").executions) == 1
    assert len(lineage_store.read(connection, "shop").executions) == 11
    assert lineage_store.read(connection, "nobody") == LineageGraph({}, {}, ())


def test_reading_makes_no_database(tmp_path):
    connection = lineage_world.Database(tmp_path / "there.db").connection
    connection.sqlite.filename_uri = str(tmp_path / "not_there.db")
    with pytest.raises(MachineError, match="cannot be read"):
        lineage_store.read(connection, "shop")
    assert not (tmp_path / "not_there.db").exists()


def _graph(*edges, states=None):
    """edges : (execution, "in" | "out", artifact)."""
    ids = {e for e, _, _ in edges}
    executions = {e: Execution(e, f"s{e}", "r", (states or {}).get(e, "COMPLETE")) for e in ids}
    artifacts = {a: Artifact(a, "Model", f"u{a}") for _, _, a in edges}
    return LineageGraph(executions, artifacts, tuple(Event(e, a, way == "out", "k") for e, way, a in edges))


def test_each_step_is_named_once_however_many_ways_lead_to_it():
    diamond = _graph(
        (1, "out", 1),
        (2, "in", 1),
        (2, "out", 2),
        (3, "in", 1),
        (3, "out", 3),
        (4, "in", 2),
        (4, "in", 3),
        (4, "out", 4),
    )
    assert [e.id for e in made_by(diamond, 4)] == [1, 2, 3, 4]
    assert descend(diamond, [2]) == {2, 4}


def test_walks_end_although_an_execution_reads_what_it_wrote():
    loop = _graph((1, "out", 1), (1, "in", 1))
    assert [e.id for e in made_by(loop, 1)] == [1]
    assert descend(loop, [1]) == {1}


def test_the_maker_is_the_execution_that_did_the_work():
    graph = _graph((1, "out", 1), (2, "out", 1), states={1: "CACHED"})
    assert graph.producer(1).id == 2


def test_standing_tells_the_history():
    first = Change("t1", "release", "direct", 1, None, "r1", "")
    second = Change("t2", "release", "direct", 2, 1, "r2", "")
    third = Change("t3", "traffic", "canary", 3, 2, "", "", by="ann")
    now = Release(stable=2, canary=3, weight=0.1, history=(first, second, third))
    assert standing(now, 1) == "stable from t1 until t2"
    assert standing(now, 2) == "stable since t2"
    assert standing(now, 3) == "canary, 10% of the traffic"
    assert standing(replace(now, canary=None), 3) == "pushed, never released"


def test_only_gates_that_refused_are_named(known):
    run = known.runs["r3"]
    asked = (Measurement("quality_gate", "overall", Status.FAILED), Measurement("fairness", "overall", Status.PASSED))
    beside = (Verdict("fairness", Status.UNKNOWN), Verdict("explanation", Status.FAILED))
    gates = (*run.gates, *beside, Verdict("release_gate", Status.FAILED, asked))
    with_more = replace(known, runs={**known.runs, "r3": replace(run, gates=gates)})
    [refused] = lineage.fates_of_data(with_more, lineage_world.DATA["r3"])
    assert refused.why == "refused by quality_gate: auc of overall"
