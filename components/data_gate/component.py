"""TFX adapter: reads distributions, statistics, schema and anomalies, asks TFDV for an update, leaves the verdict."""

from pathlib import Path
from typing import Any

import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import ExampleAnomalies, Examples, ExampleStatistics, Schema

from components.data_gate import comparing, leaks
from components.data_gate.comparing import Compared
from components.data_gate.core import TRAIN, Finding, Released, columns_to_accept, decide, findings
from components.data_gate.older import distributions_in, kept_in
from components.data_gate.policy import DRIFT, SKEW, Policy
from schemas import gate_output
from schemas.artifacts import GateVerdict
from schemas.distributions import SplitDistributions
from schemas.file_names import DIFF_NAME, PROPOSAL_NAME, SCHEMA, SPLIT_STATISTICS
from schemas.leaks import FILE as LEAKS
from schemas.leaks import Leaks
from schemas.verdict import Measurement
from sluicegate.tables.schema_change import propose, schema_diff

ANOMALIES_FILE = "SchemaDiff.pb"


@component
def DataGate(
    examples: InputArtifact[Examples],
    statistics: InputArtifact[ExampleStatistics],
    schema: InputArtifact[Schema],
    anomalies: InputArtifact[ExampleAnomalies],
    released: InputArtifact[ExampleStatistics],
    policy_json: Parameter[str],
    verdict: OutputArtifact[GateVerdict],
) -> None:
    """Leaves verdict.json and, when something failed or warned, the proposed schema and its diff.

    examples : what ExampleGen left beside them is read, and no row.
    released : of the train data of the released model, as ReleasedStatistics hands it over; it may be marked `empty`.
    """
    policy = Policy.from_json(policy_json)
    stats = {s: _statistics(statistics, s) for s in artifact_utils.decode_split_names(statistics.split_names)}
    current = text_format.Parse((Path(schema.uri) / SCHEMA).read_text(encoding="utf-8"), schema_pb2.Schema())
    checked = artifact_utils.decode_split_names(anomalies.split_names)
    found = [f for s in checked for f in findings(_anomalies(anomalies, s), s)]
    baseline = _released(released)
    kept = {s: kept_in(examples.uri, s) or distributions_in(one) for s, one in stats.items()}
    judged, lacking = _judged(kept, current, released, policy, LEAKS.read_if_there(examples.uri) or Leaks())
    rows = {s: sum(int(d.num_examples) for d in one.datasets) for s, one in stats.items()}
    gate_output.leave(decide(rows, [*found, *lacking], policy, checked, baseline, judged), verdict)
    columns = columns_to_accept(found, policy)
    if columns:
        _leave_proposal(current, propose(current, _updated(current, stats), columns), Path(verdict.uri))


def _judged(
    kept: dict[str, SplitDistributions], schema: Any, released: Any, policy: Policy, alone: Leaks
) -> tuple[list[Measurement], list[Finding]]:
    """Skew, drift and leaks under one level, and what of drift could not be measured."""
    skews, drifts = comparing.limits_of(schema, SKEW), comparing.limits_of(schema, DRIFT)
    asked = [q for pair in comparing.skew(kept) for q in comparing.questions(pair, skews)] if skews else []
    pair, lacking = _drift(kept, released) if drifts and TRAIN in kept else (None, [])
    if pair:
        asked += comparing.questions(pair, drifts)
        lacking = comparing.unmeasured(asked, pair.new, drifts, _released(released))
    gating = sum(not q.compared.is_chance for q in asked)
    share = gating / max(gating + len(alone.columns), 1)
    return [*comparing.judged(asked, policy, share or 1.0), *leaks.judged(alone.columns, policy, 1 - share)], lacking


def _drift(kept: dict[str, SplitDistributions], released: Any) -> tuple[Compared | None, list[Finding]]:
    baseline = _released(released)
    if baseline.version == 0:
        return None, []
    if not baseline.is_comparable:
        return None, [comparing.no_baseline(baseline.reason)]
    before = kept_in(released.uri, TRAIN) or distributions_in(_statistics(released, TRAIN))
    return comparing.drift(kept[TRAIN], before, baseline), []


def _statistics(artifact: Any, split: str) -> Any:
    return tfdv.load_stats_binary(str(Path(artifact_utils.get_split_uri([artifact], split)) / SPLIT_STATISTICS))


def _anomalies(artifact: Any, split: str) -> Any:
    path = Path(artifact_utils.get_split_uri([artifact], split)) / ANOMALIES_FILE
    return anomalies_pb2.Anomalies.FromString(path.read_bytes())


def _released(statistics: Any) -> Released:
    return Released(
        version=statistics.get_int_custom_property("version"),
        run_id=statistics.get_string_custom_property("run_id"),
        is_comparable=statistics.get_int_custom_property("empty") == 0,
        reason=statistics.get_string_custom_property("reason"),
    )


def _updated(schema: Any, stats: dict[str, Any]) -> Any:
    for one in stats.values():
        schema = tfdv.update_schema(schema, one)
    return schema


def _leave_proposal(current: Any, proposed: Any, folder: Path) -> None:
    text = text_format.MessageToString(proposed, as_utf8=True)
    (folder / PROPOSAL_NAME).write_text(text, encoding="utf-8")
    (folder / DIFF_NAME).write_text(schema_diff(current, proposed), encoding="utf-8")
