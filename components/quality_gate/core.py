"""Is the model good enough? Its metrics against the limits, against a constant, and against the released model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from components.quality_gate.gate import ID
from components.quality_gate.policy import CONSTANT, LEVEL, Gate
from components.quality_gate.questions import Past, questions, undefined
from schemas.evidence import EvaluationEvidence
from schemas.release_metrics import ReleaseMetrics
from schemas.scored_rows import ScoredRows
from schemas.verdict import Measurement, Status, Verdict, judge, judge_letting_unknown_pass
from sluicegate.quality.groups import OVERALL, RowGroup, confusion, groups, metric_rows, then, unlabelled
from sluicegate.quality.metrics import majority_share
from sluicegate.stats.judge import Question, answer, round_up
from sluicegate.stats.sample_size import factor_to_settle

#: Why a question that asks for harm may have no answer and is still no refusal.
_LET_PASS = ("not_settled", "undefined", "not_recorded", "baseline_missing")


@dataclass(frozen=True)
class Judged:
    """measured : every metric of every group.  kept : what is recorded of them where the model is released."""

    verdict: Verdict
    measured: EvaluationEvidence
    kept: ReleaseMetrics


def judge_rows(gate: Gate, rows: ScoredRows, slices: Sequence[Sequence[str]], past: Past) -> Judged:
    """The quality gate's verdict on scored rows, and all that was measured."""
    made = groups(rows, slices)
    verdict = decide(gate, made, past, rows.about.threshold)
    verdict = replace(verdict, detail=" ".join(filter(None, [verdict.detail, *_notes(rows, past)])))
    whole, about = made[0], rows.about
    evidence = EvaluationEvidence(
        about.task, len(whole), metric_rows(made), about.classes, about.threshold,
        confusion=confusion(whole.candidate, len(about.classes)),
    )  # fmt: skip
    return Judged(verdict, evidence, then(made, constant_of(whole)))


def _notes(rows: ScoredRows, past: Past) -> Iterator[str]:
    """What must be known about the rows themselves."""
    lacking = unlabelled(rows)
    if lacking:
        yield f"{lacking:,} of {len(rows):,} rows have no label that the model knows and are not measured."
    if past.caution:
        yield f"The comparison with the released model: {past.caution}"


def decide(gate: Gate, made: Sequence[RowGroup], past: Past, threshold: float | None = None) -> Verdict:
    """The quality gate's verdict.  made : all rows, then the groups of the slices.  threshold : of the model's decisions."""
    measurements = [_against_constant(made[0])] if gate.beat_constant else []
    asked = list(questions(gate, made, past, threshold))
    answers = answer(asked, LEVEL)
    measurements += [_finished(question, answers[question.key].measurement) for question in asked]
    bootstrap = any(m.reason == "bootstrap" for m in measurements)
    if measurements and all(not m.gates for m in measurements) and any(m.reason in _LET_PASS for m in measurements):
        detail = "No question of harm could be settled with these rows, and none was shown."
        return Verdict(ID, Status.PASSED, tuple(measurements), "harm_not_shown", detail, bootstrap, _settings(gate))
    if not gate.unknown_passes:
        return judge(ID, measurements, bootstrap=bootstrap, settings=_settings(gate))
    setting = "quality_gate.unknown_passes"
    return judge_letting_unknown_pass(ID, measurements, setting, bootstrap=bootstrap, settings=_settings(gate))


def _finished(q: Question, m: Measurement) -> Measurement:
    """A question without a limit has no bound to show."""
    return m if m.limit is not None and m.limit == m.limit else replace(m, limit=None, direction="")


def _settings(gate: Gate) -> dict[str, Any]:
    return {key: value for key, value in asdict(gate).items() if key != "limits"} | {"level": LEVEL}


def constant_of(whole: RowGroup) -> float | None:
    """What predicting the same for every row reaches in the metric that must beat it; None where it is not defined."""
    constant = CONSTANT[whole.task][1]
    if constant is not None:
        return constant
    share = majority_share(whole.candidate)
    return share.value if share.is_defined else None


def _against_constant(whole: RowGroup) -> Measurement:
    """The interval's lower end must lie above what predicting the same for every row would reach; the burden is the model's."""
    metric, setting = CONSTANT[whole.task][0], f"{ID}.beat_constant"
    found, limit = whole.metric(metric), constant_of(whole)
    low, high = found.shown()
    m = Measurement(
        metric, OVERALL, Status.UNKNOWN, found.value if found.is_defined else None, low, high, limit, "at least",
        rows=len(whole), setting=setting,
    )  # fmt: skip
    if m.value is None or limit is None:
        return replace(m, limit=limit, reason="metric_missing", detail=undefined(metric, len(whole)))
    # A value that loses by itself needs no interval to be refused.
    low = low if low is not None else (m.value if m.value <= limit else None)
    if low is None:
        return replace(m, reason="no_interval", detail=f"{len(whole)} rows are too few.")
    if low > limit:
        return replace(m, status=Status.PASSED)
    detail = f"The lower end of {metric}, {low:.4g}, is not above {limit:.4g}, which a constant reaches.{_rows_to_beat(whole, limit)}"
    return replace(m, status=Status.FAILED, reason="not_above_constant", detail=detail)


def _rows_to_beat(whole: RowGroup, limit: float) -> str:
    found = whole.metric(CONSTANT[whole.task][0])
    if found.value <= limit:
        return ""
    factor = factor_to_settle(lambda times: not found.ends(LEVEL, LEVEL, times)[0] > limit)
    return (
        ""
        if factor is None
        else f" About {round_up(factor * len(whole)):,} rows like these would show it, if it is so."
    )
