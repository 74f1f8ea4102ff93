"""How far apart are the groups, and is that more than these rows can explain? The audit itself is the room `fairness`."""

from __future__ import annotations

from fairness.audit import GATE, audit, without_rows
from fairness.policy import Policy
from fairness.rows import Rows
from schemas.fairness_evidence import FairnessEvidence
from schemas.verdict import Verdict

__all__ = ["GATE", "Policy", "Rows", "decide"]


def decide(policy: Policy, rows: Rows | None) -> tuple[Verdict, FairnessEvidence]:
    """The fairness gate's verdict and its evidence.  rows : None where nothing was scored, or nothing is to be compared."""
    return without_rows(policy) if rows is None else audit(rows, policy)
