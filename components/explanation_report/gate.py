"""The explanation's declaration: a gate that judges the explanation and not the model, so no release depends on it."""

from schemas.explanation_evidence import FILE_NAME, GATE_ID
from schemas.gates import Gate

GATE = Gate(
    id=GATE_ID,
    step="ExplanationReport",
    module="components.explanation_report.component",
    title="Explanation",
    what="says which columns the scores and the gaps come from",
    needs={
        "examples": "ExampleGen.examples",
        "model": "Trainer.model",
        "predictions": "Score.predictions",
    },
    parameters={"explanation_json": "explanation", "fairness_json": "fairness", "seed": "training.seed"},
    settings="explanation",
    evidence={FILE_NAME: "report"},
    page="explanation",
    is_asked=False,
    absent="Nothing says what the scores come from: the settings say explanation: off.",
)
