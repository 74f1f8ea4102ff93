"""What the test rows can never settle, however good the model is: said before anything is trained."""

from __future__ import annotations

import math
from collections.abc import Iterator

from components.quality_gate.policy import LEVEL, Limit
from pipeline.settings.types import Settings
from schemas.errors import Problem
from schemas.table import TableProfile

_OF_ALL_ROWS, _OF_THE_RARER_CLASS = ("accuracy",), ("auc", "auc_pr", "macro_auc", "recall", "f1")
_REMEDY = "bring more rows, give test a larger share (split.test), or say quality_gate.unknown_passes: true"


def hopeless(settings: Settings, profile: TableProfile) -> list[Problem]:
    """Questions of the quality gate that no model could pass on these test rows; none where what cannot be told passes.

    Even if every decision were right, k rows show no share above LEVEL ** (1 / k) (Clopper & Pearson).
    """
    counts = {name: profile.label_rows.get("test", {}).get(name, 0) for name in profile.roles.classes}
    if not counts or settings.quality_gate.unknown_passes:
        return []
    return [*_against_constant(settings, counts), *_of_limits(settings, counts)]


def _against_constant(settings: Settings, counts: dict[str, int]) -> Iterator[Problem]:
    if not settings.quality_gate.beat_constant:
        return
    rows, rarest = sum(counts.values()), min(counts.values())
    key = "key quality_gate.beat_constant"
    if len(counts) == 2:
        name = min(counts, key=lambda one: counts[one])
        if best(rarest) <= 0.5:
            got = f"{rarest} of {rows:,} test rows have the label {name!r}"
            yield Problem(key, got, f"{rows_for(0.5)} or more: fewer cannot show that a model beats chance", _REMEDY)
    elif rows and best(rows) <= max(counts.values()) / rows:
        share = max(counts.values()) / rows
        got = f"{rows:,} test rows, and the most frequent class has {share:.0%} of them"
        yield Problem(key, got, f"{rows_for(share):,} rows: fewer cannot show that a model beats that share", _REMEDY)


def _of_limits(settings: Settings, counts: dict[str, int]) -> Iterator[Problem]:
    for index, limit in enumerate(settings.quality_gate.limits):
        found = None if limit.slice or limit.at_least is None else _units(limit, counts)
        if found is None or limit.at_least is None:
            continue
        units, of = found
        if not limit.at_least < 1 or best(units) >= limit.at_least:
            continue
        got = f"{limit.at_least:g}, and {of}"
        allowed = (
            f"at most {best(units):.3f}, which they would show if every decision were right"
            if units
            else "a metric that these rows have"
        )
        yield Problem(
            f"key quality_gate.limits.{index}.at_least",
            got,
            allowed,
            f"it takes {rows_for(limit.at_least):,}: {_REMEDY}",
        )


def _units(limit: Limit, counts: dict[str, int]) -> tuple[int, str] | None:
    """How many rows a metric's best interval hangs on, and their name; None for a metric without such a bound."""
    if limit.metric in _OF_ALL_ROWS:
        return sum(counts.values()), f"the test split has {sum(counts.values()):,} rows"
    if limit.metric not in _OF_THE_RARER_CLASS:
        return None
    name = list(counts)[-1] if limit.metric in ("recall", "auc_pr", "f1") else min(counts, key=lambda one: counts[one])
    return counts[name], f"{counts[name]:,} test rows have the label {name!r}"


def best(rows: int) -> float:
    """The lower end of the interval of a share of all of so many rows.

    >>> round(best(40), 3), best(0)
    (0.912, 0.0)
    """
    return LEVEL ** (1 / rows) if rows else 0.0


def rows_for(share: float) -> int:
    """Rows that show more than this share, if all are right.

    >>> rows_for(0.5), rows_for(0.95)
    (6, 72)
    """
    return math.ceil(math.log(LEVEL) / math.log(share)) if 0 < share < 1 else 1
