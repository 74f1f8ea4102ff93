"""The predictions that Score wrote, as the rows that the audit takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fairness import groups
from fairness.policy import Policy, SensitiveColumn
from fairness.rows import Rows
from schemas import scored_rows
from schemas.errors import DataError, Problem
from schemas.scored_rows import BASELINE, GROUP, LABEL, WEIGHT, About, ScoredRows, Texts


def read_rows(folder: str | Path, policy: Policy) -> Rows:
    """Only the columns that are needed.

    Raises FileNotFoundError; DataError where a sensitive column of the policy was not scored.
    """
    about = scored_rows.read_about(folder)
    _all_there(policy, about)
    answers = about.answers.columns
    before = [BASELINE + name for name in answers] if about.has_baseline else []
    weight = [WEIGHT] if about.weight is not None else []
    grouped = [GROUP + one.column for one in policy.sensitive]
    rows = scored_rows.read(folder, [LABEL, *answers, *before, *weight, *grouped])
    is_classes = bool(about.classes)
    return Rows(
        about.task,
        about.classes,
        rows.label,
        rows.decision if is_classes else None,
        rows.scores,
        tuple(_groups(rows, one) for one in policy.sensitive),
        rows.weight if weight else None,
        rows.baseline_decision if is_classes and before else None,
        rows.baseline_scores if before else None,
        about.baseline_version,
        about.split,
        about.has_release,
        about.baseline_note if about.has_release else "",
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


def _groups(rows: ScoredRows, sensitive: SensitiveColumn) -> groups.Groups:
    found = rows.group(sensitive.column)
    if isinstance(found, Texts):
        return groups.of_texts(sensitive.column, found.codes, found.values)
    return groups.of_numbers(sensitive.column, np.asarray(found, np.float64), sensitive.bins)
