"""Artifacts' folders into the plain values that a card is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.model_card import table
from components.model_card.core import Found
from schemas import evidence, explanation_evidence, fairness_evidence
from schemas import verdict as verdicts
from schemas.evidence import EvaluationEvidence, TrainingEvidence
from schemas.file_names import MODEL_DESCRIPTION, SCHEMA, SERVING_MODEL
from schemas.gates import VERDICT, Gate
from schemas.pbtxt import read_pbtxt
from schemas.roles import SPLITS, Roles
from schemas.split_statistics import read_split

#: Where models/signatures.py leaves what the model knows of itself.
#: What TFMA was asked for.
CONFIG_NAME = "eval_config.json"


@dataclass(frozen=True)
class Folders:
    """Of the artifacts.  release : the release gate's verdict.  gates : by the gate's id and its output, as far as they are there."""

    model: str
    model_run: str
    statistics: str
    schema: str
    evaluation: str
    release: str
    gates: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def read(folders: Folders, roles: Roles, gates: Sequence[Gate]) -> Found:
    """Raises FileNotFoundError where the model was trained without a training.json, ValueError for other format versions."""
    statistics = {split: read_split(folders.statistics, split) for split in SPLITS}
    training = evidence.read(TrainingEvidence, folders.model_run)
    if training is None:
        raise FileNotFoundError(f"{folders.model_run} holds no training.json")
    kept = {file: folders.gates[gate.id].get(output) for gate in gates for file, output in gate.evidence.items()}
    # What the evaluation found lies beside the verdict that judged it, so that nobody else reads TFMA's result.
    evaluation = kept.get(evidence.FILES[EvaluationEvidence].file_name)
    fairness, explanation = kept.get(fairness_evidence.FILE_NAME), kept.get(explanation_evidence.FILE_NAME)
    return Found(
        rows=table.rows(statistics),
        columns=table.columns(statistics, read_pbtxt(Path(folders.schema) / SCHEMA), roles),
        label=table.label(statistics, roles),
        training=training,
        release=verdicts.read(folders.release),
        verdicts={gate: verdicts.read(left[VERDICT]) for gate, left in folders.gates.items() if VERDICT in left},
        described=_json(Path(folders.model) / SERVING_MODEL / MODEL_DESCRIPTION),
        groupings=_groupings(_json(Path(folders.evaluation) / CONFIG_NAME)),
        evaluation=evidence.read(EvaluationEvidence, evaluation) if evaluation else None,
        fairness=fairness_evidence.read(fairness) if fairness else None,
        explanation=explanation_evidence.read(explanation) if explanation else None,
    )


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def _groupings(config: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    specs = config.get("evalConfig", {}).get("slicingSpecs", [])
    return tuple(tuple(spec.get("featureKeys", ())) for spec in specs)
