"""Runs one node of the compiled graph through TFX's own launcher and says how it ended, from ML Metadata."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import constants
from tfx.orchestration.local import runner_utils
from tfx.orchestration.portable import inputs_utils, launcher, runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from components.example_gen.executor import INSPECTED
from pipeline.environment import RUN_ID
from pipeline.local import cache_key
from pipeline.local.store import Handle
from schemas.records import ArtifactRecord, State, StepRecord
from sluicegate.lineage.store import CODE_PARAMETER

#: TFX names what only a condition reads `_<step>.<output>`.
CONDITION_PREFIX = "_"
_STATES = {
    metadata_store_pb2.Execution.COMPLETE: State.DONE,
    metadata_store_pb2.Execution.CACHED: State.CACHED,
}


@dataclass
class Graph:
    """A compiled pipeline with its run id filled in, ready to launch node by node."""

    ir: pipeline_pb2.Pipeline
    connection: metadata_store_pb2.ConnectionConfig

    @property
    def root(self) -> str:
        """The output folder, in which `artifacts` is TFX's pipeline root."""
        return os.path.dirname(self.ir.runtime_spec.pipeline_root.field_value.string_value)

    @property
    def nodes(self) -> list[pipeline_pb2.PipelineNode]:
        return [node.pipeline_node for node in self.ir.nodes]


def prepare(
    ir: pipeline_pb2.Pipeline,
    run_id: str,
    connection: metadata_store_pb2.ConnectionConfig,
    code: dict[str, str],
    uncached: set[str],
    looked_at: Mapping[str, str],
) -> Graph:
    """A copy of the compiled pipeline with what this run knows: one compiled pipeline makes many runs.

    code : what each step's cache key needs beside its inputs.  uncached : steps that always run.
    looked_at : by step, the digest of the table that was looked at; the step refuses another one. "" for none.
    """
    template, ir = ir, pipeline_pb2.Pipeline()
    ir.CopyFrom(template)
    runtime_parameter_utils.substitute_runtime_parameter(
        ir, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id, RUN_ID: run_id}
    )
    for node in ir.nodes:
        name = node.pipeline_node.node_info.id
        value = node.pipeline_node.parameters.parameters[CODE_PARAMETER].field_value
        value.string_value = code.get(name, "")
        if looked_at.get(name):
            node.pipeline_node.parameters.parameters[INSPECTED].field_value.string_value = looked_at[name]
        if name in uncached:
            node.pipeline_node.execution_options.caching_options.enable_cache = False
    return Graph(ir, connection)


def launch(graph: Graph, node: pipeline_pb2.PipelineNode, clock: Callable[[], float] = time.monotonic) -> StepRecord:
    """Runs the node. An exception of its executor is in the record (state FAILED), not raised."""
    name, started, at = node.node_info.id, clock(), datetime.now(UTC).isoformat(timespec="seconds")
    deployment = runner_utils.extract_local_deployment_config(graph.ir)
    try:
        condition = _condition(graph, node)
        if condition is None:
            return StepRecord(name, State.SKIPPED, clock() - started, at)
        step = launcher.Launcher(
            pipeline_node=_without_condition(node),
            mlmd_connection=Handle(graph.connection),
            pipeline_info=graph.ir.pipeline_info,
            pipeline_runtime_spec=graph.ir.runtime_spec,
            executor_spec=runner_utils.extract_executor_spec(deployment, name),
            custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, name),
        )
        with cache_key.independent_of(graph.root):
            info = step.launch()
    except Exception as error:  # noqa: BLE001 - whatever a step raises is how the step ended
        return StepRecord(name, State.FAILED, clock() - started, at, error="".join(traceback.format_exception(error)))
    seconds = clock() - started
    if info is None or not info.execution_id:
        return StepRecord(name, State.SKIPPED, seconds, at)
    record = _record(graph, name, info.execution_id, seconds, at)
    return replace(record, inputs=(*record.inputs, *condition))


def _condition(graph: Graph, node: pipeline_pb2.PipelineNode) -> tuple[ArtifactRecord, ...] | None:
    """What the node's condition reads and nothing else does; None where the condition does not hold."""
    if not node.inputs.conditionals:
        return ()
    with Handle(graph.connection) as handle:
        resolved = inputs_utils.resolve_input_artifacts(pipeline_node=node, metadata_handle=handle)
    if isinstance(resolved, inputs_utils.Skip):
        return None
    [inputs] = resolved
    read = ((key, a) for key, found in sorted(inputs.items()) if key.startswith(CONDITION_PREFIX) for a in found)
    return tuple(ArtifactRecord(key, a.type_name, a.id, a.uri, _properties(a.mlmd_artifact)) for key, a in read)


def _without_condition(node: pipeline_pb2.PipelineNode) -> pipeline_pb2.PipelineNode:
    """The node as it is once its condition holds.

    A condition decides whether a step runs, not what it computes. TFX takes what it reads for an input like any other, and
    would train anew behind a verdict that was merely written again (docs/adr/0009).
    """
    bare = pipeline_pb2.PipelineNode()
    bare.CopyFrom(node)
    bare.inputs.conditionals.clear()
    for key in [key for key in node.inputs.inputs if key.startswith(CONDITION_PREFIX)]:
        del bare.inputs.inputs[key]
    return bare


def _record(graph: Graph, name: str, execution_id: int, seconds: float, at: str) -> StepRecord:
    with Handle(graph.connection) as handle:
        store = handle.store
        [execution] = store.get_executions_by_id([execution_id])
        events = store.get_events_by_execution_ids([execution_id])
        artifacts = {a.id: a for a in store.get_artifacts_by_id(sorted({e.artifact_id for e in events}))}
        types = {t.id: t.name for t in store.get_artifact_types_by_id(sorted({a.type_id for a in artifacts.values()}))}
    state = _STATES.get(execution.last_known_state, State.FAILED)
    sides: dict[bool, list[ArtifactRecord]] = {True: [], False: []}
    for event in events:
        artifact = artifacts[event.artifact_id]
        key = event.path.steps[0].key if event.path.steps else ""
        is_output = event.type in (metadata_store_pb2.Event.OUTPUT, metadata_store_pb2.Event.DECLARED_OUTPUT)
        record = ArtifactRecord(key, types[artifact.type_id], artifact.id, artifact.uri, _properties(artifact))
        sides[is_output].append(record)
    error = "" if state in (State.DONE, State.CACHED) else "TFX could not resolve the step's inputs; the log says why."
    return StepRecord(name, state, seconds, at, execution_id, tuple(sides[False]), tuple(sides[True]), error)


def _properties(artifact: metadata_store_pb2.Artifact) -> dict[str, str | int | float]:
    values = {**artifact.properties, **artifact.custom_properties}
    plain = {
        key: getattr(value, value.WhichOneof("value")) for key, value in values.items() if value.WhichOneof("value")
    }
    return {key: value for key, value in plain.items() if isinstance(value, str | int | float)}
