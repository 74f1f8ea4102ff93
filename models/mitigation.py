"""What a mitigation needs of the settings, checked before anything runs; and what the model says about it afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from models.plan import TrainingPlan
from models.sensitive import values_of
from schemas.errors import Problem, SettingsError
from schemas.roles import Roles
from schemas.sensitive import SensitiveColumn

if TYPE_CHECKING:
    from models.decision import DecisionRule

_TASKS = {"reweigh": ("binary", "multiclass"), "constrained": ("binary",), "thresholds": ("binary",)}


def columns(plan: TrainingPlan, roles: Roles, declared: Sequence[SensitiveColumn]) -> tuple[SensitiveColumn, ...]:
    """The sensitive columns that the plan's mitigation is about; () without a mitigation.

    declared : fairness.sensitive; its first column stands where the plan names none.

    Raises
    ------
    SettingsError : all that the mitigation lacks, together.
    """
    if plan.mitigation == "none":
        return ()
    problems = [*_column_problems(plan, declared), *_task_problems(plan, roles)]
    if problems:
        raise SettingsError("The model cannot be mitigated so.", *problems)
    known = {one.column: one for one in declared}
    return tuple(known[name] for name in plan.mitigation_of) or (declared[0],)


def _column_problems(plan: TrainingPlan, declared: Sequence[SensitiveColumn]) -> Iterator[Problem]:
    known = [one.column for one in declared]
    if not known:
        yield Problem(
            "key training.mitigation", f"{plan.mitigation}, without a sensitive column", "a column in fairness.sensitive",
            "Name the column whose groups it is about, such as `fairness: {sensitive: [sex]}`, or set mitigation to none.",
        )  # fmt: skip
        return
    unknown = [name for name in plan.mitigation_of if name not in known]
    if unknown:
        yield Problem(
            "key training.mitigation_of", ", ".join(unknown), f"columns of fairness.sensitive: {', '.join(known)}",
            "Add the column there, or correct its name.",
        )  # fmt: skip


def _task_problems(plan: TrainingPlan, roles: Roles) -> Iterator[Problem]:
    if roles.task not in _TASKS[plan.mitigation]:
        able = [method for method, tasks in _TASKS.items() if roles.task in tasks]
        yield Problem(
            "key training.mitigation", f"{plan.mitigation}, for task {roles.task}", ", ".join(["none", *able]),
            f"{plan.mitigation} needs a task {' or '.join(_TASKS[plan.mitigation])}: choose another, or none.",
        )  # fmt: skip
    if plan.mitigation == "reweigh" and plan.mitigation_goal != "parity":
        yield Problem(
            "key training.mitigation_goal", f"{plan.mitigation_goal}, with training.mitigation: reweigh", "parity",
            "Take it out, or choose constrained or thresholds.",
        )  # fmt: skip
    if plan.mitigation == "thresholds" and plan.mitigation_thresholds == "one" and plan.threshold != "auto":
        yield Problem(
            "key evaluation.threshold", f"{plan.threshold}, with training.mitigation_thresholds: one", "auto",
            "Take the threshold out: it is what the mitigation fits.",
        )  # fmt: skip


def describe(plan: TrainingPlan, about: Sequence[SensitiveColumn], decision: DecisionRule | None) -> dict[str, Any]:
    """What model.json says: "mitigation", and "thresholds" where groups have their own; {} without a mitigation."""
    if not about:
        return {}
    bins = [{"column": one.column, "bins": list(one.bins)} for one in about]
    moves = bool(decision and decision.of_group)
    said: dict[str, Any] = {
        "mitigation": {
            "method": plan.mitigation,
            "goal": plan.mitigation_goal,
            "strength": plan.mitigation_strength,
            "columns": bins,
            "needs_columns_at_serving": moves,
        }
    }
    if decision and moves:
        said["thresholds"] = {
            "columns": bins,
            "by_group": [
                {"group": values_of(key, about), "threshold": value, "log_odds_shift": decision.shift_of(key)}
                for key, value in decision.of_group.items()
            ],
            "other_groups": decision.threshold,
            "note": "Already in `scores`: the log-odds of a group are shifted so that its threshold is `threshold`. Decide by "
            "`threshold` alone; a shifted score is not a calibrated probability.",
        }  # fmt: skip
    return said
