"""Settings about groups of people, and about whose word counts, that make no sense together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.settings.values import Values
from schemas.contradiction import Contradiction
from schemas.fairness_evidence import GATE_ID
from schemas.names import did_you_mean
from sluicegate.fairness.gap_bounds import OF_VALUES, bounds_that_cannot_refuse
from sluicegate.fairness.policy import Fairness

#: Profiles that add limits; the others judge nothing by themselves.
WITH_LIMITS = ("difference-0.1", "ugesp-4-5")


def fairness_contradictions_in(settings: Values) -> list[Contradiction]:
    """All of them, across sections."""
    known = task_contradictions_in(settings, settings.task, settings.label.positive)
    return [*_of_columns(settings), *_of_overrides(settings), *known]


def task_contradictions_in(
    settings: Values, task: str, positive: str | None, classes: Sequence[str] = ()
) -> list[Contradiction]:
    """What `fairness` asks of a label that it cannot have.

    task : "auto" where nobody knows yet, which contradicts nothing.  positive : the positive class of a binary label, None
    where it is not known.  classes : the label's, () where they are not known.
    """
    if not settings.fairness.enabled or task == "auto":
        return []
    judged = _for_a_regression(settings.fairness) if task == "regression" else _for_classes(settings.fairness)
    return [*judged, *_of_positive(settings.fairness.positive, task, positive, classes)]


def _for_a_regression(fairness: Fairness) -> Iterator[Contradiction]:
    may, why = ", ".join(sorted(OF_VALUES)), "a regression selects nobody"
    for index, one in enumerate(fairness.limits):
        if one.measure not in OF_VALUES:
            yield Contradiction(f"fairness.limits.{index}.measure", f"{one.measure}, for task regression", may,
                                f"choose one of them: {why}, so that no rates can be compared")  # fmt: skip
    if fairness.profile in WITH_LIMITS:
        yield Contradiction("fairness.profile", f"{fairness.profile}, for task regression", "custom",
                            f"write limits of your own ({may}): {why}")  # fmt: skip


def _for_classes(fairness: Fairness) -> Iterator[Contradiction]:
    """Scores and errors of classes lie between 0 and 1, as rates do."""
    for index, one in enumerate(fairness.limits):
        if one.measure in OF_VALUES:
            bounds = {"at_most": one.at_most, "max_rise": one.max_rise}
            for found in bounds_that_cannot_refuse(one.measure, bounds):
                yield replace(found, key=f"fairness.limits.{index}.{found.key}")


def _of_positive(named: str | None, task: str, positive: str | None, classes: Sequence[str]) -> Iterator[Contradiction]:
    key = "fairness.positive"
    if named is None:
        return
    if task == "regression":
        yield Contradiction(
            key, f"{named!r}, for task regression", "nothing", "take it out: a regression has no classes"
        )
    elif task == "binary" and positive is not None and named != positive:
        yield Contradiction(key, f"{named!r}, and the positive class is {positive!r}", f"{positive!r}, or nothing",
                            "take it out, or name the class in label.positive: a binary label has one positive class")  # fmt: skip
    elif task == "multiclass" and classes and named not in classes:
        remedy = did_you_mean(named, classes, "name the class whose rate is to be compared")
        yield Contradiction(key, f"{named!r}, which the label never is", f"one of {', '.join(classes)}", remedy)


def _of_columns(settings: Values) -> Iterator[Contradiction]:
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


def _of_overrides(settings: Values) -> Iterator[Contradiction]:
    gates = [one.gate for one in settings.overrides]
    idle = _why_idle(settings.fairness)
    for index, gate in enumerate(gates):
        key = f"overrides.{index}.gate"
        if gate in gates[:index]:
            yield Contradiction(key, f"{gate!r} a second time", "each gate once", "keep one reason")
        elif gate == GATE_ID and idle is not None:
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
