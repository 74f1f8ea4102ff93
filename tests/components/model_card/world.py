"""What the steps before a card leave, written into a folder: a binary model of people, with fairness really audited."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx.types.standard_artifacts import Examples, ExampleStatistics, Model, ModelEvaluation, ModelRun, Schema

from components.fairness_report import core as fairness
from components.model_card.component import ModelCard
from components.model_card.facts import Facts
from components.released_statistics.core import find_baseline
from pipeline.gates import GATES
from schemas import evidence, explanation_evidence, fairness_evidence
from schemas import verdict as verdicts
from schemas.artifacts import ExplanationEvidence, FairnessEvidence, GateVerdict, ModelCardFiles
from schemas.digest import DATA_DIGEST
from schemas.evidence import EvaluationEvidence, MetricRow, TrainingEvidence
from schemas.gates import to_json
from schemas.model_card import Intention
from schemas.override import Override
from schemas.pbtxt import to_pbtxt
from schemas.release import Release
from schemas.roles import Roles
from schemas.sensitive import SensitiveColumn
from schemas.verdict import Measurement, Status, Verdict, judge
from sluicegate.fairness import groups
from sluicegate.fairness.policy import Limit
from tests.components.through_executor import artifact, run

HOSTILE = "</style><script>alert('x')</script>"
ROLES = Roles("income", "binary", ("<=50K", ">50K"), ids=("id",))
INTENTION = Intention("Shows how a gate works.", "Decisions about people.", f"Data of 1994. {HOSTILE}", ("Ada", "Bo"))
FACTS = Facts(
    "people", ROLES, INTENTION, "/home/someone/people.csv", "d" * 64, "c" * 40, "k" * 64, "s" * 64, {"tfx": "1.21.0"},
    {"training": 1}, (Override("fairness", "Cy", "We watch it for a month."),),
)  # fmt: skip
ROWS = {"train": 80, "eval": 10, "test": 10}
#: What the optional steps leave, by the component's input.
OPTIONAL = ("fairness_verdict", "fairness_report", "explanation_verdict", "explanation_report", "serving_verdict")


def quality() -> Verdict:
    auc = Measurement("auc", "overall", Status.PASSED, 0.9, 0.88, 0.92, 0.85, "at least", rows=600,
                      setting="quality_gate.limits.0.at_least")  # fmt: skip
    small = replace(auc, slice="sex=x", status=Status.UNKNOWN, value=None, rows=7, gates=False, reason="too_few_rows",
                    detail="7 rows, and a group needs 100 to be judged.")  # fmt: skip
    return judge("quality_gate", [auc, small])


def serving(milliseconds: float, limit: float = 100.0) -> Verdict:
    """milliseconds : of half of the answers; what no two runs have alike."""
    slow = milliseconds > limit
    p50 = Measurement("latency_p50", "gRPC, serving_default", Status.FAILED if slow else Status.PASSED, milliseconds,
                      limit=limit, direction="at most", unit="ms", reason="above_limit" if slow else "",
                      detail=f"latency_p50 is {milliseconds:.4g} ms" if slow else "")  # fmt: skip
    memory = Measurement("memory", "overall", Status.UNKNOWN, reason="not_measurable", gates=False,
                         detail=f"seen {milliseconds} times")  # fmt: skip
    return judge("serving_check", [p50, memory], settings={"platform": "process", "requests": 100})


def data(version: int) -> Verdict:
    """version : of the released model; the time of its push."""
    drift = Measurement("drift_not_measured", "train: age", Status.UNKNOWN, gates=False, reason="not_measured",
                        detail=f"The released version {version} (run 20261121-1) has no column 'age'.")  # fmt: skip
    fine = Measurement("anomalies", "train", Status.PASSED, 0.0, limit=0.0, direction="at most", rows=80)
    gone = find_baseline(Release(stable=version), f"/mnt/{version}/serving/people").reason
    lost = replace(drift, name="drift_baseline_missing", slice="train", detail=f"Drift cannot be told: {gone}. Set it.")
    return judge("data_gate", [drift, lost, fine])


def audited() -> tuple[Verdict, fairness_evidence.FairnessEvidence]:
    """Women selected less often among 600 people; one group of 7, too small for anything."""
    random = np.random.default_rng(1)
    sex = np.r_[np.repeat([0, 1], 297), np.full(6, 2)]
    label = (random.random(600) < 0.4).astype(int)
    decision = np.where(random.random(600) < np.choose(sex, [0.15, 0.55, 0.5]), 1, 0)
    scores = np.stack([1 - decision * 0.6, decision * 0.6], axis=1)
    rows = fairness.Rows(
        "binary", ROLES.classes, label, decision, scores, (groups.of_texts("sex", sex, ["f", "m", "x"]),)
    )
    limit = Limit("demographic_parity_difference", ("sex",), at_most=0.1, setting="fairness.limits.0")
    return fairness.decide(fairness.Policy(sensitive=(SensitiveColumn("sex", ()),), limits=(limit,), draws=1000), rows)


def explained() -> tuple[Verdict, explanation_evidence.ExplanationEvidence]:
    """age counts; sex carries the gap; the test of agreement failed."""
    e = explanation_evidence.Estimate
    agreement = Measurement("agreement", "overall", Status.FAILED, 0.1, limit=0.5, direction="at least",
                            reason="agreement_failed", detail="They disagree.")  # fmt: skip
    found = explanation_evidence.ExplanationEvidence(
        "binary", ">50K", 600, 600, 5, 20, 50, 1, ("sex", "age", HOSTILE), "auc", e(0.9),
        importances=tuple(
            explanation_evidence.Importance(name, (name,), e(loss, loss - 0.01, loss + 0.01), None)
            for name, loss in (("sex", 0.02), ("age", 0.2), (HOSTILE, -0.001))
        ),
        disparity=explanation_evidence.GapDecomposition(
            ("sex",), "m", "f", "selection rate", 0.4, 0.4, 0.0, 297, 297, "exact", 10, 0.0,
            (explanation_evidence.Carried("sex", ("sex",), e(0.3, 0.2, 0.4)),),
        ),
        flips=(explanation_evidence.FlipTest("sex", True, ("f", "m"), 600, e(0.12, 0.1, 0.14), e(0.2)),),
        seconds={"importance": 1.5},
    )  # fmt: skip
    return judge("explanation", [agreement]), found


def released(*others: Verdict, overridden: str = "") -> Verdict:
    """The release gate's word on these verdicts, in its own words."""
    measurements = []
    for one in others:
        status, reason = one.status, "" if one.passed else f"gate_{one.status.value.lower()}"
        if one.gate == overridden:
            status, reason = Status.PASSED, "overridden"
        detail = one.refusals[0].detail if one.refusals else "1 measurements, none refuses."
        measurements.append(Measurement(one.gate, "overall", status, reason=reason, detail=detail))
    return judge("release_gate", measurements)


