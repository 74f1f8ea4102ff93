"""TFX adapter: reads statistics, schema and anomalies, asks TFDV for distances and an update, leaves the verdict."""

from pathlib import Path
from typing import Any

import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics, Schema

from components.data_gate.core import TRAIN, Finding, Policy, Released, columns_to_accept, decide, findings
from components.data_gate.distance import drift, skew
from components.data_gate.proposal import DIFF_NAME, PROPOSAL_NAME, propose, schema_diff
from schemas import gate_output
from schemas.artifacts import GateVerdict

STATISTICS_FILE = "FeatureStats.pb"
ANOMALIES_FILE = "SchemaDiff.pb"
SCHEMA_FILE = "schema.pbtxt"


@component
def DataGate(
    statistics: InputArtifact[ExampleStatistics],
    schema: InputArtifact[Schema],
    anomalies: InputArtifact[ExampleAnomalies],
    released: InputArtifact[ExampleStatistics],
    policy_json: Parameter[str],
    verdict: OutputArtifact[GateVerdict],
) -> None:
    """Leaves verdict.json and, when something failed or warned, the proposed schema and its diff.

    released : of the train data of the released model, as ReleasedStatistics hands it over; it may be marked `empty`.
    """
    policy = Policy.from_json(policy_json)
    stats = {s: _statistics(statistics, s) for s in artifact_utils.decode_split_names(statistics.split_names)}
    current = text_format.Parse((Path(schema.uri) / SCHEMA_FILE).read_text(encoding="utf-8"), schema_pb2.Schema())
    checked = artifact_utils.decode_split_names(anomalies.split_names)
    found = [f for s in checked for f in findings(_anomalies(anomalies, s), s)]
    found += _distances(stats, current)
    baseline = _released(released)
    if TRAIN in stats:
        before = _statistics(released, TRAIN) if baseline.is_comparable else None
        found += drift(stats[TRAIN], before, current, baseline)
    rows = {s: sum(int(d.num_examples) for d in one.datasets) for s, one in stats.items()}
    gate_output.leave(decide(rows, found, policy, checked, baseline), verdict)
    columns = columns_to_accept(found, policy)
    if columns:
        _leave_proposal(current, propose(current, _updated(current, stats), columns), Path(verdict.uri))


def _statistics(artifact: Any, split: str) -> Any:
    return tfdv.load_stats_binary(str(Path(artifact_utils.get_split_uri([artifact], split)) / STATISTICS_FILE))


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


def _distances(stats: dict[str, Any], schema: Any) -> list[Finding]:
    others = [split for split in stats if split != TRAIN and TRAIN in stats]
    return [finding for split in others for finding in skew(stats[TRAIN], stats[split], schema, split)]


def _updated(schema: Any, stats: dict[str, Any]) -> Any:
    for one in stats.values():
        schema = tfdv.update_schema(schema, one)
    return schema


def _leave_proposal(current: Any, proposed: Any, folder: Path) -> None:
    text = text_format.MessageToString(proposed, as_utf8=True)
    (folder / PROPOSAL_NAME).write_text(text, encoding="utf-8")
    (folder / DIFF_NAME).write_text(schema_diff(current, proposed), encoding="utf-8")
