"""The predictions that Score wrote, as the rows that the audit takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from schemas import scored_rows
from schemas.errors import DataError, Problem
from schemas.predictions import DECISION
from schemas.scored_rows import BASELINE, CLUSTER, GROUP, LABEL, WEIGHT, About, ScoredRows, Texts
from schemas.sensitive import SensitiveColumn
from sluicegate.fairness import groups
from sluicegate.fairness.policy import Policy
from sluicegate.fairness.rows import Rows
from sluicegate.stats.arrays import Floats, Mask

#: Every pair of groups is compared, and so many have no rows each.
MOST_GROUPS = 200


def read_rows(folder: str | Path, policy: Policy) -> Rows:
    """Only the columns that are needed.

    Raises FileNotFoundError; DataError where a sensitive column of the policy was not scored or has more than MOST_GROUPS groups, or scores, values or weights are no numbers to
    reckon with. A released model with such scores has not answered.
    """
    about = scored_rows.read_about(folder)
    _all_there(policy, about)
    answers = about.answers.columns
    before = [BASELINE + name for name in answers] if about.has_baseline else []
    weight = [WEIGHT] if about.weight is not None else []
    grouped = [GROUP + one.column for one in policy.sensitive]
    keys = [CLUSTER] if about.cluster else []
    rows = scored_rows.read(folder, [LABEL, *answers, *before, *weight, *keys, *grouped])
    _refuse_unusable(rows, about)
    note = _why_unusable(rows, about) if before else about.baseline_note
    has_answers = bool(before) and not note
    is_classes = bool(about.classes)
    return Rows(
        about.task,
        about.classes,
        rows.label,
        rows.decision if is_classes else None,
        rows.scores,
        tuple(_groups(rows, one) for one in policy.sensitive),
        rows.weight if weight else None,
        rows.baseline_decision if is_classes and has_answers else None,
        rows.baseline_scores if has_answers else None,
        about.baseline_version if has_answers else None,
        about.split,
        about.has_release,
        note if about.has_release else "",
        rows.cluster,
        about.cluster,
        about.caution,
    )


def _all_there(policy: Policy, about: About) -> None:
    missing = [one.column for one in policy.sensitive if one.column not in about.sensitive]
    if missing:
        problem = Problem(
            f"the scored rows of split '{about.split}'", f"no group column for {', '.join(missing)}",
            ", ".join(about.sensitive) or "none",
            "score again with the same fairness.sensitive as this step was given",
        )  # fmt: skip
        raise DataError("The groups cannot be compared.", problem)


def _refuse_unusable(rows: ScoredRows, about: About) -> None:
    place = f"the scored rows of split '{about.split}', column "
    finite = "finite numbers"
    problems = [
        Problem(f"{place}{name!r}", bad, finite, "look at the model: its training may have diverged, or a feature holds such values")
        for name in _scores(about)
        if (bad := _unlike_numbers(rows[name]))
    ]  # fmt: skip
    if not about.classes and (bad := _count(np.isinf(rows.label), "are infinite")):
        problems.append(
            Problem(f"{place}{LABEL!r}", bad, f"{finite}, or nothing", "mend the label's column of the table")
        )
    if about.weight is not None and (bad := _unlike_weights(rows.weight)):
        remedy = f"mend the column {about.weight!r} of the table, or take it out of columns.weight"
        problems.append(Problem(f"{place}{WEIGHT!r}", bad, f"{finite} of 0 or more, and not all 0", remedy))
    if problems:
        raise DataError("The predictions cannot be compared.", *problems)


def _why_unusable(rows: ScoredRows, about: About) -> str:
    """Why the released model's scores are of no use, or ""."""
    found = [(BASELINE + name, _unlike_numbers(rows[BASELINE + name])) for name in _scores(about)]
    return next((f"its column {name!r} has {bad}" for name, bad in found if bad), "")


def _scores(about: About) -> list[str]:
    return [name for name in about.answers.columns if name != DECISION]


def _unlike_weights(weight: Floats) -> str:
    bad = ~np.isfinite(weight) | (weight < 0)
    return _count(bad, "are negative or no finite number") or (
        "0 in every row" if len(weight) and not weight.any() else ""
    )


def _unlike_numbers(column: npt.NDArray[np.floating]) -> str:
    return _count(~np.isfinite(column), "hold no finite number")


def _count(bad: Mask, what: str) -> str:
    """How many of the rows, and the first one; "" where there is none."""
    return f"{int(bad.sum()):,} of {len(bad):,} rows {what}, first row {int(bad.argmax())}" if bad.any() else ""


def _groups(rows: ScoredRows, sensitive: SensitiveColumn) -> groups.Groups:
    found = rows.group(sensitive.column)
    is_text = isinstance(found, Texts)
    if isinstance(found, Texts):
        made = groups.of_texts(sensitive.column, found.codes, found.values)
    else:
        made = groups.of_numbers(sensitive.column, np.asarray(found, np.float64), sensitive.bins)
    if len(made.values) > MOST_GROUPS:
        remedy = "compare a coarser column" if is_text else f"give it bins: {{column: {sensitive.column}, bins: [...]}}"
        problem = Problem(
            f"fairness.sensitive, column {sensitive.column!r}", f"{len(made.values):,} groups", f"at most {MOST_GROUPS}", remedy
        )  # fmt: skip
        raise DataError("A sensitive column has too many groups to be compared.", problem)
    return made
