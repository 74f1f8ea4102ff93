"""The data gate's declaration."""

from schemas.file_names import DIFF_NAME, PROPOSAL_NAME
from schemas.gates import VERDICT, Gate

ID = "data_gate"

GATE = Gate(
    id=ID,
    step="DataGate",
    module="components.data_gate.component",
    title="Data",
    what="refuses data that the schema does not allow, or that drifted",
    needs={
        "examples": "ExampleGen.examples",
        "statistics": "StatisticsGen.statistics",
        "schema": "SchemaGen.schema",
        "anomalies": "ExampleValidator.anomalies",
        "released": "ReleasedStatistics.statistics",
    },
    parameters={"policy_json": "data_policy_json"},
    settings="data_gate",
    beside={PROPOSAL_NAME: VERDICT, DIFF_NAME: VERDICT},
    guards=True,
)
