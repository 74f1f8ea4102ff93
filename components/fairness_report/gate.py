"""The fairness gate's declaration."""

from schemas.fairness_evidence import FILE_NAME, GATE_ID
from schemas.gates import Gate

GATE = Gate(
    id=GATE_ID,
    step="FairnessReport",
    module="components.fairness_report.component",
    title="Fairness",
    what="refuses a model that is worse for a group than the settings allow",
    needs={"predictions": "Score.predictions"},
    parameters={"policy_json": "fairness", "training_json": "mitigation_json"},
    settings="fairness",
    evidence={FILE_NAME: "report"},
    page="fairness",
    may_be_overridden=True,
    absent="No groups were compared: the step is not in the pipeline, or the settings say fairness: off.",
)
