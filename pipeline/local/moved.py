"""An output folder that was moved or copied: ML Metadata is told where its artifacts lie now, before a run reads it (adr/0025)."""

from __future__ import annotations

from pathlib import Path

from ml_metadata.metadata_store import ListOptions, OrderByField
from ml_metadata.proto import metadata_store_pb2

from pipeline.settings.metadata import Metadata
from schemas import places
from schemas.output_folder import OutputFolder
from sluicegate.lineage.connection import in_statements, open_store

#: Of the newest artifacts, so many are looked at: they tell where the last run was.
_NEWEST = 50


def tell(connection: metadata_store_pb2.ConnectionConfig, folder: OutputFolder, settings: Metadata) -> str:
    """Rewrites the paths of this pipeline's artifacts where they name another output folder; returns that, or "".

    SQLite lies in the folder and travels with it, so its artifacts are those here. A PostgreSQL may be another output folder's, too:
    an artifact is taken to have moved where it is here, and no longer there. Call it under the run's lock; what is interrupted is
    done again by the next run, because the newest artifacts are rewritten last.
    """
    store = open_store(connection)
    context = store.get_context_by_type_and_name("pipeline", folder.name)
    if context is None:
        return ""
    newest = ListOptions(limit=_NEWEST, order_by=OrderByField.ID, is_asc=False)
    old = places.old_place((a.uri for a in store.get_artifacts_by_context(context.id, newest)), folder.root)
    if not old:
        return ""
    every = sorted(store.get_artifacts_by_context(context.id), key=lambda artifact: artifact.id)
    is_own = settings.kind == "sqlite"
    moved = [a for a in every if (is_own or _has_moved(a.uri, old, folder.root)) and _rewrite(a, old, folder.root)]
    for some in in_statements(moved):
        store.put_artifacts(some)
    return old if moved else ""


def _has_moved(uri: str, old: str, root: Path) -> bool:
    return not Path(uri).exists() and Path(places.now_at(root, uri, old)).exists()


def _rewrite(artifact: metadata_store_pb2.Artifact, old: str, root: Path) -> bool:
    """Whether anything in it named the old place."""
    before = artifact.SerializeToString(deterministic=True)
    # Of a rewriting that was interrupted, and followed by another move, some name a third place.
    old = places.old_place([artifact.uri], root) or old
    artifact.uri = places.now_at(root, artifact.uri, old)
    for properties in (artifact.properties, artifact.custom_properties):
        for key in set(places.PROPERTIES) & set(properties):
            properties[key].string_value = places.now_at(root, properties[key].string_value, old)
    return before != artifact.SerializeToString(deterministic=True)
