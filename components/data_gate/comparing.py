"""Skew and drift: what is asked of each column with a limit in the schema, and the one judge's answers as measurements.

All questions of a run share core.ALPHA. They ask whether a difference beyond the limit was shown, so what these rows cannot
tell passes. The schema's `skew_comparator` and `drift_comparator` hold the limits, whichever of TFMD's measures they name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from components.data_gate.core import (
    ALPHA,
    BASELINE_MISSING,
    NOT_MEASURED,
    REASONS,
    TRAIN,
    WHOLE_TABLE,
    Finding,
    Released,
)
from components.data_gate.policy import CATEGORIES, DRIFT, MISSING, NUMBERS, SKEW, TURNOVER, Policy
from schemas.distributions import Numbers, SplitDistributions
from schemas.verdict import Measurement, Status
from sluicegate.stats import distances, judge
from sluicegate.stats.distances import ColumnSample, Distance

#: TFMD's places for a limit; of several the smallest holds.
MEASURES = ("infinity_norm", "jensen_shannon_divergence", "normalized_abs_difference")
#: The share of missing values may move by so much; presence.min_fraction in the schema is the place for a closer limit.
MISSING_LIMIT = 0.1
WORDS = {
    NUMBERS: "largest difference of cumulative shares",
    CATEGORIES: "largest difference of a share",
    MISSING: "difference of the shares of missing values",
    TURNOVER: "largest part of a value that is new or gone",
}


@dataclass(frozen=True, eq=False)
class Compared:
    """Two splits.

    side : SKEW or DRIFT.  split : the one of this run.  before, now : what the distributions are of, in words.
    is_chance : whether our own hash drew both from the same rows, so that they differ by chance alone.
    """

    side: str
    split: str
    old: SplitDistributions
    new: SplitDistributions
    before: str
    now: str
    is_chance: bool = False


@dataclass(frozen=True, eq=False)
class Asked:
    """One question of one column.  what : NUMBERS, CATEGORIES, MISSING or TURNOVER.  sort : NUMBERS or CATEGORIES."""

    compared: Compared
    column: str
    what: str
    sort: str
    distance: Distance
    limit: float
    old: ColumnSample
    new: ColumnSample

    @property
    def kind(self) -> str:
        return f"{self.compared.side}_{self.what}"

    @property
    def key(self) -> str:
        return f"{self.kind}|{self.compared.split}|{self.column}"


def skew(splits: dict[str, SplitDistributions]) -> list[Compared]:
    """Every other split with train."""
    train = splits.get(TRAIN)
    return [
        Compared(SKEW, name, train, one, f"in {TRAIN}", f"in {name}", one.is_drawn)
        for name, one in splits.items()
        if train is not None and name != TRAIN
    ]


def drift(train: SplitDistributions, before: SplitDistributions, released: Released) -> Compared:
    return Compared(DRIFT, TRAIN, before, train, f"in the train data of {released.name}", "now")


def limits_of(schema: Any, side: str) -> dict[str, float]:
    """By column; columns without a limit are not judged.  schema : schema_pb2.Schema."""
    found = {}
    for feature in schema.feature:
        comparator = getattr(feature, f"{side}_comparator")
        given = [getattr(comparator, name).threshold for name in MEASURES if comparator.HasField(name)]
        if given:
            found[feature.name] = min(given)
    return found


def questions(compared: Compared, limits: dict[str, float]) -> list[Asked]:
    """Of every column that both sides have, with values of one sort."""
    found = []
    for column, limit in limits.items():
        sides = samples(compared, column)
        apart = distances.distance(*sides, limit) if sides else None
        if sides is None or apart is None or math.isnan(apart.value):
            continue
        sort = NUMBERS if isinstance(sides[1].distribution, Numbers) else CATEGORIES
        found.append(Asked(compared, column, sort, sort, apart, limit, *sides))
        if any(side.missing > 0 for side in sides):
            gap = distances.of_missing(*sides, MISSING_LIMIT)
            found.append(Asked(compared, column, MISSING, sort, gap, MISSING_LIMIT, *sides))
        turnover = distances.of_turnover(*sides)
        if turnover is not None:
            found.append(Asked(compared, column, TURNOVER, sort, turnover, distances.GONE, *sides))
    return found


def samples(compared: Compared, column: str) -> tuple[ColumnSample, ColumnSample] | None:
    """Before and now; None where a side lacks the column."""
    old, new = compared.old, compared.new
    if column not in old.columns or column not in new.columns:
        return None
    return ColumnSample(old.columns[column], old.rows, old.worth), ColumnSample(
        new.columns[column], new.rows, new.worth
    )


def of_every_column(compared: Compared, limits: dict[str, float]) -> list[tuple[str, str, Distance, float | None]]:
    """(column, NUMBERS or CATEGORIES, distance, limit) of all that both sides have, limit or not, for the report."""
    found = []
    for column in compared.new.columns:
        sides = samples(compared, column)
        apart = distances.distance(*sides) if sides else None
        if sides and apart is not None and not math.isnan(apart.value):
            sort = NUMBERS if isinstance(sides[1].distribution, Numbers) else CATEGORIES
            found.append((column, sort, apart, limits.get(column)))
    return found


def unmeasured(
    asked: Sequence[Asked], train: SplitDistributions, limits: dict[str, float], released: Released
) -> list[Finding]:
    """Columns of this run that the released train data cannot be compared with."""
    known = {one.column for one in asked if one.compared.side == DRIFT}
    return [
        Finding(
            TRAIN, column, NOT_MEASURED,
            f"The train data of {released.name} have no values of '{column}' to compare with, or of another type than now.",
        )
        for column in limits
        if column in train.columns and column not in known
    ]  # fmt: skip


def no_baseline(reason: str) -> Finding:
    remedy = f"Set data_gate.policy.{BASELINE_MISSING} to warn until a new version is released."
    return Finding(TRAIN, WHOLE_TABLE, BASELINE_MISSING, f"Drift cannot be told: {reason}. {remedy}")


def judged(asked: Sequence[Asked], policy: Policy, share: float = 1.0) -> list[Measurement]:
    """Findings first and in order of weight, then what was shown to be near, then one sentence per comparison.

    share : the part of ALPHA that is left to these questions.
    """
    gating = [one for one in asked if not one.compared.is_chance]
    by_chance = [one for one in asked if one.compared.is_chance]
    level = ALPHA * share
    found: list[tuple[float, Measurement]] = []
    for group in (gating, by_chance):
        answers = judge.answer([_question(one, policy) for one in group], level)
        found += [_weighed(one, answers[one.key].measurement, policy, level / max(len(group), 1)) for one in group]
    found.sort(key=lambda pair: -pair[0])
    named = {(_side(m), m.slice) for _, m in found if _is_distance(m) and m.status is Status.FAILED}
    # A column whose distribution moved needs no second line for the value that moved with it.
    told = [m for _, m in found if _is_distance(m) or (m.status is Status.FAILED and (_side(m), m.slice) not in named)]
    return [*_with_remedy(told), *_summaries(asked, level, len(gating))]


def _is_distance(m: Measurement) -> bool:
    return m.name.endswith((NUMBERS, CATEGORIES))


def _side(m: Measurement) -> str:
    return m.name.partition("_")[0]


def _question(one: Asked, policy: Policy) -> judge.Question:
    return judge.Question(
        key=one.key, measure=one.kind, slice=f"{one.compared.split}: {one.column}", limit=one.limit, direction="at most",
        setting=policy.setting_of(one.kind, one.sort), rows=one.new.rows, gates=True, value=one.distance.value,
        interval=one.distance.interval, asks_for_harm=True, seeks_rows=False,
    )  # fmt: skip


def _weighed(one: Asked, seen: Measurement, policy: Policy, level: float) -> tuple[float, Measurement]:
    """How many times its limit is shown, and the measurement as the policy has it."""
    decided = policy.of(one.kind, one.sort)
    weight = (seen.low or 0.0) / max(one.limit, 1e-9)
    if seen.status is not Status.FAILED:
        visible = distances.smallest_shown(one.limit, level, one.old, one.new)
        would = f"these rows would show {visible:.3g} and more" if visible < 1 else "these rows are too few to show any"
        detail = f"{_said(one)}, allowed {one.limit:.4g}; {would}"
        gates = decided == "fail" and seen.status is Status.PASSED and not one.compared.is_chance
        reason = seen.reason and "not_shown"
        return weight, replace(seen, gates=gates, detail=detail, reason=reason)
    least = f"with these rows at least {seen.low:.3g}"
    detail = f"{_said(one)}, {least}, allowed {one.limit:.4g}; {change(one)}"
    if one.compared.is_chance:
        note = "our own hash drew both from the same rows, so this is chance, and it does not gate"
        return weight, replace(seen, gates=False, reason="by_chance", detail=f"{detail}; {note}")
    return weight + 1e6 * (decided == "fail"), replace(
        seen, gates=decided == "fail", reason=REASONS[decided], detail=detail
    )


def _said(one: Asked) -> str:
    against = one.compared.before.removeprefix("in ")
    place = f" (at {one.distance.where})" if one.distance.where and one.what != MISSING else ""
    return f"{WORDS[one.what]}{place} between {one.compared.split} and {against} is {one.distance.value:.4g}"


def change(one: Asked) -> str:
    """Before and after in words: means of numbers, shares of a value."""
    old, new = one.old.distribution, one.new.distribution
    if one.what == NUMBERS and isinstance(old, Numbers) and isinstance(new, Numbers):
        if old.mean is not None and new.mean is not None:
            return f"mean {old.mean:.4g} before, {new.mean:.4g} {one.compared.now}"
        return f"{one.distance.before:.1%} up to there before, {one.distance.now:.1%} {one.compared.now}"
    what = "missing" if one.what == MISSING else f"'{one.distance.where}'"
    return f"{what} {one.distance.before:.1%} before, {one.distance.now:.1%} {one.compared.now}"


def _with_remedy(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Says at the first refusal of each comparison what to do: no schema could accept it."""
    found, told = [], set()
    for m in measurements:
        side = _side(m)
        if m.gates and m.status is Status.FAILED and side not in told:
            told.add(side)
            remedy = f"Where that is wanted, run once with --set data_gate.policy.{side}=warn"
            m = replace(m, detail=f"{m.detail}. {remedy}")  # noqa: PLW2901
        found.append(m)
    return found


def _summaries(asked: Sequence[Asked], level: float, number: int) -> list[Measurement]:
    """What was asked of each pair of splits, and what its rows could show."""
    found = []
    for compared in dict.fromkeys(one.compared for one in asked):
        mine = [one for one in asked if one.compared is compared]
        columns = {one.column for one in mine}
        counted = number if not compared.is_chance else len(asked) - number
        ends = [
            distances.smallest_shown(one.limit, level / max(counted, 1), one.old, one.new)
            for one in mine
            if one.what in (NUMBERS, CATEGORIES)
        ]
        detail = (
            f"{len(mine)} questions of {len(columns)} columns, {compared.split} against {compared.before.removeprefix('in ')}; "
            f"all {counted} of this run together refuse honest data at most once in {1 / level:.0f} runs. "
            + (f"The smallest distance that these rows could show is {min(ends):.3g}." if ends and min(ends) < 1 else
               "These rows are too few to show any distance.")
        )  # fmt: skip
        if compared.is_chance:
            detail += " The split was drawn by our own hash, so what differs differs by chance; it is reported and does not gate."
        found.append(
            Measurement(compared.side, compared.split, Status.PASSED, rows=compared.new.rows, reason="summary", detail=detail, gates=False)
        )  # fmt: skip
    return found
