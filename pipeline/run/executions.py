"""Executions that ML Metadata believes to be at work although their process is gone; TFX's own runner leaves them so for ever."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ml_metadata.proto import metadata_store_pb2

from sluicegate.lineage.connection import open_store

CANCELED = metadata_store_pb2.Execution.CANCELED
FAILED = metadata_store_pb2.Execution.FAILED
_OPEN = (metadata_store_pb2.Execution.NEW, metadata_store_pb2.Execution.RUNNING)
#: Where TFX itself keeps what became of an execution: an ExecutionResult as JSON, whose code is one of google.rpc.Code.
_RESULT = "__execution_result__"
_CODES = {CANCELED: 1, FAILED: 2}


@dataclass(frozen=True)
class Closed:
    """An execution that was closed.  run_id, step : "" where ML Metadata does not tell."""

    id: int
    run_id: str
    step: str


def close(
    connection: metadata_store_pb2.ConnectionConfig,
    pipeline: str,
    run_ids: Collection[str] | None,
    state: int,
    why: str,
) -> list[Closed]:
    """Marks what these runs of `pipeline` left open with `state`, and says why where TFX does.

    run_ids : None means every run in the database, which must then be of one output folder only.
    """
    store = open_store(connection)
    found = store.get_executions() if run_ids is None else list(_of_runs(store, pipeline, run_ids))
    left = [e for e in found if e.last_known_state in _OPEN]
    for execution in left:
        execution.last_known_state = state
        execution.custom_properties[_RESULT].string_value = json.dumps({"resultMessage": why, "code": _CODES[state]})
    if left:
        store.put_executions(left)
    return [_told(store, pipeline, execution.id) for execution in left]


def _of_runs(store: object, pipeline: str, run_ids: Collection[str]) -> Iterator[metadata_store_pb2.Execution]:
    """A database of a team holds other pipelines' runs, some of which began in the same second and have the same id."""
    for run_id in run_ids:
        context = store.get_context_by_type_and_name("pipeline_run", run_id)  # type: ignore[attr-defined]
        for execution in store.get_executions_by_context(context.id) if context else ():  # type: ignore[attr-defined]
            if execution.last_known_state in _OPEN and ("pipeline", pipeline) in _contexts(store, execution.id):
                yield execution


def _told(store: object, pipeline: str, execution_id: int) -> Closed:
    named = dict(_contexts(store, execution_id))
    return Closed(execution_id, named.get("pipeline_run", ""), named.get("node", "").removeprefix(f"{pipeline}."))


def _contexts(store: object, execution_id: int) -> Sequence[tuple[str, str]]:
    contexts = store.get_contexts_by_execution(execution_id)  # type: ignore[attr-defined]
    types = {t.id: t.name for t in store.get_context_types_by_id({c.type_id for c in contexts})}  # type: ignore[attr-defined]
    return [(types[context.type_id], context.name) for context in contexts]
