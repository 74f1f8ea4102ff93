"""What the fairness gate said in earlier runs, read from ML Metadata: the trend, and how often the same rows were looked at."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from schemas import verdict as verdicts
from schemas.fairness_history import FairnessHistory, PastGap
from schemas.records import ArtifactRecord
from sluicegate.lineage.connection import open_store

PUSHER = "Pusher"
#: Runs of the trend; a page shows fewer, and older ones count as looks all the same.
MOST_RUNS = 50
_OUTPUTS = (mlmd.Event.OUTPUT, mlmd.Event.DECLARED_OUTPUT)


@dataclass(frozen=True)
class _Look:
    """One time that the gate really judged.  outputs : artifacts by key."""

    execution: mlmd.Execution
    outputs: Mapping[str, mlmd.Artifact]

    @property
    def report_id(self) -> int | None:
        return self.outputs["report"].id if "report" in self.outputs else None

    @property
    def split_digest(self) -> str:
        report = self.outputs.get("report")
        return str(_value(report, "split_digest") or "") if report else ""


def read(connection: mlmd.ConnectionConfig, pipeline: str, step: str, report: ArtifactRecord) -> FairnessHistory:
    """What came before `report`, the artifact that this run's `step`, the fairness gate, left (or found in the cache).

    An answer from the cache looked at nothing, so it counts neither as a look nor in the trend. A run whose verdict lies
    there no more still counts as a look.
    """
    store = open_store(connection)
    looks = _looks(store, pipeline, step)
    own = next((look.execution.id for look in looks if look.report_id == report.id), None)
    earlier = [look for look in looks if own is None or look.execution.id < own]
    digest = str(report.properties.get("split_digest", ""))
    versions = _versions(store, pipeline)
    entries = [gap for look in earlier[-MOST_RUNS:] for gap in _gaps(look, _run(store, look.execution), versions)]
    return FairnessHistory(sum(bool(digest) and look.split_digest == digest for look in earlier), tuple(entries))


def _looks(store: metadata_store.MetadataStore, pipeline: str, step: str) -> list[_Look]:
    """Oldest first."""
    done = [e for e in _executions(store, pipeline, step) if e.last_known_state == mlmd.Execution.COMPLETE]
    made = _outputs(store, done)
    return [_Look(e, made.get(e.id, {})) for e in sorted(done, key=lambda e: e.id)]


def _executions(store: metadata_store.MetadataStore, pipeline: str, step: str) -> list[mlmd.Execution]:
    context = store.get_context_by_type_and_name("node", f"{pipeline}.{step}")
    return list(store.get_executions_by_context(context.id)) if context else []


def _outputs(
    store: metadata_store.MetadataStore, executions: Sequence[mlmd.Execution]
) -> dict[int, dict[str, mlmd.Artifact]]:
    """By execution and key."""
    ids = [execution.id for execution in executions]
    events = [event for event in (store.get_events_by_execution_ids(ids) if ids else ()) if event.type in _OUTPUTS]
    wanted = sorted({event.artifact_id for event in events})
    artifacts = {a.id: a for a in (store.get_artifacts_by_id(wanted) if wanted else ())}
    found: dict[int, dict[str, mlmd.Artifact]] = {}
    for event in events:
        if event.path.steps and event.artifact_id in artifacts:
            found.setdefault(event.execution_id, {})[event.path.steps[0].key] = artifacts[event.artifact_id]
    return found


def _versions(store: metadata_store.MetadataStore, pipeline: str) -> dict[str, int]:
    """Run id to the version that it pushed, or found there already."""
    executions = _executions(store, pipeline, PUSHER)
    made = _outputs(store, executions)
    found = {}
    for execution in executions:
        pushed = made.get(execution.id, {}).get("pushed_model")
        if pushed is not None and _value(pushed, "pushed"):
            found[_run(store, execution)] = int(_value(pushed, "pushed_version"))
    return found


def _value(artifact: mlmd.Artifact, name: str) -> Any:
    """A custom property; None where the artifact has none of that name."""
    value = artifact.custom_properties.get(name)
    kind = value.WhichOneof("value") if value is not None else None
    return getattr(value, kind) if value is not None and kind else None


def _run(store: metadata_store.MetadataStore, execution: mlmd.Execution) -> str:
    contexts = store.get_contexts_by_execution(execution.id)
    return next((context.name for context in contexts if context.type == "pipeline_run"), "")


def _gaps(look: _Look, run_id: str, versions: Mapping[str, int]) -> Iterator[PastGap]:
    if "verdict" not in look.outputs:
        return
    try:
        found = verdicts.read(look.outputs["verdict"].uri)
    except (OSError, ValueError):
        # The folder of an old run may be gone, or be of another format; the look remains.
        return
    at = _moment(look.execution.create_time_since_epoch)
    for m in found.measurements:
        yield PastGap(
            run_id, at, versions.get(run_id), m.name, m.slice, m.value, m.low, m.high, m.status.value, look.split_digest
        )


def _moment(milliseconds: int) -> str:
    if not milliseconds:
        return ""
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC).isoformat(timespec="seconds")
