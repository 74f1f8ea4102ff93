"""Settings that contradict each other or the table's columns."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.errors import Problem
from schemas.names import listed, those_there
from schemas.table import KINDS
from sluicegate.tables.source import FORMATS, REPEATS, SOURCE_TASKS, Source


def settings_problems(source: Source) -> list[Problem]:
    """What is wrong before the table is looked at."""
    rule, problems = source.split, []
    if source.format not in FORMATS:
        problems.append(Problem("data.format", repr(source.format), ", ".join(FORMATS), "name one of them"))
    if source.task not in SOURCE_TASKS:
        problems.append(Problem("task", repr(source.task), ", ".join(SOURCE_TASKS), "name one of them"))
    parts = (rule.train, rule.eval, rule.test)
    if not all(0 < part < 1 for part in parts) or abs(sum(parts) - 1) > 1e-6:
        problems.append(
            Problem(
                "split",
                f"train {rule.train:g}, eval {rule.eval:g}, test {rule.test:g}",
                "three shares above 0 that sum to 1",
                "correct the shares",
            )
        )
    if rule.repeats not in (None, *REPEATS):
        problems.append(Problem("split.repeats", repr(rule.repeats), " or ".join(REPEATS), "name one of them"))
    if rule.column and rule.folders:
        problems.append(Problem("split", "both a column and folders", "one of the two", "drop one"))
    problems += [
        Problem(f"data.columns.kinds.{name}", repr(kind), ", ".join(KINDS), "name one of them")
        for name, kind in source.kinds.items()
        if kind not in KINDS
    ]
    return problems


def name_problems(source: Source, names: Sequence[str]) -> list[Problem]:
    """Columns that the settings name and the table lacks, with the nearest name; the label first."""
    rule = source.split
    wanted = [
        ("label", source.label),
        *([("columns.weight", source.weight)] if source.weight else []),
        *(("columns.ids", name) for name in source.ids),
        *(("columns.leave_out", name) for name in source.leave_out),
        *(("data.columns.kinds", name) for name in source.kinds),
        *(("columns.dates", name) for name in source.dates),
        *(("columns.numbers", name) for name in source.numbers),
        *(("columns.types", name) for name in source.types),
        *([("split.column", rule.column)] if rule.column else []),
        *(("split.key", name) for name in rule.key),
        *(("split.columns", name) for name in rule.columns),
        *([("split.by_time", rule.by_time)] if rule.by_time else []),
    ]
    return [
        Problem(f"{place}: {name!r}", "no such column in the table", those_there(name, names), _remedy_of_name(place))
        for place, name in wanted
        if name not in names
    ]


def _remedy_of_name(place: str) -> str:
    if place == "split.columns":
        return (
            "if it was renamed, write its new name in the same place of the list, and every row stays in its split; if it is "
            "gone, take it out of the list: all rows are then dealt anew"
        )
    return "correct the name" if place != "columns.leave_out" else "correct the name, or drop it from the list"


def role_problems(source: Source, names: Sequence[str]) -> list[Problem]:
    """Columns with two roles, and a table in which nothing is left to learn from."""
    roles: dict[str, set[str]] = {
        "label": {source.label},
        "columns.weight": {source.weight} if source.weight else set(),
        "columns.ids": set(source.ids),
        "columns.leave_out": set(source.leave_out),
        "split.column": {source.split.column} if source.split.column else set(),
    }
    problems = []
    places = list(roles)
    for number, place in enumerate(places):
        for other in places[number + 1 :]:
            # Leaving out the split column changes nothing, since it is dropped anyway.
            both = roles[place] & roles[other] if {place, other} != {"columns.leave_out", "split.column"} else set()
            problems += [
                Problem(
                    f"{place} and {other}",
                    f"column {name!r} in both",
                    "one role per column",
                    f"drop it from {other if other != 'split.column' else place}",
                )
                for name in sorted(both)
            ]
    left = [name for name in names if not any(name in taken for taken in roles.values())]
    if not left and source.label in names:
        problems.append(
            Problem(
                source.path,
                f"columns {listed(names)}: none left to learn from",
                "at least one column besides label, weight, ids, split and leave_out",
                "keep a column",
            )
        )
    return problems
