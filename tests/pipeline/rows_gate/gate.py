"""The rows gate's declaration."""

from schemas.gates import VERDICT, Gate

ID = "rows"

GATE = Gate(
    id=ID,
    step="RowsGate",
    module="tests.pipeline.rows_gate.component",
    title="Rows",
    what="refuses a model that was tested on fewer rows than its serving check sends",
    needs={"predictions": "Score.predictions"},
    parameters={"least": "serving_check.requests"},
    evidence={"rows.json": VERDICT},
    may_be_overridden=True,
)
