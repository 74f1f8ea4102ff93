"""Reads one pipeline out of ML Metadata into plain records.

ML Metadata 1.21 has no filter queries any more, so contexts are listed and followed, each kind in one call per context.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ml_metadata import errors
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from schemas import places
from schemas.errors import MachineError, Problem
from sluicegate.lineage.connection import in_statements, open_store
from sluicegate.lineage.trace import Artifact, Event, Execution, LineageGraph

#: Name of the extra parameter that makes TFX's cache see our code (TFX hashes no code of a dotted path).
CODE_PARAMETER = "sluicegate_code"
_OUTPUTS = (mlmd.Event.OUTPUT, mlmd.Event.DECLARED_OUTPUT)


def read(connection: mlmd.ConnectionConfig, pipeline: str, root: Path | None = None) -> LineageGraph:
    """Everything ML Metadata knows about `pipeline`; an empty graph when it never ran.

    root : the output folder that the database lies in; paths of an earlier place are then told from there.
    Raises MachineError when the database cannot be read.
    """
    try:
        graph = _read(open_store(_read_only(connection)), pipeline)
        return graph if root is None else _told_from(graph, root.resolve())
    except (errors.StatusError, RuntimeError) as error:
        place = connection.sqlite.filename_uri or f"{connection.postgresql.host}/{connection.postgresql.dbname}"
        raise MachineError(
            "The metadata database cannot be read.",
            Problem(place, str(error).split("\n", 1)[0], "a database of ML Metadata 1.21",
                    "`sluicegate doctor --config FILE` says what is wrong with it"),
        ) from None  # fmt: skip


def _read_only(connection: mlmd.ConnectionConfig) -> mlmd.ConnectionConfig:
    """The same database without making it or locking it: a run may be writing."""
    config = mlmd.ConnectionConfig()
    config.CopyFrom(connection)
    if config.HasField("sqlite"):
        config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READONLY
    return config


def _read(store: metadata_store.MetadataStore, pipeline: str) -> LineageGraph:
    context = store.get_context_by_type_and_name("pipeline", pipeline)
    if context is None:
        return LineageGraph({}, {}, ())
    executions = {e.id: e for e in store.get_executions_by_context(context.id)}
    runs = _names(store, "pipeline_run", executions)
    steps = _names(store, "node", executions)
    events = [event for ids in in_statements(sorted(executions)) for event in store.get_events_by_execution_ids(ids)]
    wanted = sorted({event.artifact_id for event in events})
    artifacts = [artifact for ids in in_statements(wanted) for artifact in store.get_artifacts_by_id(ids)]
    types = {t.id: t.name for t in store.get_artifact_types()}
    prefix = f"{pipeline}."
    return LineageGraph(
        executions={
            i: _execution(e, steps.get(i, "").removeprefix(prefix), runs.get(i, "")) for i, e in executions.items()
        },
        artifacts={a.id: Artifact(a.id, types[a.type_id], a.uri, _properties(a)) for a in artifacts},
        events=tuple(_event(event) for event in events),
    )


def _told_from(graph: LineageGraph, root: Path) -> LineageGraph:
    """Paths where they lie now: no run has been in this place yet that would have told ML Metadata."""
    newest_first = sorted(graph.artifacts.values(), key=lambda artifact: -artifact.id)
    old = places.old_place((artifact.uri for artifact in newest_first), root)
    return (
        replace(graph, artifacts={i: _moved(artifact, old, root) for i, artifact in graph.artifacts.items()})
        if old
        else graph
    )


def _moved(artifact: Artifact, old: str, root: Path) -> Artifact:
    old = places.old_place([artifact.uri], root) or old
    properties = {
        key: places.now_at(root, value, old) if key in places.PROPERTIES and isinstance(value, str) else value
        for key, value in artifact.properties.items()
    }
    return replace(artifact, uri=places.now_at(root, artifact.uri, old), properties=properties)


def _names(store: metadata_store.MetadataStore, kind: str, executions: Mapping[int, Any]) -> dict[int, str]:
    """Execution id to the name of its context of that kind."""
    return {
        execution.id: context.name
        for context in store.get_contexts_by_type(kind)
        for execution in store.get_executions_by_context(context.id)
        if execution.id in executions
    }


def _execution(execution: Any, step: str, run_id: str) -> Execution:
    properties = _properties(execution)
    return Execution(
        id=execution.id,
        step=step,
        run_id=run_id,
        state=mlmd.Execution.State.Name(execution.last_known_state),
        code=str(properties.get(CODE_PARAMETER, "")),
        data=_digest(properties),
    )


def _event(event: Any) -> Event:
    key = event.path.steps[0].key if event.path.steps else ""
    return Event(event.execution_id, event.artifact_id, event.type in _OUTPUTS, key)


def _properties(node: Any) -> dict[str, Any]:
    both = {**node.properties, **node.custom_properties}
    return {
        name: getattr(value, value.WhichOneof("value")) for name, value in both.items() if value.WhichOneof("value")
    }


def _digest(properties: Mapping[str, Any]) -> str:
    """The table's, which ExampleGen's driver found; "" for other steps."""
    fingerprint = str(properties.get("input_fingerprint", ""))
    if fingerprint.startswith("sha256:"):
        return fingerprint.removeprefix("sha256:")
    return _in_config(str(properties.get("custom_config", "")))


def _in_config(custom_config: str) -> str:
    """Where stores of before the driver hold it."""
    try:
        content = json.loads(custom_config)
    except ValueError:
        return ""
    inner = content.get("custom_config") if isinstance(content, dict) else None
    return str(inner.get("value", inner).get("digest", "")) if isinstance(inner, dict) else ""
