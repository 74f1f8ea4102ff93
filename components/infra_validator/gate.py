"""The serving check's declaration."""

from schemas.evidence import FILES, ServingEvidence
from schemas.gates import VERDICT, Gate

ID = "serving_check"

GATE = Gate(
    id=ID,
    step="InfraValidator",
    module="components.infra_validator.component",
    title="Serving",
    what="refuses a model that a real server does not answer well with",
    needs={"model": "Trainer.model", "examples": "ExampleGen.examples"},
    parameters={"check_json": "serving_check", "model_name": "name"},
    settings="serving_check",
    evidence={FILES[ServingEvidence].file_name: VERDICT},
    page="serving",
    code=("sluicegate.serving.__main__",),
    absent="No server was tried with this model: the settings say serving_check.platform: skip.",
    kept="A real server answered as it must.",
    broken="A real server did not answer as it must",
)
