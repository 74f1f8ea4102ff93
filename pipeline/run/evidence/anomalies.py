"""The schema and the anomalies as tables of words."""

from __future__ import annotations

from pathlib import Path

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from components.data_gate.policy import DataGate
from schemas.evidence import AnomalyRow, SchemaEvidence, SchemaRow
from schemas.file_names import DIFF_NAME, SCHEMA
from schemas.pbtxt import read_pbtxt

#: More values than this are counted, not listed.
LISTED_VALUES = 8


def read(schema: Path, anomalies: Path | None, verdict: Path | None, origin: str, policy: DataGate) -> SchemaEvidence:
    """Folders of TFX's Schema and ExampleAnomalies artifacts and of DataGate's verdict, as far as the run got."""
    content = read_pbtxt(schema / SCHEMA)
    rows = tuple(_row(feature, content) for feature in content.feature)
    diff = verdict / DIFF_NAME if verdict else None
    proposal = diff.read_text(encoding="utf-8") if diff and diff.exists() else ""
    return SchemaEvidence(rows, tuple(_anomalies(anomalies, policy)) if anomalies else (), origin, proposal)


def _row(feature: schema_pb2.Feature, schema: schema_pb2.Schema) -> SchemaRow:
    share = feature.presence.min_fraction
    presence = "always" if share == 1 else f"at least {share:.1%}" if share else "may be missing"
    return SchemaRow(
        feature.name,
        schema_pb2.FeatureType.Name(feature.type).lower(),
        presence,
        _domain(feature, schema),
        _limits(feature),
    )


def _limits(feature: schema_pb2.Feature) -> str:
    """Of skew and of drift; said once where they are the same."""
    skew, drift = (_limit(one) for one in (feature.skew_comparator, feature.drift_comparator))
    if skew == drift:
        return skew
    return "; ".join(f"{name} {text}" for name, text in (("skew", skew), ("drift", drift)) if text)


def _limit(comparator: schema_pb2.FeatureComparator) -> str:
    kinds = ("infinity_norm", "jensen_shannon_divergence")
    given = [kind for kind in kinds if comparator.HasField(kind)]
    return ", ".join(f"{kind.replace('_', ' ')} {getattr(comparator, kind).threshold:g}" for kind in given)


def _domain(feature: schema_pb2.Feature, schema: schema_pb2.Schema) -> str:
    if feature.HasField("domain"):
        named = {domain.name: domain for domain in schema.string_domain}
        return _values(list(named[feature.domain].value)) if feature.domain in named else feature.domain
    if feature.HasField("string_domain"):
        return _values(list(feature.string_domain.value))
    for kind in ("int_domain", "float_domain"):
        if feature.HasField(kind):
            domain = getattr(feature, kind)
            low = f"{domain.min:g}" if domain.HasField("min") else ""
            high = f"{domain.max:g}" if domain.HasField("max") else ""
            return f"{low} to {high}" if low or high else ""
    return "time" if feature.HasField("time_domain") else ""


def _values(values: list[str]) -> str:
    listed = ", ".join(values[:LISTED_VALUES])
    return listed if len(values) <= LISTED_VALUES else f"{listed} and {len(values) - LISTED_VALUES} more"


def _anomalies(folder: Path, policy: DataGate) -> list[AnomalyRow]:
    rows = []
    for path in sorted(folder.glob("Split-*/SchemaDiff.pb")):
        content = anomalies_pb2.Anomalies()
        content.ParseFromString(path.read_bytes())
        split = path.parent.name.removeprefix("Split-")
        for column, info in content.anomaly_info.items():
            for reason in info.reason:
                kind = anomalies_pb2.AnomalyInfo.Type.Name(reason.type).lower()
                rule = policy.policy.get(kind, policy.default)
                rows.append(AnomalyRow(split, column, kind, reason.short_description, reason.description, rule))
    return rows
