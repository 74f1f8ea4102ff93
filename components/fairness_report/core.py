"""How far apart are the groups, and is that more than these rows can explain? The audit itself is the room `fairness`."""

from __future__ import annotations

from dataclasses import replace

from fairness.audit import GATE, audit, without_rows
from fairness.policy import Policy
from fairness.rows import Rows
from schemas.fairness_evidence import FairnessEvidence
from schemas.verdict import Status, Verdict

__all__ = ["GATE", "Policy", "Rows", "decide"]


#: What a mitigation can aim at, by the measures that it then moves.
GOALS = {
    "demographic_parity_difference": "parity",
    "demographic_parity_ratio": "parity",
    "impact_ratio": "parity",
    "equal_opportunity_difference": "equal_opportunity",
}


def decide(policy: Policy, rows: Rows | None) -> tuple[Verdict, FairnessEvidence]:
    """The fairness gate's verdict and its evidence.  rows : None where nothing was scored, or nothing is to be compared."""
    if rows is None:
        return without_rows(policy)
    verdict, evidence = audit(rows, policy)
    return (with_lever(verdict) if evidence.task == "binary" else verdict), evidence


def with_lever(verdict: Verdict) -> Verdict:
    """A refusal that names the settings by which training can do something about it."""
    refused = next((m for m in verdict.refusals if m.status is Status.FAILED and m.name in GOALS), None)
    if refused is None:
        return verdict
    goal = GOALS[refused.name]
    aim = "" if goal == "parity" else f" --set training.mitigation_goal={goal}"
    columns = ", ".join(refused.slice.split(" x "))
    lever = (
        f"A lever: --set training.mitigation=constrained --set training.mitigation_of=[{columns}]{aim}; "
        "`sluicegate frontier` shows what it costs (docs/mitigation.md)."
    )
    return replace(verdict, detail=f"{verdict.detail} {lever}".strip())
