"""The card's part on what the scores come from, from the explanation report's verdict and evidence."""

from __future__ import annotations

from components.model_card.steady import steady
from schemas.explanation_evidence import Estimate, ExplanationEvidence, FlipTest
from schemas.model_card import Explanation, Flip, Weight
from schemas.verdict import Verdict

#: More columns than this are in the run's report.
SHOWN = 10


def section(verdict: Verdict | None, evidence: ExplanationEvidence | None) -> Explanation | None:
    """None where the pipeline has no such step."""
    if verdict is None and evidence is None:
        return None
    status = verdict.status.value if verdict else ""
    checks = steady(verdict.measurements) if verdict else ()
    if evidence is None:
        return Explanation(status, checks=checks)
    gap = evidence.disparity
    return Explanation(
        status=status,
        quality=evidence.quality,
        rows=evidence.rows,
        importance=_largest([_weight(one.name, one.columns, one.quality) for one in evidence.importances]),
        gap=gap.measure if gap else "",
        gap_between=(gap.high, gap.low) if gap else (),
        carried=_largest([_weight(one.name, one.columns, one.contribution) for one in gap.carried]) if gap else (),
        flips=tuple(map(_flip, evidence.flips)),
        checks=checks,
    )


def _weight(name: str, columns: tuple[str, ...], one: Estimate) -> Weight:
    return Weight(name, columns, one.value, one.low, one.high)


def _largest(found: list[Weight]) -> tuple[Weight, ...]:
    """The largest in size, whichever their sign; by name where they are equal."""
    known = [one for one in found if one.value is not None]
    return tuple(sorted(known, key=lambda one: (-abs(one.value or 0.0), one.name))[:SHOWN])


def _flip(one: FlipTest) -> Flip:
    found = one.flipped or Estimate(None)
    return Flip(one.column, one.is_input, found.value, found.low, found.high)
