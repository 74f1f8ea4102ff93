"""What two runs differ in: each run as a flat list of facts, and the facts that are not the same in both."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.output_folder import evidence_of, report_of

if TYPE_CHECKING:
    from schemas.evidence import DataEvidence, EvaluationEvidence, TrainingEvidence
    from schemas.explanation_evidence import ExplanationEvidence
    from schemas.fairness_evidence import FairnessEvidence
    from schemas.model_card import ModelCard
    from schemas.records import RunResult
    from schemas.verdict import Measurement, Verdict

TOP_COLUMNS = 5
#: Of two floats that count as one: what another order of summing changes.
RELATIVE, ABSOLUTE = 1e-9, 1e-12
WHOLE = "(all of it)"


@dataclass(frozen=True)
class Fact:
    """value : a number or a text; None where there is only a status.  interval : ends, shown and not compared."""

    value: Any
    status: str = ""
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Change:
    """before, after : None where the run does not have it at all."""

    section: str
    item: str
    before: Fact | None
    after: Fact | None


@dataclass(frozen=True)
class Recorded:
    """All that a run left.  Every part but the result may be absent."""

    result: RunResult
    data: DataEvidence | None = None
    training: TrainingEvidence | None = None
    evaluation: EvaluationEvidence | None = None
    fairness: FairnessEvidence | None = None
    explanation: ExplanationEvidence | None = None
    card: ModelCard | None = None


Facts = dict[tuple[str, str], Fact]


def recorded(run: Path, result: RunResult) -> Recorded:
    """Reads `run`/evidence; a report that was not copied there is read from the step's artifact.

    Raises ValueError for files of another format version.
    """
    from schemas import evidence, explanation_evidence, fairness_evidence, model_card

    folder = evidence_of(run)
    fairness, explanation = (
        _folder_with(file, folder, result) for file in (fairness_evidence.FILE_NAME, explanation_evidence.FILE_NAME)
    )
    card = _folder_with(model_card.FILE_NAME, folder, result)
    return Recorded(
        result,
        evidence.read(evidence.DataEvidence, folder),
        evidence.read(evidence.TrainingEvidence, folder),
        evidence.read(evidence.EvaluationEvidence, folder),
        fairness_evidence.read(fairness) if fairness else None,
        explanation_evidence.read(explanation) if explanation else None,
        model_card.read(card) if card else None,
    )


def _folder_with(file: str, folder: Path, result: RunResult) -> Path | None:
    uris = [a.uri for s in result.steps for a in s.outputs]
    places = [folder, folder.parent, report_of(folder.parent).parent, *map(Path, uris)]
    return next((place for place in places if (place / file).is_file()), None)


def compare(before: Recorded, after: Recorded, timed: Collection[str]) -> tuple[Change, ...]:
    """What is not the same, in the order of a report; a section that one run lacks wholly is one change.

    timed : ids of gates that measure time, which is the machine's as much as the model's: their statuses are compared alone.
    """
    old, new = facts_of(before, timed), facts_of(after, timed)
    has = [{section for section, _ in facts} for facts in (old, new)]
    changes: list[Change] = []
    for section, item in dict.fromkeys([*old, *new]):
        if section in has[0] and section in has[1]:
            found = Change(section, item, old.get((section, item)), new.get((section, item)))
            changes += [] if _is_same(found.before, found.after) else [found]
        elif not any(c.section == section for c in changes):
            counts = [sum(key[0] == section for key in facts) for facts in (old, new)]
            sides = [Fact(f"{n} facts") if n else None for n in counts]
            changes.append(Change(section, WHOLE, *sides))
    order = list(dict.fromkeys(section for section, _ in [*old, *new]))
    return tuple(sorted(changes, key=lambda c: order.index(c.section)))


def facts_of(run: Recorded, timed: Collection[str]) -> Facts:
    """Everything that is compared, by section and item."""
    facts: Facts = {}
    for section, found in (
        ("outcome", _outcome(run.result)),
        ("metrics", _metrics(run)),
        ("fairness gaps", _gaps(run.fairness)),
        ("data", _data(run)),
        ("settings", flat(run.result.settings)),
        ("training", _training(run.training)),
        ("explanation", _explanation(run.explanation)),
        ("not measured", _not_measured(run.card)),
        ("code", iter([("commit", run.result.git_commit), ("digest", run.result.code_digest)])),
        ("libraries", iter(run.result.versions.items())),
    ):
        facts |= {(section, item): one if isinstance(one, Fact) else Fact(one) for item, one in found}
        if section == "data":
            for gate in run.result.gates:
                facts |= {(f"gate {gate.gate}", item): one for item, one in _gate(gate, gate.gate in timed)}
    return facts


def flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested settings as ("quality_gate.limits.0.metric", "auc") pairs.

    >>> dict(flat({"a": {"b": 1}, "c": [{"d": 2}], "e": [3]}))
    {'a.b': 1, 'c.0.d': 2, 'e': [3]}
    """
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple) and any(isinstance(v, Mapping) for v in value):
            yield from flat({str(i): v for i, v in enumerate(value)}, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _is_same(one: Fact | None, other: Fact | None) -> bool:
    if one is None or other is None:
        return one is other
    if one.status != other.status:
        return False
    if isinstance(one.value, float) and isinstance(other.value, float):
        both_nan = math.isnan(one.value) and math.isnan(other.value)
        return both_nan or math.isclose(one.value, other.value, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return bool(one.value == other.value)


def _outcome(result: RunResult) -> Iterator[tuple[str, Any]]:
    yield "verdict", Fact(None, result.verdict)
    yield "version", "none pushed" if result.pushed_version is None else str(result.pushed_version)


def _gate(gate: Verdict, is_timed: bool) -> Iterator[tuple[str, Fact]]:
    yield "verdict", Fact(gate.reason or None, gate.status.value)
    for m in gate.measurements:
        by = f" [{m.setting}]" if m.setting else ""
        value = None if is_timed else m.value
        yield f"{m.name}, {m.slice}{by}", Fact(value, m.status.value, _interval(m))


def _interval(m: Measurement) -> tuple[float, float] | None:
    return (m.low, m.high) if m.low is not None and m.high is not None else None


def _data(run: Recorded) -> Iterator[tuple[str, Any]]:
    yield "digest", run.result.data_digest
    if run.data is None:
        return
    for split, rows in run.data.rows.items():
        yield f"rows in {split}", rows
    for column in run.data.columns:
        yield f"column {column.name}", f"{column.kind}, {column.role}"
        for split, seen in column.splits.items():
            yield f"column {column.name}: missing in {split}", seen.missing / seen.rows if seen.rows else None
            yield f"column {column.name}: mean in {split}", seen.mean


def _training(run: TrainingEvidence | None) -> Iterator[tuple[str, Any]]:
    if run is None:
        return
    yield from (("best epoch", run.best_epoch), ("parameters", run.parameters), ("seed", run.seed))
    yield from flat(run.hyperparameters)
    for name, values in run.history.items():
        if 0 < run.best_epoch <= len(values):
            yield f"{name} at the best epoch", values[run.best_epoch - 1]


def _metrics(run: Recorded) -> Iterator[tuple[str, Any]]:
    if run.evaluation is None:
        yield from ((f"{name}, overall", value) for name, value in run.result.metrics.items())
        return
    for m in run.evaluation.metrics:
        ends = (m.low, m.high) if m.low is not None and m.high is not None else None
        yield f"{m.name}, {m.slice}", Fact(m.value, interval=ends)


def _gaps(found: FairnessEvidence | None) -> Iterator[tuple[str, Any]]:
    for audit in found.audits if found else ():
        about = f" ({audit.positive})" if found and len(found.audits) > 1 else ""
        for grouping in audit.groupings:
            for gap in grouping.gaps:
                ends = (gap.low, gap.high) if gap.low is not None and gap.high is not None else None
                yield f"{gap.measure} of {grouping.title}{about}", Fact(gap.value, interval=ends)


def _explanation(found: ExplanationEvidence | None) -> Iterator[tuple[str, Any]]:
    if found is None:
        return
    ranked = sorted(found.importances, key=lambda i: -(i.quality.value or 0.0))[:TOP_COLUMNS]
    yield "columns the model needs most", " > ".join(i.name for i in ranked)
    for one in ranked:
        yield f"loss of {found.quality} without {one.name}", one.quality.value
    gap = found.disparity
    if gap:
        carried = sorted(gap.carried, key=lambda c: -abs(c.contribution.value or 0.0))[:TOP_COLUMNS]
        yield f"columns that carry the gap of {gap.measure}", " > ".join(c.name for c in carried)
    for flip in found.flips:
        yield f"decisions that turn with {flip.column} alone", flip.flipped.value if flip.flipped else None


def _not_measured(card: ModelCard | None) -> Iterator[tuple[str, Any]]:
    for one in card.not_measured if card else ():
        yield f"{one.part}: {one.what}", one.why
