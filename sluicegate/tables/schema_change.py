"""The schema that would accept this table, how it differs, and how it becomes the curated one."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from schemas.errors import DataError, Problem
from schemas.file_names import PROPOSAL_NAME
from schemas.whole_file import write_whole


def propose(current: Any, updated: Any, columns: Collection[str]) -> Any:
    """`current` with the given columns as `updated` (TFDV's update of it) has them; everything else stays.

    current, updated : schema_pb2.Schema.
    """
    proposal = schema_pb2.Schema()
    proposal.CopyFrom(current)
    del proposal.feature[:]
    new = {feature.name: feature for feature in updated.feature}
    old = [feature.name for feature in current.feature]
    for feature in current.feature:
        proposal.feature.add().CopyFrom(new[feature.name] if feature.name in columns else feature)
    for feature in updated.feature:
        if feature.name in columns and feature.name not in old:
            proposal.feature.add().CopyFrom(feature)
    _take_domains(proposal, updated, {new[name].domain for name in columns if name in new})
    return proposal


def _take_domains(proposal: Any, updated: Any, names: Collection[str]) -> None:
    for domain in updated.string_domain:
        if domain.name in names:
            same = [d for d in proposal.string_domain if d.name == domain.name]
            (same[0] if same else proposal.string_domain.add()).CopyFrom(domain)


def schema_diff(current: Any, proposed: Any) -> str:
    """A unified diff per column that changes, under a heading with the column's name; "" when nothing changes."""
    before, after = _by_column(current), _by_column(proposed)
    parts = []
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name, []), after.get(name, [])
        if old != new:
            what = "new" if not old else "gone" if not new else "changed"
            lines = [*difflib.unified_diff(old, new, "current", "proposed", lineterm="")]
            parts.append("\n".join([f"=== column '{name}': {what}", *lines]))
    return "\n\n".join(parts) + ("\n" if parts else "")


def _by_column(schema: Any) -> dict[str, list[str]]:
    """Lines of text per column, its domain among them."""
    domains = {domain.name: domain for domain in schema.string_domain}
    found = {}
    for feature in schema.feature:
        lines = text_format.MessageToString(feature, as_utf8=True).splitlines()
        if feature.domain in domains:
            lines += text_format.MessageToString(domains[feature.domain], as_utf8=True).splitlines()[1:]
        found[feature.name] = lines
    return found


def apply_proposal(current: str, proposed: str, schema_file: str | Path) -> Path:
    """Makes `proposed` the schema in `schema_file`, atomically, and returns the path of the old one (`.bak`).

    current : text of the schema the proposal was made from.  proposed : text of the schema to hold from now on.

    Raises DataError where either is no schema, or the file has changed since the proposal was made.
    """
    path = Path(schema_file)
    before, after = _parse(current, "the run's schema"), _parse(proposed, PROPOSAL_NAME)
    text = path.read_text(encoding="utf-8")
    if _parse(text, str(path)) != before:
        problem = Problem(str(path), "another schema than the one that was checked", "", "Run again, then accept.")
        raise DataError("The schema has changed since this proposal was made.", problem)
    backup = path.with_name(f"{path.name}.bak")
    write_whole(backup, text.encode())
    write_whole(path, text_format.MessageToString(after, as_utf8=True).encode())
    return backup


def _parse(text: str, place: str) -> Any:
    try:
        return text_format.Parse(text, schema_pb2.Schema())
    except text_format.ParseError as error:
        problem = Problem(place, str(error), "a TFMD schema in text form", "Restore the file, or run again.")
        raise DataError("This is not a schema.", problem) from error
