"""One model's card from what the steps before it left: the same inputs give the same card, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components.model_card import explanation, fairness, unmeasured
from components.model_card.facts import Facts
from components.model_card.steady import of_release, source, steady
from schemas.evidence import EvaluationEvidence, TrainingEvidence
from schemas.explanation_evidence import ExplanationEvidence
from schemas.fairness_evidence import FairnessEvidence
from schemas.gates import Gate
from schemas.model_card import (
    Check,
    Column,
    Data,
    DataCheck,
    Decision,
    Label,
    Lineage,
    ModelCard,
    Override,
    Quality,
    Serving,
    Training,
)
from schemas.refusals import NOT_CONFIGURED, OVERRIDDEN, UNKNOWN_ALLOWED
from schemas.verdict import Measurement, Status, Verdict

__all__ = ["Facts", "Found", "build"]


@dataclass(frozen=True)
class Found:
    """What the steps left behind.

    release : the release gate's verdict.  verdicts : by the gate's id, without those that are not in the pipeline.
    described : the model's own model.json.  groupings : what the Evaluator was asked for, () for all rows.
    evaluation, fairness, explanation : None where the step left none.
    """

    rows: Mapping[str, int]
    columns: tuple[Column, ...]
    label: Label
    training: TrainingEvidence
    release: Verdict
    verdicts: Mapping[str, Verdict]
    described: Mapping[str, Any] = field(default_factory=dict)
    groupings: tuple[tuple[str, ...], ...] = ()
    evaluation: EvaluationEvidence | None = None
    fairness: FairnessEvidence | None = None
    explanation: ExplanationEvidence | None = None


def build(facts: Facts, found: Found, gates: Sequence[Gate]) -> ModelCard:
    """The card. Raises KeyError where no gate judged the data, or none the quality.

    gates : the declarations of all, in the card's order; each of the card's parts is filled by the gate of that title.
    """
    judged = {gate.title: found.verdicts[gate.id] for gate in gates if gate.id in found.verdicts}
    data = Data(source(facts.data_source), facts.data_digest, found.rows, found.columns, found.label)
    quality = Quality(
        tuple(" x ".join(columns) for columns in found.groupings if columns),
        found.evaluation.metrics if found.evaluation else (),
    )
    groups = fairness.section(judged.get("Fairness"), found.fairness)
    return ModelCard(
        name=facts.name,
        decision=_decision(found.release, facts, gates),
        intention=facts.intention,
        data=data,
        data_check=_data_check(judged["Data"]),
        training=_training(found.training, found.described),
        quality=quality,
        quality_limits=steady(judged["Quality"].measurements),
        lineage=_lineage(facts),
        not_measured=(
            *unmeasured.of_verdicts(gates, found.verdicts),
            *unmeasured.of_data(data),
            *unmeasured.of_quality(quality),
            *unmeasured.of_fairness(groups, found.fairness),
        ),
        fairness=groups,
        explanation=explanation.section(judged.get("Explanation"), found.explanation),
        serving=_serving(judged.get("Serving")),
    )


def _decision(release: Verdict, facts: Facts, gates: Sequence[Gate]) -> Decision:
    asked = of_release(release.measurements, gates)
    needed = {m.name for m in asked if m.reason == OVERRIDDEN}
    return Decision(
        status=release.status.value,
        may_be_released=release.passed,
        sentence=_sentence(release, asked),
        gates=asked,
        overrides=tuple(Override(o.gate, o.by, o.reason, o.gate in needed) for o in facts.overrides),
        bootstrap=release.bootstrap,
    )


def _sentence(release: Verdict, gates: tuple[Measurement, ...]) -> str:
    bad = [m for m in gates if m.gates and m.status is not Status.PASSED]
    if bad:
        return " ".join(f"{m.name} said {m.status.value}: {m.detail or m.reason}" for m in bad)
    if not release.passed:
        return release.detail or release.reason or "The release gate measured nothing, and nothing measured is no pass."
    overridden = [m.name for m in gates if m.reason == OVERRIDDEN]
    absent = [m.name for m in gates if m.reason == NOT_CONFIGURED]
    let_pass = [m.name for m in gates if m.reason == UNKNOWN_ALLOWED]
    said = [f"{len(gates) - len(overridden) - len(absent) - len(let_pass)} of {len(gates)} gates passed."]
    said += [f"Overridden by a person: {', '.join(overridden)}."] if overridden else []
    said += [f"Could not tell, which the settings let pass: {', '.join(let_pass)}."] if let_pass else []
    said += [f"Not in the pipeline, which the settings allow: {', '.join(absent)}."] if absent else []
    return " ".join(said)


def _data_check(verdict: Verdict) -> DataCheck:
    measurements = steady(verdict.measurements)
    findings = tuple(m for m in measurements if m.status is not Status.PASSED)
    return DataCheck(verdict.status.value, len(measurements), len(measurements) - len(findings), findings)


def _training(run: TrainingEvidence, described: Mapping[str, Any]) -> Training:
    """Without the seconds it took."""
    chosen = {key: value for key, value in run.hyperparameters.items() if key != "mitigation"}
    at_best = {name: values[run.best_epoch - 1] for name, values in run.history.items() if _reached(values, run)}
    return Training(
        seed=run.seed,
        best_epoch=run.best_epoch,
        epochs=max(map(len, run.history.values()), default=0),
        parameters=run.parameters,
        hyperparameters=chosen,
        metrics=at_best,
        mitigation=run.hyperparameters.get("mitigation"),
        threshold=described.get("threshold"),
        inputs=tuple(described.get("inputs", {})),
        deterministic_given=run.deterministic_given,
    )


def _reached(values: tuple[float, ...], run: TrainingEvidence) -> bool:
    return 0 < run.best_epoch <= len(values)


def _serving(verdict: Verdict | None) -> Serving | None:
    """Kept or not, against which limit: what was measured in time and memory differs from run to run."""
    if verdict is None:
        return None
    checks = tuple(
        Check(m.name, m.slice, m.status.value, m.limit, m.direction, m.unit, m.reason) for m in verdict.measurements
    )
    said = verdict.settings
    return Serving(verdict.status.value, str(said.get("platform", "")), int(said.get("requests", 0)), checks)


def _lineage(facts: Facts) -> Lineage:
    return Lineage(
        facts.code_commit, facts.code_digest, facts.settings_digest, facts.data_digest, facts.versions, facts.seeds
    )
