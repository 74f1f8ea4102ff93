"""ExampleGen and its driver: which table it is, TFX is told by the table's bytes, never by a file's time or place."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.components.example_gen import driver, utils
from tfx.components.example_gen.component import FileBasedExampleGen
from tfx.dsl.io import fileio
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto.orchestration import driver_output_pb2
from tfx.types import standard_component_specs

from components.example_gen.executor import BY_CONTENT, content_of
from schemas.errors import SluicegateError
from sluicegate.tables.columns import unlabelled
from sluicegate.tables.files.files import digest_of, files_at, find_files
from sluicegate.tables.source import Source

#: Parameters that say where the table lies. What is read there does not depend on them.
PLACE = (standard_component_specs.INPUT_BASE_KEY, standard_component_specs.INPUT_CONFIG_KEY)
CONTENT = standard_component_specs.CUSTOM_CONFIG_KEY
NODE = "node"


class ContentDriver(driver.FileBasedDriver):
    """Takes the digest of the files, as they are now, for TFX's fingerprint, which is made of sizes and times of change.

    So the same graph runs on next week's table, and other data never meets the old cache. TFX's cache hashes every parameter, the table's path too. Where an earlier execution of this step read the same bytes by
    the same settings, and what it made is still there, this one takes over the path it was given then: the same key, so
    the cache answers. The executor checks the digest itself, so another table can never be taken for this one. A table that
    cannot be read has none: the executor says why.
    """

    def run(self, execution_info: ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """Span 0 and no version: a table is known by its content."""
        self._node = f"{execution_info.pipeline_info.id}.{execution_info.pipeline_node.node_info.id}"
        return super().run(execution_info)

    def resolve_exec_properties(self, exec_properties: dict[str, Any], *args: Any) -> dict[str, Any]:
        """The parameters as TFX's driver completes them, the fingerprint out of the content."""
        digest = _digest_now(content_of(exec_properties))
        found = {utils.SPAN_PROPERTY_NAME: 0, utils.FINGERPRINT_PROPERTY_NAME: f"{BY_CONTENT}{digest}"}
        if not digest:
            return {**exec_properties, **found, utils.VERSION_PROPERTY_NAME: None}
        with self._mlmd_connection as handle:
            earlier = next(_same_table(handle.store, self._node, {**exec_properties, **found}), {})
        return {**exec_properties, **earlier, **found, utils.VERSION_PROPERTY_NAME: None}


class TableExampleGen(FileBasedExampleGen):
    """TFX's file-based ExampleGen that knows a table by its content."""

    DRIVER_CLASS = ContentDriver


def _digest_now(content: Mapping[str, str]) -> str:
    """Of the table's files; "" where they cannot be read."""
    source = Source.from_json(content["source"])
    try:
        return digest_of(files_at(source.path, unlabelled.SAID_BY) if "readings" in content else find_files(source))
    except (SluicegateError, OSError):
        return ""


def _same_table(store: Any, node: str, wanted: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Where this table was when this step read it, newest first; only where the outputs are still there."""
    context = store.get_context_by_type_and_name(NODE, node)
    executions = store.get_executions_by_context(context.id) if context else []
    for execution in sorted(executions, key=lambda e: e.id, reverse=True):
        if execution.last_known_state != metadata_store_pb2.Execution.COMPLETE:
            continue
        earlier = {key: _plain(value) for key, value in execution.custom_properties.items()}
        if _is_same(wanted, earlier) and _outputs_exist(store, execution.id):
            yield {key: earlier[key] for key in (*PLACE, CONTENT)}


def _is_same(wanted: Mapping[str, Any], earlier: Mapping[str, Any]) -> bool:
    compared = set(wanted) - {*PLACE, CONTENT}
    if not {*compared, *PLACE, CONTENT} <= set(earlier) or any(wanted[key] != earlier[key] for key in compared):
        return False
    return _without_place(wanted) == _without_place(earlier)


def _without_place(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What the executor is told, without the path; the name's ending stays, since it says how to unpack."""
    content = content_of(properties)
    source = Source.from_json(content.pop("source"))
    return {**content, "source": {**vars(source), "path": "".join(Path(source.path).suffixes[-1:])}}


def _outputs_exist(store: Any, execution_id: int) -> bool:
    events = store.get_events_by_execution_ids([execution_id])
    made = [e.artifact_id for e in events if e.type == metadata_store_pb2.Event.OUTPUT]
    artifacts = store.get_artifacts_by_id(made)
    return bool(artifacts) and all(
        a.state == metadata_store_pb2.Artifact.LIVE and fileio.exists(a.uri) for a in artifacts
    )


def _plain(value: metadata_store_pb2.Value) -> Any:
    return getattr(value, value.WhichOneof("value"))
