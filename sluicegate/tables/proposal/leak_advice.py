"""What `init` does about columns that alone predict the label: it leaves out what gives it away, and says what nearly does."""

from __future__ import annotations

from schemas.leaks import RANK_R2, Alone
from sluicegate.stats.families import RUN_LEVEL
from sluicegate.stats.leaks import Suspicion, suspicion
from sluicegate.tables.columns.effective import effective_rows
from sluicegate.tables.columns.inspection import Examined
from sluicegate.tables.columns.leaks import alone
from sluicegate.tables.proposal.advice import Advice
from sluicegate.tables.source import Source


def leak_advice(examined: Examined, source: Source) -> list[Advice]:
    """One per column, the same that the data gate would fail or warn of."""
    rows = len(examined.splits.of_row)
    found = alone(examined, source, sum(effective_rows(examined, source).values()) / max(rows, 1))
    judged = [(one, suspicion(one, RUN_LEVEL / max(len(found), 1))) for one in found]
    return [_advice(one, what is Suspicion.LEAK) for one, what in judged if what]


def _advice(one: Alone, is_leak: bool) -> Advice:
    measured = f"{'R2 on its ranks' if one.measure == RANK_R2 else 'AUC'} {one.value:.4f}"
    if one.flawless:
        measured = "it puts the labels in order" if one.measure == RANK_R2 else "each value goes with one class"
    why = f"it alone predicts the label ({measured}); it may have been recorded afterwards, or count sorted rows"
    return Advice("columns.leave_out", one.column, why, active=is_leak)
