"""The settings file that `init` writes: what is known stands as values, what a person must decide as comments."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sluicegate.proposed_split import split_section
from sluicegate.yaml_scalar import scalar

if TYPE_CHECKING:
    from components.example_gen.core import Column, Source, TableProfile
    from components.example_gen.split_proposal import SplitProposal

#: As components/example_gen/proposal.py words them: "columns.ids: customer, because ...".
_LIST = re.compile(r"^(?:columns|data)\.(?P<key>leave_out|ids): (?P<column>.+?), because (?P<why>.+)$")
_KIND = re.compile(r"^columns\.kinds\.(?P<column>.+?): (?P<kind>\w+), because (?P<why>.+)$")
#: Without any value a column cannot be used, so leaving it out is no matter of taste.
_EMPTY = "no row has a value."
_SLICE_VALUES = range(2, 9)
#: Words in names of columns that often tell groups of people apart.
_PEOPLE = re.compile(r"\b(sex|gender|race|ethnic\w*|age|religion|nationality|disab\w*|marital\w*)\b", re.IGNORECASE)
_EXAMPLE_LIMITS = {"binary": ("auc", 0.8), "multiclass": ("accuracy", 0.8), "regression": ("r2", 0.5)}


def proposed_settings(
    name: str, source: Source, profile: TableProfile, found: tuple[Sequence[str], SplitProposal], schema: str
) -> str:
    """The text of a settings file that can be loaded and run as it is.

    found : the sentences of components.example_gen.core.propose, and what core.propose_split says.
    """
    suggestions, split = found
    rows = sum(profile.rows.values())
    lines = [
        f"# Proposed by `sluicegate init` from {source.path} ({rows:,} rows). Read it and change it: it is yours now.",
        "# `sluicegate settings` explains every key; what is not here has its default.",
        "settings_version: 1",
        f"name: {name}",
        "",
        *_data(source),
        *_label(source, profile),
        *split_section(profile, split),
        *_columns(suggestions, source.ids),
        "# The contract the data must meet, proposed from this table; read it before you trust it.",
        f"schema: {scalar(schema)}",
        "",
        *_evaluation(profile),
        *_quality_gate(profile),
        "",
        *_fairness(profile),
    ]
    return "\n".join(lines) + "\n"


def _data(source: Source) -> list[str]:
    lines = ["data:", f"  path: {scalar(source.path)}"]
    lines += [f"  delimiter: {json.dumps(source.delimiter)}"] if source.delimiter != "," else []
    lines += [f"  encoding: {scalar(source.encoding)}"] if source.encoding != "utf-8" else []
    return lines


def _label(source: Source, profile: TableProfile) -> list[str]:
    lines = ["label:", f"  column: {scalar(source.label)}"]
    if profile.roles.positive is not None:
        negative = profile.roles.classes[0]
        positive = scalar(profile.roles.positive)
        lines.append(f"  positive: {positive}   # the class whose score is given; the other is {scalar(negative)}")
    return [*lines, f"task: {profile.roles.task}", ""]


def _columns(suggestions: Sequence[str], ids: Sequence[str]) -> list[str]:
    """Empty columns are left out, and the split's key is an id; everything else is for a person to decide."""
    lists = [match for match in map(_LIST.match, suggestions) if match]
    kinds = [match for match in map(_KIND.match, suggestions) if match]
    other = [s for s in suggestions if not _LIST.match(s) and not _KIND.match(s)]
    empty = [m["column"] for m in lists if m["key"] == "leave_out" and m["why"] == _EMPTY]
    lines = ["columns:" if empty or ids else "# columns:"]
    if empty:
        lines.append(f"  leave_out: [{', '.join(map(scalar, empty))}]   # no row has a value")
    if ids:
        lines.append(
            f"  ids: [{', '.join(map(scalar, ids))}]   # the key of the split: no model can learn from a key it never sees again"
        )
    for key, already in (("leave_out", empty), ("ids", list(ids))):
        lines += _one_list(key, already, [m for m in lists if m["key"] == key and m["column"] not in empty])
    lines += ["#   kinds:"] if kinds else []
    lines += [f"#     {scalar(m['column'])}: {m['kind']}   # {m['why']}" for m in kinds]
    lines += [f"# {sentence}" for sentence in other]
    if lines == ["# columns:"]:
        lines.append("#   leave_out: [a_column]   # columns that a model must not see")
    return [*lines, ""]


def _one_list(key: str, already: Sequence[str], found: Sequence[re.Match[str]]) -> list[str]:
    """One line to take over as it is, because a key may stand only once; then each column's reason."""
    if not found:
        return []
    names = [*already, *(match["column"] for match in found)]
    instead = "   # in place of the line above" if already else ""
    reasons = [f"#     {match['column']}: {match['why']}" for match in found]
    return [f"#   {key}: [{', '.join(map(scalar, names))}]{instead}", *reasons]


def _evaluation(profile: TableProfile) -> list[str]:
    groups = [column.name for column in profile.features if _makes_groups(column)][:3]
    if not groups:
        return ["# evaluation:", "#   slices: [[a_column]]   # groups of rows that are measured by themselves", ""]
    lines = ["# Groups of rows that are measured by themselves; take those that matter to the people in your data."]
    return [*lines, "# evaluation:", "#   slices:", *(f"#     - [{scalar(name)}]" for name in groups), ""]


def _makes_groups(column: Column) -> bool:
    return column.kind == "category" and column.distinct in _SLICE_VALUES


def _quality_gate(profile: TableProfile) -> list[str]:
    metric, value = _EXAMPLE_LIMITS[profile.roles.task]
    return [
        "# A model must beat the constant guess to be released, and must not be shown to be worse than the one in production.",
        "quality_gate:",
        "  limits:",
        f"    - metric: {metric}",
        "      max_drop: 0.01     # against the model in production, on the same rows",
        f"      # at_least: {value}    # what your use of it demands; judged by an interval (docs/quality-gate.md)",
    ]


def _fairness(profile: TableProfile) -> list[str]:
    """Off, and said so: which groups of people a model may not be worse for is nobody's guess but yours."""
    found = [c for c in profile.columns if c.role in ("feature", "id") and _PEOPLE.search(c.name.replace("_", " "))]
    likely = [
        f"{{column: {scalar(c.name)}, bins: [25, 40, 60]}}" if c.kind == "number" else scalar(c.name) for c in found
    ]
    names = ", ".join(likely) or "a_column"
    first = scalar(next((c.name for c in found if c.kind != "number"), found[0].name if found else "a_column"))
    measure = "error_difference" if profile.roles.task == "regression" else "equal_opportunity_difference"
    return [
        "# No group of rows is compared with another, and the release gate records that you said so.",
        "fairness: off",
        "# In its place, if your rows stand for people (docs/fairness.md):",
        "# fairness:",
        f"#   sensitive: [{names}]",
        "#   limits:",
        f"#     - measure: {measure}",
        f"#       of: [{first}]",
        "#       at_most: 0.1",
    ]
