"""How far apart are the groups, and is that more than these rows can explain? The audit itself is sluicegate/fairness."""

from __future__ import annotations

from dataclasses import replace

from components.fairness_report.mitigation_advice import NOT_MITIGATED, with_advice
from schemas.fairness_evidence import FairnessEvidence
from schemas.verdict import Verdict
from sluicegate.fairness.audit import audit, without_rows
from sluicegate.fairness.mitigation import Mitigation
from sluicegate.fairness.policy import Policy
from sluicegate.fairness.rows import Rows

__all__ = ["Policy", "Rows", "decide"]


def decide(policy: Policy, rows: Rows | None, trained: Mitigation = NOT_MITIGATED) -> tuple[Verdict, FairnessEvidence]:
    """The fairness gate's verdict and its evidence.

    rows : None where nothing was scored, or nothing is to be compared.  trained : which mitigation there is already.
    """
    if rows is None:
        return without_rows(policy)
    verdict, evidence = audit(rows, policy)
    if evidence.task != "binary":
        return verdict, evidence
    about = trained.mitigation_of or (policy.sensitive[0].column,)
    return with_advice(verdict, replace(trained, mitigation_of=about)), evidence
