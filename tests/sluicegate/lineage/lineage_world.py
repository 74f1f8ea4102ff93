"""A small ML Metadata database in the shapes that TFX's local runs write, and the run records that go with it.

Three runs of pipeline "shop": r1 pushes version 100 at commit aaa; r2, at commit bbb, finds everything in the cache and
pushes the same version again; r3, on new data at commit bbb, is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

from schemas.records import RunResult, State, StepRecord, to_json
from schemas.release import Change, Release
from schemas.release import write as write_release
from schemas.verdict import Measurement, Status, judge

DATA = {"r1": "d1" * 32, "r2": "d1" * 32, "r3": "d2" * 32}
COMMITS = {"r1": "a" * 40, "r2": "b" * 40 + "+changes", "r3": "b" * 40}
NAME = "shop"


class Database:
    """Writes executions the way TFX does: contexts for pipeline, run and node; events with keys."""

    def __init__(self, path: Path, pipeline: str = NAME) -> None:
        self.connection = mlmd.ConnectionConfig()
        self.connection.sqlite.filename_uri = str(path)
        self.connection.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self.store = metadata_store.MetadataStore(self.connection)
        self.pipeline = pipeline

    @classmethod
    def on(cls, connection: Any, pipeline: str = NAME) -> Database:
        """In a database that is there."""
        from sluicegate.lineage.connection import open_store

        made = cls.__new__(cls)
        made.connection, made.store, made.pipeline = connection, open_store(connection), pipeline
        return made

    def artifact(self, kind: str, uri: object, **properties: int | str) -> int:
        type_id = self.store.put_artifact_type(mlmd.ArtifactType(name=kind), can_add_fields=True)
        artifact = mlmd.Artifact(type_id=type_id, uri=uri, state=mlmd.Artifact.LIVE)
        _fill(artifact.custom_properties, properties)
        [artifact_id] = self.store.put_artifacts([artifact])
        return artifact_id

    def execution(
        self, run: str, step: str, inputs: Any, outputs: Any, state: str = "COMPLETE", **properties: int | str
    ) -> int:
        """inputs, outputs : (key, artifact id) pairs."""
        type_id = self.store.put_execution_type(mlmd.ExecutionType(name=f"tfx.{step}"), can_add_fields=True)
        execution = mlmd.Execution(type_id=type_id, last_known_state=mlmd.Execution.State.Value(state))
        _fill(execution.custom_properties, properties)
        [execution_id] = self.store.put_executions([execution])
        contexts = [("pipeline", self.pipeline), ("pipeline_run", run), ("node", f"{self.pipeline}.{step}")]
        self.store.put_attributions_and_associations(
            [], [mlmd.Association(execution_id=execution_id, context_id=self._context(*c)) for c in contexts]
        )
        sides = [(mlmd.Event.INPUT, inputs), (mlmd.Event.OUTPUT, outputs)]
        self.store.put_events([_event(execution_id, kind, *pair) for kind, pairs in sides for pair in pairs])
        return execution_id

    def _context(self, kind: str, name: str) -> Any:
        found = self.store.get_context_by_type_and_name(kind, name)
        if found:
            return found.id
        type_id = self.store.put_context_type(mlmd.ContextType(name=kind))
        [context_id] = self.store.put_contexts([mlmd.Context(type_id=type_id, name=name)])
        return context_id


def fill(root: Path) -> None:
    """Makes an output folder with the three runs; returns the connection to its database."""
    root.mkdir(parents=True, exist_ok=True)
    base = Database(root / "metadata.db")
    serving = root / "serving" / NAME
    (serving / "100").mkdir(parents=True)
    made = _first_run(base, root, serving)
    _cached_run(base, root, serving, made)
    _refused_run(base, root, made)
    change = Change("2026-11-21T10:00:00+00:00", "release", "direct", 100, None, "r1", "m" * 64)
    write_release(Release(stable=100, history=(change,)), serving)
    for run in ("r1", "r2", "r3"):
        _record(root, run)
    return base.connection


def _first_run(base: Database, root: Path, serving: Path) -> dict[str, int]:
    at = root / "artifacts"
    data, schema = base.artifact("Examples", f"{at}/ExampleGen/1", span=7), base.artifact("Schema", f"{at}/schema/2")
    verdict = base.artifact("schemas.GateVerdict", f"{at}/DataGate/3", passed=1)
    model = base.artifact("Model", f"{at}/Trainer/4")
    pushed = base.artifact("PushedModel", f"{at}/Pusher/5", pushed=1, pushed_version="100", digest="m" * 64,
                           pushed_destination=str(serving / "100"))  # fmt: skip
    base.execution("r1", "ExampleGen", [], [("examples", data)], custom_config=ingest(DATA["r1"]), sluicegate_code="c1")
    base.execution("r1", "ImportSchemaGen", [], [("schema", schema)])
    base.execution("r1", "DataGate", [("schema", schema)], [("verdict", verdict)])
    condition = ("_DataGate.verdict", verdict)
    base.execution("r1", "Trainer", [condition, ("examples", data), ("schema", schema)], [("model", model)],
                   custom_config=json.dumps({"roles": "{}"}), sluicegate_code="c2")  # fmt: skip
    base.execution("r1", "Pusher", [condition, ("model", model)], [("pushed_model", pushed)])
    return {"data": data, "schema": schema, "verdict": verdict, "model": model}


def _cached_run(base: Database, root: Path, serving: Path, made: dict[str, int]) -> None:
    condition = ("_DataGate.verdict", made["verdict"])
    base.execution("r2", "ExampleGen", [], [("examples", made["data"])], "CACHED", custom_config=ingest(DATA["r2"]))
    base.execution("r2", "Trainer", [condition, ("examples", made["data"]), ("schema", made["schema"])],
                   [("model", made["model"])], "CACHED")  # fmt: skip
    again = base.artifact("PushedModel", f"{root}/artifacts/Pusher/9", pushed=1, pushed_version="100", digest="m" * 64,
                          pushed_destination=str(serving / "100"))  # fmt: skip
    base.execution("r2", "Pusher", [condition, ("model", made["model"])], [("pushed_model", again)])


def _refused_run(base: Database, root: Path, made: dict[str, int]) -> None:
    data = base.artifact("Examples", f"{root}/artifacts/ExampleGen/20", span=8)
    model = base.artifact("Model", f"{root}/artifacts/Trainer/21")
    none = base.artifact("PushedModel", f"{root}/artifacts/Pusher/22", pushed=0)
    base.execution("r3", "ExampleGen", [], [("examples", data)], custom_config=ingest(DATA["r3"]))
    base.execution("r3", "Trainer", [("examples", data), ("schema", made["schema"])], [("model", model)])
    base.execution("r3", "Pusher", [("model", model)], [("pushed_model", none)])


def ingest(digest: str) -> str:
    """ExampleGen's custom_config as TFX writes it: JSON around a Struct."""
    value = {"digest": digest, "schema": "", "source": "{}"}
    return json.dumps({"custom_config": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": value}})


def _record(root: Path, run: Any) -> None:
    refused = run == "r3"
    limit = Measurement("auc", "overall", Status.FAILED if refused else Status.PASSED, 0.8, limit=0.9, direction="at least",
                        setting="quality_gate.limits.0.at_least")  # fmt: skip
    result = RunResult(
        run_id=run, name=NAME, verdict="REFUSED" if refused else "PASSED", exit_code=2 if refused else 0,
        started_at=f"2026-11-2{run[1]}T10:00:00+00:00", seconds=61.5, gates=(judge("quality_gate", [limit]),),
        steps=(StepRecord("Trainer", State.DONE, 12.0),), metrics={"auc": 0.8, "accuracy": 0.7},
        pushed_version=None if refused else 100, data_digest=DATA[run], settings_digest="s" * 64, code_digest="k" * 64,
        git_commit=COMMITS[run],
        settings={"data": {"path": "shop.csv"}, "schema": "schemas/shop/schema.pbtxt", "training": {"epochs": 3}},
    )  # fmt: skip
    folder = root / "runs" / run
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(to_json(result))


def _fill(target: Any, properties: Mapping[str, int | str]) -> None:
    for name, value in properties.items():
        setattr(target[name], "int_value" if isinstance(value, int) else "string_value", value)


def _event(execution_id: int, kind: Any, key: str, artifact_id: int) -> Any:
    path = mlmd.Event.Path(steps=[mlmd.Event.Path.Step(key=key), mlmd.Event.Path.Step(index=0)])
    return mlmd.Event(execution_id=execution_id, artifact_id=artifact_id, type=kind, path=path)
