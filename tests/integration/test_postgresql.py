"""Lineage in a real PostgreSQL: a run writes it, the second run's cache and the lineage verb read it."""

import json

import pytest
from ml_metadata.proto import metadata_store_pb2 as mlmd

from tests.database import PASSWORD, connection, postgresql
from tests.integration.conftest import PROJECT, UNSERVED, run, verb
from tests.sluicegate.lineage.lineage_world import Database

VARIABLE = "SLUICEGATE_METADATA_PASSWORD"


@pytest.fixture(scope="module")
def port():
    with postgresql() as number:
        yield number


def settings(port):
    return ("--set", "metadata.kind=postgresql", "--set", "metadata.host=127.0.0.1", "--set", f"metadata.port={port}")


@pytest.fixture(scope="module")
def first(port, tmp_path_factory):
    output = tmp_path_factory.mktemp("postgresql") / "output"
    return run("configs/penguins.yaml", output, "--quiet", *UNSERVED, *settings(port), env={VARIABLE: PASSWORD})


def test_a_run_keeps_its_lineage_in_postgresql(first, port):
    assert first.code == 0, first.out + first.err
    assert not (first.output / "metadata.db").exists()
    from ml_metadata.metadata_store import metadata_store

    store = metadata_store.MetadataStore(connection(port))
    kinds = {t.id: t.name.rsplit(".", 1)[-1] for t in store.get_execution_types()}
    assert {"Trainer", "Pusher"} <= {kinds[e.type_id] for e in store.get_executions()}


def test_the_lineage_verb_reads_it(first, port, tmp_path):
    config = tmp_path / "penguins.yaml"
    where = f"metadata: {{kind: postgresql, host: 127.0.0.1, port: {port}}}\n"
    config.write_text((PROJECT / "configs/penguins.yaml").read_text() + where)
    told = verb("lineage", "--config", config, "--output", first.output, "--json", env={VARIABLE: PASSWORD})
    assert told.returncode == 0, told.stdout + told.stderr
    origin = json.loads(told.stdout)
    assert {"ExampleGen", "Transform", "Trainer"} <= {step["step"] for step in origin["steps"]}
    # Transform's settings are JSON within JSON: full of the backslashes that ML Metadata cannot send to PostgreSQL.
    assert "\ue05c" not in str(origin)


def test_the_password_is_asked_for_by_name(port, tmp_path):
    ended = run("configs/penguins.yaml", tmp_path / "output", "--quiet", *settings(port))
    assert ended.code == 1
    assert VARIABLE in ended.err
    assert "Traceback" not in ended.err


def test_a_wrong_password_is_one_clear_message(port, tmp_path):
    ended = run("configs/penguins.yaml", tmp_path / "output", "--quiet", *settings(port), env={VARIABLE: "wrong"})
    assert ended.code == 1
    assert "cannot be used" in ended.err
    assert "wrong" not in ended.err.split("got:")[0]
    assert "Traceback" not in ended.err


def test_a_server_that_is_not_there_is_one_clear_message(tmp_path):
    ended = run("configs/penguins.yaml", tmp_path / "output", "--quiet", *settings(1), env={VARIABLE: PASSWORD})
    assert ended.code == 1
    assert "127.0.0.1:1" in ended.err
    assert "Traceback" not in ended.err


def test_what_a_killed_run_left_open_is_closed_and_other_pipelines_runs_are_not(port, tmp_path):
    """A team's database: another pipeline's run, begun in the same second, is at work."""
    run_id, password = "20261121-070000", {VARIABLE: PASSWORD}
    ours, theirs = (Database.on(connection(port), pipeline) for pipeline in ("killed", "another"))
    mine, strange = (base.execution(run_id, "Trainer", [], [], "RUNNING") for base in (ours, theirs))
    (tmp_path / "runs" / run_id).mkdir(parents=True)
    (tmp_path / ".lock").touch()
    config = tmp_path / "killed.yaml"
    metadata = f"metadata: {{kind: postgresql, host: 127.0.0.1, port: {port}}}\n"
    config.write_text(f"name: killed\ndata: t.csv\nlabel: y\n{metadata}")
    doctor = ("doctor", "--config", config, "--output", tmp_path, "--quick", "--json")
    said = {one["name"]: one for one in json.loads(verb(*doctor, env=password).stdout)}
    assert (
        said["killed runs"]["found"] == f"run {run_id} was killed in Trainer; closed in ML Metadata: execution {mine}"
    )
    states = {e.id: e.last_known_state for e in ours.store.get_executions_by_id([mine, strange])}
    assert states == {mine: mlmd.Execution.FAILED, strange: mlmd.Execution.RUNNING}