#: As ExampleGen says it of its examples.
DIGEST_OF_DATA = "5e1f" * 16


def fill(
    folder: Path, milliseconds: float = 2.5, seconds: float = 9.0, version: int = 1, overridden: str = ""
) -> dict[str, Any]:
    """Every input of the component, by its name.

    seconds : that training took.  overridden : the gate whose refusal a person let pass.
    """
    fair, audit = audited()
    explanation, why = explained()
    gates = {"data_verdict": data(version), "quality_verdict": quality(), "fairness_verdict": fair,
             "explanation_verdict": explanation, "serving_verdict": serving(milliseconds)}  # fmt: skip
    judging = [gates[key] for key in ("data_verdict", "quality_verdict", "fairness_verdict", "serving_verdict")]
    gates["release_verdict"] = released(*judging, overridden=overridden)
    for key, verdict in gates.items():
        verdicts.write(verdict, folder / key)
    evidence.write(_evaluation(), folder / "quality_verdict")
    fairness_evidence.write(audit, folder / "fairness_report")
    explanation_evidence.write(why, folder / "explanation_report")
    evidence.write(_training(seconds), folder / "model_run")
    _write_model(folder / "model")
    _write_table(folder)
    (folder / "evaluation").mkdir()
    specs = [{}, {"featureKeys": ["sex"]}, {"featureKeys": ["race"]}]
    (folder / "evaluation" / "eval_config.json").write_text(json.dumps({"evalConfig": {"slicingSpecs": specs}}))
    kinds = dict.fromkeys(gates, GateVerdict) | {
        "model": Model, "model_run": ModelRun, "statistics": ExampleStatistics, "schema": Schema,
        "evaluation": ModelEvaluation, "examples": Examples, "fairness_report": FairnessEvidence, "explanation_report": ExplanationEvidence,
    }  # fmt: skip
    found = {key: artifact(kind, folder / key) for key, kind in kinds.items()}
    found["examples"].set_string_custom_property(DATA_DIGEST, DIGEST_OF_DATA)
    return found


