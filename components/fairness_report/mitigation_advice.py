"""What training can do about a gap that was refused, as options for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from schemas.verdict import Status, Verdict
from sluicegate.fairness.mitigation import Mitigation

PARITY, OPPORTUNITY = "parity", "equal_opportunity"
_BOTH_RATES = "It aims at true positive rates; at false positive rates no mitigation does."
#: The goal that moves a measure, and what to expect of it.
GOALS: Mapping[str, tuple[str, str]] = {
    "demographic_parity_difference": (PARITY, ""),
    "demographic_parity_ratio": (PARITY, ""),
    "impact_ratio": (PARITY, ""),
    "equal_opportunity_difference": (OPPORTUNITY, ""),
    "equalized_odds_difference": (OPPORTUNITY, _BOTH_RATES),
    "equalized_odds_mean": (OPPORTUNITY, _BOTH_RATES),
    "equalized_odds_sum": (OPPORTUNITY, _BOTH_RATES),
    "fpr_difference": (
        PARITY,
        "No mitigation aims at false positive rates; equal selection rates may move them along.",
    ),
}
#: What to try where a method went all the way and it was not enough; reweigh knows parity alone.
_NEXT = {"none": "constrained", "reweigh": "constrained", "constrained": "thresholds", "thresholds": "constrained"}


NOT_MITIGATED = Mitigation()


def with_advice(verdict: Verdict, trained: Mitigation = NOT_MITIGATED) -> Verdict:
    """A refusal that names the settings by which training can do something about it, other than what it does already."""
    refused = next((m for m in verdict.refusals if m.status is Status.FAILED and m.name in GOALS), None)
    if refused is None:
        return verdict
    goal, expect = GOALS[refused.name]
    options = " ".join(
        f"--set training.{option}" for option in _options(trained, tuple(refused.slice.split(" x ")), goal)
    )
    needs = "Thresholds per group need these columns in every request." if "mitigation=thresholds" in options else ""
    advice = f"To mitigate it: {options}; `sluicegate frontier` shows what it costs (docs/mitigation.md)."
    said = (verdict.detail, _already(trained), advice, expect, needs)
    return replace(verdict, detail=" ".join(part for part in said if part))


def _options(trained: Mitigation, columns: tuple[str, ...], goal: str) -> list[str]:
    """What to set: the method aimed at this gap; where it is aimed so, its full strength; else another method."""
    aim = [] if goal == trained.mitigation_goal else [f"mitigation_goal={goal}"]
    is_aimed = trained.mitigation != "none" and not aim and set(trained.mitigation_of) == set(columns)
    if is_aimed and trained.mitigation_strength < 1:
        return ["mitigation_strength=1"]
    keeps = not is_aimed and trained.mitigation in ("constrained", "thresholds")
    method = [] if keeps else [f"mitigation={_NEXT[trained.mitigation]}"]
    of = [] if is_aimed else [f"mitigation_of=[{', '.join(columns)}]"]
    return [*method, *of, *aim]


def _already(trained: Mitigation) -> str:
    if trained.mitigation == "none":
        return ""
    goal = trained.mitigation_goal.replace("_", " ")
    return (
        f"Training is mitigated already ({trained.mitigation}, {goal} of {' x '.join(trained.mitigation_of)}, strength "
        f"{trained.mitigation_strength:g})."
    )
