"""The card's part on groups, from the fairness gate's verdict and evidence."""

from __future__ import annotations

from collections.abc import Iterator

from components.model_card.steady import steady
from schemas.fairness_evidence import AuditEvidence, FairnessEvidence, GapEvidence, GroupingEvidence, RateOfGroup
from schemas.model_card import Fairness, Gap, Group, Proof, Rate
from schemas.verdict import Verdict


def section(verdict: Verdict | None, evidence: FairnessEvidence | None) -> Fairness | None:
    """None where the pipeline has no such step."""
    if verdict is None and evidence is None:
        return None
    status = verdict.status.value if verdict else evidence.status if evidence else ""
    limits = steady(verdict.measurements) if verdict else ()
    if evidence is None:
        return Fairness(status, limits=limits)
    return Fairness(
        status=status,
        profile=evidence.profile.name,
        scope=evidence.profile.scope,
        source=evidence.profile.source,
        rows=evidence.rows,
        confidence=evidence.confidence,
        limits=limits,
        gaps=tuple(gap for audit in evidence.audits for gap in _gaps(audit)),
        groups=tuple(group for audit in evidence.audits for group in _groups(audit)),
        proof=tuple(
            Proof(" x ".join(p.of), p.measure, p.shuffles, p.false_refusals, p.unknown, p.highest_allowed)
            for p in evidence.proof
        ),
    )


def _gaps(audit: AuditEvidence) -> Iterator[Gap]:
    for grouping in audit.groupings:
        for one in grouping.gaps:
            yield _gap(one, grouping, audit.positive)


def _gap(one: GapEvidence, grouping: GroupingEvidence, positive: str) -> Gap:
    return Gap(
        grouping=grouping.title,
        measure=one.measure,
        convention=one.convention,
        value=one.value,
        low=one.low,
        high=one.high,
        lowest=one.lowest,
        highest=one.highest,
        baseline=one.baseline,
        positive=positive,
        not_measured=one.not_measured,
    )


def _groups(audit: AuditEvidence) -> Iterator[Group]:
    for grouping in audit.groupings:
        for one in grouping.groups:
            rates = {name: _rate(rate) for name, rate in one.rates.items()}
            yield Group(grouping.title, one.name, one.rows, one.share, rates, audit.positive)


def _rate(one: RateOfGroup) -> Rate:
    return Rate(one.value, one.low, one.high, one.rows, one.is_judged)