def make(inputs: dict[str, Any], folder: Path, facts: Facts = FACTS, without: tuple[str, ...] = ()) -> Any:
    """The card's artifact.  without : inputs that are left out, as where a step is not in the pipeline."""
    card = artifact(ModelCardFiles, folder)
    given = {key: one for key, one in inputs.items() if key not in without}
    run(ModelCard, given, {"card": card}, facts_json=facts.to_json(), gates_json=to_json(GATES))
    return card


def _evaluation() -> EvaluationEvidence:
    metrics = (
        MetricRow("auc", "overall", 0.9, 600, 0.88, 0.92),
        MetricRow("accuracy", "overall", 0.8, 600),
        MetricRow("auc", "sex=x", None, 7),
        MetricRow("accuracy", "sex=x", 0.9, 7),
    )
    return EvaluationEvidence("binary", 600, metrics, ROLES.classes)


def _training(seconds: float) -> TrainingEvidence:
    history = {"loss": (0.5, 0.4, 0.45), "val_auc": (0.8, 0.9 + 1e-9, 0.89)}
    return TrainingEvidence(history, 2, seconds, 1, 1234, {"epochs": 3, "mitigation": {"method": "reweigh"}}, ("seed",))


def _write_model(folder: Path) -> None:
    extra = folder / "Format-Serving" / "assets.extra"
    extra.mkdir(parents=True)
    (extra / "model.json").write_text(json.dumps({"threshold": 0.42, "inputs": {"age": {}, HOSTILE: {}}}))


def _write_table(folder: Path) -> None:
    """Columns age (a number, half of eval missing), income (the label), id, and one that no split has."""
    schema = schema_pb2.Schema()
    kinds = {"age": schema_pb2.INT, HOSTILE: schema_pb2.FLOAT, "id": schema_pb2.BYTES, "income": schema_pb2.BYTES}
    for name, kind in kinds.items():
        schema.feature.add(name=name, type=kind)
    (folder / "schema").mkdir(parents=True, exist_ok=True)
    (folder / "schema" / "schema.pbtxt").write_text(to_pbtxt(schema), encoding="utf-8")
    for split, rows in ROWS.items():
        found = statistics_pb2.DatasetFeatureStatisticsList()
        one = found.datasets.add(num_examples=rows)
        age = one.features.add(type=statistics_pb2.FeatureNameStatistics.INT)
        age.path.step.append("age")
        age.num_stats.common_stats.num_non_missing = rows // 2 if split == "eval" else rows
        for name, counts in (("income", {"<=50K": rows * 0.75, ">50K": rows * 0.25}), ("id", {"1": rows})):
            texts = one.features.add(type=statistics_pb2.FeatureNameStatistics.STRING)
            texts.path.step.append(name)
            texts.string_stats.common_stats.num_non_missing = rows
            for value, count in counts.items():
                texts.string_stats.rank_histogram.buckets.add(label=value, sample_count=count)
        path = folder / "statistics" / f"Split-{split}" / "FeatureStats.pb"
        path.parent.mkdir(parents=True)
        path.write_bytes(found.SerializeToString())
