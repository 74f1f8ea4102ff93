"""A graph is built of settings alone: without the table, the same in every environment, and good for next week's table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tfx.dsl.compiler import compiler
from tfx.orchestration import metadata
from tfx.proto.orchestration import pipeline_pb2

from pipeline.environment import RUN_ID, elsewhere, here
from pipeline.graph import create_pipeline
from pipeline.local import launch
from pipeline.local.table import look_at
from pipeline.settings.file import LoadedSettings, load
from pipeline.settings.settled import check_complete, settle
from schemas.digest import DATA_DIGEST
from schemas.errors import SettingsError
from schemas.records import State, StepRecord

PROJECT = Path(__file__).resolve().parents[2]
YAML = """
name: weeks
data: {folder}/t.csv
label: {{column: y, classes: ["no", "yes"]}}
task: binary
split: {{columns: [a, b, when]}}
columns: {{types: {{a: int, b: text, when: text}}, kinds: {{when: date}}}}
fairness: off
environment:
  cluster:
    runner: vertex
    pipeline_root: gs://bucket/root
    image: image:1
    resources: {{Trainer: {{cpus: 4, memory_gb: 16}}}}
"""


def week(folder: Path, number: int, last: str = "") -> None:
    rows = "".join(
        f"{n + number},{'pq'[n % 2]},2024-0{number}-{1 + n % 27:02},{'yes' if n % 3 else 'no'}\n" for n in range(600)
    )
    (folder / "t.csv").write_text(f"a,b,when,y\n{rows}{last}")


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedSettings:
    (tmp_path / "t.yaml").write_text(YAML.format(folder=tmp_path))
    return load(tmp_path / "t.yaml")


def compiled(loaded: LoadedSettings, folder: Path) -> pipeline_pb2.Pipeline:
    place = metadata.sqlite_metadata_connection_config(str(folder / "metadata.db"))
    environment = here(loaded, str(folder / "artifacts"), str(folder / "serving"), place)
    return compiler.Compiler().compile(create_pipeline(loaded.settings, environment))


def for_vertex(loaded: LoadedSettings, folder: Path) -> dict[str, Any]:
    from tfx.orchestration.kubeflow.v2 import kubeflow_v2_dag_runner

    config = kubeflow_v2_dag_runner.KubeflowV2DagRunnerConfig(default_image="image:1", use_pipeline_spec_2_1=True)
    runner = kubeflow_v2_dag_runner.KubeflowV2DagRunner(config, str(folder), "pipeline.json")
    found: dict[str, Any] = runner.run(create_pipeline(loaded.settings, elsewhere(loaded)))
    return found["pipelineSpec"]


def test_without_a_table_and_with_either_of_two_the_graph_is_the_same(loaded: LoadedSettings, tmp_path: Path) -> None:
    before = compiled(loaded, tmp_path)
    for number in (1, 2):
        week(tmp_path, number)
        assert look_at(loaded.settings).unsaid == ()
        assert settle(loaded.settings, look_at(loaded.settings)) == loaded.settings
        assert compiled(loaded, tmp_path) == before


def test_vertex_gets_the_same_too_and_its_resources(loaded: LoadedSettings, tmp_path: Path) -> None:
    cluster = load(loaded.path, (), "cluster")
    check_complete(cluster)
    bare = for_vertex(cluster, tmp_path)
    week(tmp_path, 1)
    assert for_vertex(cluster, tmp_path) == bare
    executors = bare["deploymentSpec"]["executors"]
    assert executors["Trainer_executor"]["container"]["resources"] == {"cpuLimit": 4.0, "memoryLimit": 16.0}
    assert RUN_ID in bare["root"]["inputDefinitions"]["parameters"]


def test_two_environments_differ_in_what_the_environment_says(loaded: LoadedSettings, tmp_path: Path) -> None:
    """Ids, edges and parameters; the places are named here."""
    cluster = load(loaded.path, (), "cluster")
    assert cluster.digest == loaded.digest
    local, far = (
        compiled(loaded, tmp_path),
        compiler.Compiler().compile(create_pipeline(cluster.settings, elsewhere(cluster))),
    )
    for mine, its in zip(local.nodes, far.nodes, strict=True):
        one, other = mine.pipeline_node, its.pipeline_node
        assert (one.node_info, list(one.upstream_nodes)) == (other.node_info, list(other.upstream_nodes))
        assert one.inputs == other.inputs
        assert set(one.parameters.parameters) == set(other.parameters.parameters)
        text = str(one.parameters).replace(str(tmp_path / "serving"), "gs://bucket/root/serving")
        assert text == str(other.parameters), one.node_info.id


def first_steps(ir: pipeline_pb2.Pipeline, run_id: str, folder: Path, digest: str = "") -> list[StepRecord]:
    """ExampleGen and StatisticsGen, run by a graph that was compiled once."""
    place = metadata.sqlite_metadata_connection_config(str(folder / "metadata.db"))
    graph = launch.prepare(ir, run_id, place, {"ExampleGen": "code"}, set(), {"ExampleGen": digest} if digest else {})
    return [launch.launch(graph, node) for node in graph.nodes if node.node_info.id in ("ExampleGen", "StatisticsGen")]


def test_next_weeks_table_runs_through_the_same_compiled_graph(loaded: LoadedSettings, tmp_path: Path) -> None:
    """Other data never meets the old cache; the same data does."""
    ir = pipeline_pb2.Pipeline.FromString(compiled(loaded, tmp_path).SerializeToString())
    digests = []
    for run_id, number, state in (
        ("r1", 1, State.DONE),
        ("r2", 2, State.DONE),
        ("r3", 2, State.CACHED),
        ("r4", 1, State.CACHED),
    ):
        week(tmp_path, number)
        records = first_steps(ir, run_id, tmp_path)
        assert [one.error for one in records] == ["", ""]
        assert [one.state for one in records] == [state, state]
        digests.append(records[0].outputs[0].properties[DATA_DIGEST])
        assert digests[-1] == look_at(loaded.settings).digest
    assert digests[0] == digests[3] != digests[1] == digests[2]


def test_a_table_that_is_another_than_the_settings_say_is_refused_by_the_step(
    loaded: LoadedSettings, tmp_path: Path
) -> None:
    ir = compiled(loaded, tmp_path)
    week(tmp_path, 1)
    table = tmp_path / "t.csv"
    table.write_text(
        "\n".join(f"{line},{n}" for n, line in enumerate(table.read_text().splitlines())).replace("y,0", "y,new", 1)
        + "\n"
    )
    [example_gen, _] = first_steps(ir, "r1", tmp_path)
    assert example_gen.state is State.FAILED
    for said in (
        "is not what the settings say",
        "key columns.types.new",
        "int in the table",
        "nothing in settings and schema",
    ):
        assert said in example_gen.error


def test_a_table_that_changed_after_the_look_is_refused_and_never_answered_from_the_cache(
    loaded: LoadedSettings, tmp_path: Path
) -> None:
    ir = compiled(loaded, tmp_path)
    week(tmp_path, 1)
    seen = look_at(loaded.settings).digest
    assert first_steps(ir, "r1", tmp_path, seen)[0].state is State.DONE
    week(tmp_path, 2)
    other = look_at(loaded.settings).digest
    week(tmp_path, 1)
    found = first_steps(ir, "r2", tmp_path, other)[0]
    assert found.state is State.FAILED
    assert "The table changed after it was inspected" in found.error


@pytest.mark.parametrize("name", ["census", "census_strict", "penguins", "taxi", "taxi_tips"])
def test_shipped_settings_leave_nothing_open(name: str) -> None:
    loaded = load(PROJECT / "configs" / f"{name}.yaml")
    check_complete(loaded)
    assert look_at(loaded.settings).unsaid == ()


def test_what_four_lines_leave_open_is_named_with_the_command_that_writes_it(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(f"name: my\ndata: {tmp_path}/t.csv\nlabel: y\nfairness: off\n")
    with pytest.raises(SettingsError) as caught:
        check_complete(load(tmp_path / "my.yaml"))
    assert [one.place.rpartition(" ")[2] for one in caught.value.problems] == ["task", "columns.types", "split.columns"]
    assert "sluicegate init --check" in str(caught.value)
    week(tmp_path, 1)
    loaded = load(tmp_path / "my.yaml")
    settled = settle(loaded.settings, look_at(loaded.settings))
    assert look_at(settled).unsaid == ()
    assert json.loads(settled.model_dump_json())["columns"]["types"] == {"a": "int", "b": "text", "when": "text"}
