"""The whole audit: rows and a policy in, a verdict and the evidence for it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from schemas.fairness_evidence import (
    GATE_ID,
    AuditEvidence,
    FairnessEvidence,
    JudgedLimit,
    ProfileEvidence,
    ProofRow,
)
from schemas.verdict import Measurement, Status, Verdict, judge, judge_letting_unknown_pass
from sluicegate.fairness import groups, notes, proof
from sluicegate.fairness.describe import describe
from sluicegate.fairness.estimates import Floors, Grouping
from sluicegate.fairness.policy import Limit, Policy
from sluicegate.fairness.profiles import PROFILES, limits_of
from sluicegate.fairness.questions import MeasuredGap, questions
from sluicegate.fairness.resampling import Resampled, resample
from sluicegate.fairness.rows import OneClass, Rows, groupings, one_class, regression
from sluicegate.fairness.table import table
from sluicegate.stats.judge import Answer, Question, answer


@dataclass(frozen=True, eq=False)
class _Part:
    rows: OneClass
    groupings: tuple[Grouping, ...]
    resampled: Resampled


def audit(rows: Rows, policy: Policy) -> tuple[Verdict, FairnessEvidence]:
    """The gate's verdict and everything that was measured.

    Raises KeyError where the rows lack a sensitive column of the policy.
    """
    if not policy.compares or not len(rows.scores):
        return without_rows(policy)
    limits = (*policy.limits, *limits_of(policy.profile, [one.column for one in policy.sensitive]))
    finest = groups.intersect(_in_order(rows, policy))
    parts = [_part(rows, positive, finest, policy, limits) for positive in _positives(rows, policy)]
    asked = _measured(rows, policy, parts)
    answered = _with_caution(_answers(policy, limits, asked), rows.caution)
    proven = _proof(parts[-1], policy, limits)
    verdict = with_proof(_verdict(policy, answered), proven)
    evidence = FairnessEvidence(
        rows.task, verdict.status.value, _profile(policy), verdict.reason, rows.split, len(rows.scores), rows.weight is not None,
        policy.confidence, parts[0].resampled.draws, parts[0].resampled.shuffles, rows.digest(), rows.baseline_version,
        tuple(_judged(question, given) for question, given in answered),
        tuple(AuditEvidence(p.rows.positive, describe(p.rows, p.groupings, p.resampled, policy)) for p in parts),
        table(parts[-1].rows, policy.depth) if asked.why_not is None else None,
        proven,
        (*notes.of(rows.task, rows.weight is not None, policy), *notes.of_rows(rows.cluster_of, rows.caution)),
    )  # fmt: skip
    return verdict, evidence


def _in_order(rows: Rows, policy: Policy) -> list[groups.Groups]:
    by_column = {part.columns[0]: part for part in rows.sensitive}
    return [by_column[one.column] for one in policy.sensitive]


def _positives(rows: Rows, policy: Policy) -> Sequence[str]:
    """binary: the positive class.  multiclass: the one the settings name, or each in turn.  regression: ""."""
    if rows.task == "regression":
        return ("",)
    if rows.task == "binary":
        return rows.classes[-1:]
    return (policy.positive,) if policy.positive in rows.classes and policy.positive is not None else rows.classes


def _part(rows: Rows, positive: str, finest: groups.Groups, policy: Policy, limits: tuple[Limit, ...]) -> _Part:
    columns = tuple(one.column for one in policy.sensitive)
    asked = {tuple(sorted(set(limit.of), key=columns.index)): limit for limit in limits}
    wanted = list(dict.fromkeys([*groups.combinations(columns, policy.depth), *asked]))
    with_areas = {of for of, limit in asked.items() if limit.measure == "abcc"}
    part = regression(rows, finest) if rows.task == "regression" else one_class(rows, positive, finest)
    floors = Floors(policy.min_rows, policy.min_positives)
    made = tuple(groupings(part, wanted, floors, with_areas))
    return _Part(part, made, resample(part.joint, made, policy.draws, policy.seed, part.keyed_cells))


def _measured(rows: Rows, policy: Policy, parts: Sequence[_Part]) -> MeasuredGap:
    why_not = None
    if rows.task == "multiclass" and policy.positive not in rows.classes:
        named = f"{policy.positive!r} is none of them" if policy.positive else "the settings name none"
        classes = ", ".join(rows.classes)
        why_not = (
            "positive_not_declared",
            f"Limits compare one class against the rest, and of {classes} {named}. Set fairness.positive.",
        )
    part = parts[-1]
    by_columns = {grouping.columns: grouping for grouping in part.groupings}
    return MeasuredGap(by_columns, part.resampled, rows.is_first, rows.has_baseline, why_not, rows.baseline_note)


def _answers(policy: Policy, limits: tuple[Limit, ...], measured: MeasuredGap) -> list[tuple[Question, Answer]]:
    asked = list(questions(policy, limits, measured))
    answers = answer(asked, policy.level)
    return [(question, answers[question.key]) for question in asked]


def _with_caution(answered: list[tuple[Question, Answer]], caution: str) -> list[tuple[Question, Answer]]:
    """Every comparison with the released model says why it may favour that model."""

    def said(given: Answer) -> Answer:
        seen = given.measurement
        is_compared = caution and seen.name.endswith(" rise") and seen.value is not None
        return (
            replace(given, measurement=replace(seen, detail=f"{seen.detail} {caution}".strip()))
            if is_compared
            else given
        )

    return [(question, said(given)) for question, given in answered]


def without_rows(policy: Policy) -> tuple[Verdict, FairnessEvidence]:
    """What is said where nothing can be compared: switched off, nothing declared, or no row scored."""
    verdict = _nothing_to_judge(policy)
    return verdict, FairnessEvidence("", verdict.status.value, _profile(policy), verdict.reason)


def _profile(policy: Policy) -> ProfileEvidence:
    profile = PROFILES[policy.profile]
    return ProfileEvidence(profile.name, profile.scope, profile.source)


def _nothing_to_judge(policy: Policy) -> Verdict:
    if not policy.enabled:
        detail = "The settings say fairness: off; nothing was judged."
        return Verdict(GATE_ID, Status.PASSED, reason="off", detail=detail, settings=_settings(policy))
    if not policy.sensitive:
        detail = "No sensitive column is declared. Declare them in fairness.sensitive, or say fairness: off."
        return Verdict(GATE_ID, Status.UNKNOWN, reason="not_configured", detail=detail, settings=_settings(policy))
    detail = "No rows were scored, so no groups can be compared."
    if policy.report_only:
        detail += " fairness.report_only: nothing can refuse."
        return Verdict(GATE_ID, Status.PASSED, reason="report_only", detail=detail, settings=_settings(policy))
    return Verdict(GATE_ID, Status.UNKNOWN, reason="no_rows", detail=detail, settings=_settings(policy))


def _verdict(policy: Policy, answered: Sequence[tuple[Question, Answer]]) -> Verdict:
    measurements = [given.measurement for _, given in answered]
    bootstrap = any(m.reason == "bootstrap" for m in measurements)
    settings = _settings(policy)
    if policy.report_only:
        watched = (replace(m, gates=False) for m in measurements)
        detail = "fairness.report_only: everything was judged and shown, and nothing can refuse."
        return Verdict(GATE_ID, Status.PASSED, tuple(watched), "report_only", detail, bootstrap, settings)
    if not measurements:
        detail = (
            "Sensitive columns are declared, and no limit: nothing could refuse, which is no pass. Add fairness.limits or "
            "a profile with limits, or say fairness.report_only: true."
        )
        return Verdict(GATE_ID, Status.UNKNOWN, reason="no_limits", detail=detail, settings=settings)
    if all(not m.gates for m in measurements):
        detail = "Every limit is report_only: judged and shown, and nothing can refuse."
        return Verdict(GATE_ID, Status.PASSED, tuple(measurements), "report_only", detail, bootstrap, settings)
    if not policy.unknown_passes or any(_must_be_known(m) for m in measurements):
        return judge(GATE_ID, measurements, bootstrap=bootstrap, settings=settings)
    setting = "fairness.unknown_passes"
    return judge_letting_unknown_pass(GATE_ID, measurements, setting, bootstrap=bootstrap, settings=settings)


def with_proof(verdict: Verdict, rows: Sequence[ProofRow]) -> Verdict:
    """The verdict, saying which limits refused too many models that were made fair."""
    said = [
        f"Of {row.shuffles} models made fair by shuffling the groups of {' x '.join(row.of)}, {row.measure} at {row.limit:g} refused "
        f"{row.false_refusals:.1%}, where {row.highest_allowed:.1%} are allowed: its refusals cannot be trusted on these rows.".replace("%", " %")
        for row in rows
        if row.false_refusals > row.highest_allowed
    ]  # fmt: skip
    return replace(verdict, detail=" ".join([verdict.detail, *said]).strip()) if said else verdict


def _must_be_known(m: Measurement) -> bool:
    """Only what more rows would settle can be let pass: not a model that selects nobody, and not a comparison that was not made."""
    return m.gates and m.status is Status.UNKNOWN and m.reason not in ("not_settled", "too_few_rows")


def _settings(policy: Policy) -> dict[str, Any]:
    return {key: value for key, value in asdict(policy).items() if key not in ("limits", "enabled")}


def _judged(question: Question, given: Answer) -> JudgedLimit:
    m = given.measurement
    kind = "rise" if question.measure.endswith(" rise") else "limit"
    return JudgedLimit(
        question.measure.removesuffix(" rise"), tuple(m.slice.split(" x ")), kind, question.limit, m.direction,
        m.status.value, m.gates, m.setting, m.value, m.low, m.high, m.baseline, m.reason, m.detail, given.near_level,
        given.rows_needed,
    )  # fmt: skip


def _proof(part: _Part, policy: Policy, limits: tuple[Limit, ...]) -> tuple[ProofRow, ...]:
    if part.rows.joint is None:
        return ()
    bounds = [
        (limit.of, limit.measure, limit.at_most if limit.at_most is not None else limit.at_least) for limit in limits
    ]
    asked = [(of, measure, bound) for of, measure, bound in bounds if bound is not None]
    keyed = part.rows.keyed_cells
    return tuple(proof.prove(part.rows.joint, part.groupings, policy.level, policy.seed, asked, keyed))
