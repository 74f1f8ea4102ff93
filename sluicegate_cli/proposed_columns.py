"""The `columns` section of the settings that `init` writes: roles and readings, each with its reason."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sluicegate_cli.yaml_scalar import scalar

if TYPE_CHECKING:
    from sluicegate.tables.proposal.advice import Advice

WIDTH = 120
_LISTS = ("leave_out", "ids")
_MAPS = ("numbers", "dates", "kinds")


def columns_section(advice: Sequence[Advice]) -> list[str]:
    """Lines of YAML: what is active as values, what a person must decide as comments to take over."""
    found = [one for one in advice if one.key.startswith("columns.") and one.key != "columns.weight"]
    active = [one for one in found if one.active]
    lines = ["columns:" if active else "# columns:"]
    for key in _LISTS:
        lines += _list(key, [one for one in active if one.key == f"columns.{key}"])
    for key in _MAPS:
        lines += _map(key, [one for one in active if one.key == f"columns.{key}"])
    for key in _LISTS:
        lines += _to_consider(key, [one for one in found if one.key == f"columns.{key}"])
    for one in found:
        if not one.active and one.key.removeprefix("columns.") not in _LISTS:
            lines += _comment(one)
    lines += [f"#   weight: {scalar(one.column)}   # {one.why}" for one in advice if one.key == "columns.weight"]
    if lines == ["# columns:"]:
        lines.append("#   leave_out: [a_column]   # columns that a model must not see")
    return [*lines, ""]


def value_of(one: Advice) -> str:
    """What stands after the colon."""
    if one.key == "columns.numbers":
        thousands = f", thousands: {json.dumps(one.value.thousands)}" if one.value.thousands else ""
        return f"{{decimal: {json.dumps(one.value.decimal)}{thousands}}}"
    return scalar(str(one.value))


def _list(key: str, found: Sequence[Advice]) -> list[str]:
    if not found:
        return []
    reasons = [line for one in found for line in _wrapped(f"{one.column}: {one.why}", "  # ")]
    return [*reasons, f"  {key}: [{', '.join(scalar(one.column) for one in found)}]"]


def _to_consider(key: str, found: Sequence[Advice]) -> list[str]:
    """One line to take over as it is, because a key may stand only once; then each new column's reason."""
    more = [one for one in found if not one.active]
    if not more:
        return []
    names = ", ".join(scalar(one.column) for one in found)
    instead = "   # in place of the line above" if len(more) < len(found) else ""
    reasons = [line for one in more for line in _wrapped(f"{one.column}: {one.why}", "#     ")]
    return [f"#   {key}: [{names}]{instead}", *reasons]


def _map(key: str, found: Sequence[Advice]) -> list[str]:
    if not found:
        return []
    return [f"  {key}:", *(f"    {scalar(one.column)}: {value_of(one)}   # {one.why}" for one in found)]


def _comment(one: Advice) -> list[str]:
    key = one.key.removeprefix("columns.")
    return [f"#   {key}: {{{scalar(one.column)}: {value_of(one)}}}", *_wrapped(one.why, "#     ")]


def _wrapped(sentence: str, before: str) -> list[str]:
    return [before + line for line in textwrap.wrap(sentence, WIDTH - len(before), break_long_words=False)]
