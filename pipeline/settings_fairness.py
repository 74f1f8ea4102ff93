"""Settings about groups of people, and about whose word counts, that make no sense together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.settings_contradictions import Contradiction

if TYPE_CHECKING:
    from pipeline.settings import Fairness, Settings

#: Profiles that add limits; the others judge nothing by themselves.
WITH_LIMITS = ("difference-0.1", "ugesp-4-5")


def fairness_contradictions_in(settings: Settings) -> list[Contradiction]:
    """All of them, across sections."""
    return [*_of_columns(settings), *_of_overrides(settings)]


def _of_columns(settings: Settings) -> Iterator[Contradiction]:
    names = [one.column for one in settings.fairness.sensitive]
    roles = {settings.label.column: "the label", settings.columns.weight: "the weight"}
    for index, name in enumerate(names):
        key = f"fairness.sensitive.{index}"
        if name in roles:
            yield Contradiction(key, f"{name!r}, which is {roles[name]}", "a column of groups", "name another")
        if name in settings.columns.leave_out:
            remedy = f"list {name!r} under columns.ids instead: an id is kept, and no model trains on it"
            yield Contradiction(key, f"{name!r}, which columns.leave_out drops", "columns the pipeline sees", remedy)
        if name in names[:index]:
            yield Contradiction(key, f"{name!r} a second time", "each column once", "take it out")


def _of_overrides(settings: Settings) -> Iterator[Contradiction]:
    gates = [one.gate for one in settings.overrides]
    idle = _why_idle(settings.fairness)
    for index, gate in enumerate(gates):
        key = f"overrides.{index}.gate"
        if gate in gates[:index]:
            yield Contradiction(key, f"{gate!r} a second time", "each gate once", "keep one reason")
        elif gate == "fairness" and idle is not None:
            got, remedy = idle
            yield Contradiction(key, f"{gate!r}, and {got}", "a gate that can refuse", remedy)


def _why_idle(fairness: Fairness) -> tuple[str, str] | None:
    """Why the fairness gate can say nothing that a person could let pass, and what to do; None where it can."""
    if not fairness.enabled:
        return "fairness is off", "take the override out, or `fairness: off`: one of the two decides"
    if not fairness.sensitive:
        remedy = "name the columns to compare there, or say `fairness: off` and take the override out"
        return "no column is declared in fairness.sensitive", remedy
    if not fairness.limits and fairness.profile not in WITH_LIMITS and not fairness.report_only:
        remedy = "add a limit, a profile with limits, or fairness.report_only: true in the override's place"
        return "fairness has no limits to judge by", remedy
    return None
