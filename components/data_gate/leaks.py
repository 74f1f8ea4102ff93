"""Columns that alone predict the label too well, as measurements."""

from __future__ import annotations

from collections.abc import Sequence

from components.data_gate.core import ALPHA, LEAK, REASONS
from components.data_gate.policy import Policy
from schemas.leaks import RANK_R2, Alone
from schemas.verdict import Measurement, Status
from sluicegate.stats.leaks import Suspicion, lower_end, suspicion

SLICE = "all splits"
WORDS = {RANK_R2: "R2 on the label's ranks"}


def judged(columns: Sequence[Alone], policy: Policy, share: float = 1.0) -> list[Measurement]:
    """One per suspicious column, and one sentence on all.  share : the part of ALPHA that is left to this question."""
    level = ALPHA * share / max(len(columns), 1)
    found = []
    for one in sorted(columns, key=lambda alone: -alone.value):
        what = suspicion(one, level, policy.leaks)
        if what:
            found.append(_measure(one, what, level, policy))
    if columns and not found:
        best = max(columns, key=lambda alone: alone.value)
        detail = f"No column alone predicts the label too well: the best is {best.column} ({_value(best)})."
        found.append(
            Measurement(LEAK, SLICE, Status.PASSED, best.value, limit=policy.leaks.warn_at, direction="at most", rows=best.rows,
                        detail=detail, setting=policy.setting_of(LEAK), gates=False)
        )  # fmt: skip
    return found


def _value(one: Alone) -> str:
    return f"{WORDS.get(one.measure, 'AUC')} {one.value:.4f}"


def _measure(one: Alone, what: Suspicion, level: float, policy: Policy) -> Measurement:
    decided = policy.of(LEAK) if what is Suspicion.LEAK else "warn"
    said = f"{one.column} alone predicts the label ({_value(one)} on rows that the prediction has not seen)"
    if one.flawless and one.measure == RANK_R2:
        said = (
            f"{one.column} is the label in another scale: sorting {one.rows:,} rows by it leaves no label out of order"
        )
    elif one.flawless:
        said = f"{one.column} is the label in other words: each of its values goes with one class, and each class with one value"
    remedy = (
        f"If it was recorded after the label, or counts sorted rows, add {one.column} to columns.leave_out; if it was known "
        f"before, let it pass with --set data_gate.policy.{LEAK}=warn"
    )
    return Measurement(
        name=LEAK,
        slice=f"{SLICE}: {one.column}",
        status=Status.FAILED if what is Suspicion.LEAK else Status.UNKNOWN,
        value=one.value,
        low=min(max(lower_end(one, level), 0.0), one.value),
        high=1.0,
        limit=policy.leaks.fail_at if what is Suspicion.LEAK else policy.leaks.warn_at,
        direction="at most",
        rows=one.rows,
        reason=REASONS[decided],
        detail=f"{said}. {remedy}",
        setting=policy.setting_of(LEAK),
        gates=what is Suspicion.LEAK and decided == "fail",
    )
