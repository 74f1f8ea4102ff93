"""A condition decides whether a step runs; it is no part of what TFX's cache knows the step by."""

from pathlib import Path

import pytest
from tfx import types
from tfx.dsl.compiler import compiler
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.experimental.conditionals import conditional
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.types.standard_artifacts import String

from pipeline.local import launch
from pipeline.settings.metadata import Metadata
from schemas.artifacts import GateVerdict
from schemas.records import State
from sluicegate.lineage.connection import connection


@component
def Source(text: OutputArtifact[String]) -> None:
    text.value = "rows"


@component
def Gate(passed: Parameter[int], verdict: OutputArtifact[GateVerdict]) -> None:
    verdict.set_int_custom_property("passed", passed)
    Path(verdict.uri).mkdir(parents=True, exist_ok=True)


@component
def Work(text: InputArtifact[String], result: OutputArtifact[String]) -> None:
    result.value = text.value.upper()


def run(folder: Path, run_id: str, passed: int) -> dict[str, types.Artifact]:
    """The records of one run; the gate is never cached, so its verdict is a new artifact every time."""
    place = connection(Metadata(), folder / "metadata.db")
    source, gate = Source().with_id("Source"), Gate(passed=passed).with_id("Gate")
    with conditional.Cond(gate.outputs["verdict"].future()[0].custom_property("passed") == 1):
        work = Work(text=source.outputs["text"]).with_id("Work")
    pipeline = tfx_pipeline.Pipeline(
        "p", str(folder), components=[source, gate, work], enable_cache=True, metadata_connection_config=place
    )
    graph = launch.prepare(compiler.Compiler().compile(pipeline), run_id, place, {}, {"Gate"}, {})
    return {record.step: record for record in (launch.launch(graph, node) for node in graph.nodes)}


@pytest.fixture
def twice(tmp_path):
    return run(tmp_path, "r1", 1), run(tmp_path, "r2", 1)


def test_a_new_verdict_alone_does_not_make_a_step_run_again(twice):
    first, second = twice
    assert {name: record.state for name, record in first.items()} == dict.fromkeys(
        ("Source", "Gate", "Work"), State.DONE
    )
    assert first["Gate"].outputs[0].id != second["Gate"].outputs[0].id
    assert (second["Source"].state, second["Gate"].state, second["Work"].state) == (
        State.CACHED,
        State.DONE,
        State.CACHED,
    )


def test_the_record_lists_what_the_condition_read(twice):
    _, second = twice
    read = {artifact.key: artifact for artifact in second["Work"].inputs}
    assert set(read) == {"text", "_Gate.verdict"}
    assert read["_Gate.verdict"].id == second["Gate"].outputs[0].id
    assert read["_Gate.verdict"].properties["passed"] == 1


def test_a_condition_that_does_not_hold_skips_also_what_the_cache_has(tmp_path):
    run(tmp_path, "r1", 1)
    assert run(tmp_path, "r2", 0)["Work"].state is State.SKIPPED
