"""The `split` section of the settings that `init` writes: the rule, why it is so, and what a person may choose instead."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from sluicegate_cli.yaml_scalar import scalar

if TYPE_CHECKING:
    from sluicegate.tables.inspecting import TableProfile
    from sluicegate.tables.proposal.split_proposal import SplitProposal

WIDTH = 120


def split_section(profile: TableProfile, proposed: SplitProposal) -> list[str]:
    """Lines of YAML with comments (docs/splits.md)."""
    rule, rows = proposed.rule, ", ".join(f"{split} {count:,}" for split, count in profile.rows.items())
    lines = [f"# Rows per split as they fall now: {rows}. What this rule means, and what moves a row: docs/splits.md."]
    lines += [line for sentence in proposed.why for line in _comment(sentence)]
    lines.append("split:")
    lines += [f"  key: {scalar(rule.key[0])}"] if rule.key else []
    lines += [f"  repeats: {rule.repeats}"] if rule.repeats else []
    lines += _columns(rule.columns)
    for key, value, why in (*proposed.perhaps, *_time(profile)):
        lines += [f"#   {key}: {scalar(value)}", *_comment(why, "#     ")]
    return [*lines, ""]


def _comment(sentence: str, before: str = "# ") -> list[str]:
    return [before + line for line in textwrap.wrap(sentence, WIDTH - len(before), break_long_words=False)]


def _columns(names: tuple[str, ...]) -> list[str]:
    """One flow list over as many lines as it takes."""
    why = "  # Hashed in this order; write a column that is renamed by its new name in its old place, and no row moves."
    listed = [f"{scalar(name)}," for name in names]
    lines, line = [], ""
    for one in listed:
        if line and len(line) + len(one) > WIDTH - 6:
            lines.append(f"    {line.rstrip()}")
            line = ""
        line += f"{one} "
    last = [f"    {line.rstrip().rstrip(',')}"] if line else []
    return [why, "  columns: [", *lines, *last, "  ]"]


def _time(profile: TableProfile) -> list[tuple[str, str, str]]:
    dates = [column.name for column in profile.columns if column.kind == "date"]
    why = "in place of the rest, if the model is to predict what comes later: the newest rows are then the test"
    return [("by_time", name, why) for name in dates[:1]]
