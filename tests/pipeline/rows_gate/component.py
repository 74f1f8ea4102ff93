"""TFX adapter: counts the scored rows, leaves the verdict and the count."""

import json
from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component

from schemas import gate_output, scored_rows
from schemas.artifacts import GateVerdict, Predictions
from tests.pipeline.rows_gate.core import decide


@component
def RowsGate(
    predictions: InputArtifact[Predictions], least: Parameter[int], verdict: OutputArtifact[GateVerdict]
) -> None:
    """least : rows that the test split must have."""
    rows = len(scored_rows.read(predictions.uri, ["label"]))
    gate_output.leave(decide(rows, least), verdict)
    Path(verdict.uri, "rows.json").write_text(json.dumps({"rows": rows}), encoding="utf-8")
