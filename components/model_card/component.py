"""TFX adapter: reads what the steps left, writes the card as JSON and as a page."""

from dataclasses import replace

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Examples, ExampleStatistics, Model, ModelEvaluation, ModelRun, Schema

from components.model_card.core import Facts, build
from components.model_card.reading import Folders, read
from schemas import model_card
from schemas.artifacts import ExplanationEvidence, FairnessEvidence, GateVerdict, ModelCardFiles
from schemas.digest import DATA_DIGEST, model_digest
from sluicegate.reports.card import write_card


@component
def ModelCard(
    model: InputArtifact[Model],
    model_run: InputArtifact[ModelRun],
    examples: InputArtifact[Examples],
    statistics: InputArtifact[ExampleStatistics],
    schema: InputArtifact[Schema],
    evaluation: InputArtifact[ModelEvaluation],
    data_verdict: InputArtifact[GateVerdict],
    quality_verdict: InputArtifact[GateVerdict],
    release_verdict: InputArtifact[GateVerdict],
    facts_json: Parameter[str],
    card: OutputArtifact[ModelCardFiles],
    fairness_verdict: InputArtifact[GateVerdict] = None,
    fairness_report: InputArtifact[FairnessEvidence] = None,
    explanation_verdict: InputArtifact[GateVerdict] = None,
    explanation: InputArtifact[ExplanationEvidence] = None,
    serving_verdict: InputArtifact[GateVerdict] = None,
) -> None:
    """facts_json : core.Facts, but for the data's digest, which stands on the examples.  model_run : holds training.json (models/training.py).

    Properties: `may_be_released` (1 or 0) and `model_digest`, which ties the card to its model; the card itself does not hold
    the digest, because a model trained again from the same settings need not have the same bytes.
    """
    facts = replace(Facts.from_json(facts_json), data_digest=examples.get_string_custom_property(DATA_DIGEST))
    given = {
        "data_gate": data_verdict,
        "quality_gate": quality_verdict,
        "fairness": fairness_verdict,
        "explanation": explanation_verdict,
        "serving_check": serving_verdict,
        "release_gate": release_verdict,
    }
    folders = Folders(
        model=model.uri,
        model_run=model_run.uri,
        statistics=statistics.uri,
        schema=schema.uri,
        evaluation=evaluation.uri,
        verdicts={gate: one.uri for gate, one in given.items() if one},
        fairness=fairness_report.uri if fairness_report else None,
        explanation=explanation.uri if explanation else None,
    )
    made = build(facts, read(folders, facts.roles))
    model_card.write(made, card.uri)
    write_card(made, card.uri)
    card.set_int_custom_property("may_be_released", int(made.decision.may_be_released))
    card.set_string_custom_property("model_digest", model_digest(model.uri))
