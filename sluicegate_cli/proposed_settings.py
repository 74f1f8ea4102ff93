"""The settings file that `init` writes: what is known stands as values, what a person must decide as comments."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

from sluicegate_cli.proposed_columns import columns_section
from sluicegate_cli.proposed_people import fairness_section
from sluicegate_cli.proposed_split import split_section
from sluicegate_cli.what_it_settles import settles
from sluicegate_cli.yaml_scalar import scalar

if TYPE_CHECKING:
    from sluicegate.tables.inspecting import Column, TableProfile
    from sluicegate.tables.proposal.advice import Advice
    from sluicegate.tables.proposal.proposal import Proposal

_SLICE_VALUES = range(2, 9)
_EXAMPLE_LIMITS = {"binary": ("auc", 0.8), "multiclass": ("accuracy", 0.8), "regression": ("r2", 0.5)}


def proposed_settings(name: str, found: Proposal, schema: str) -> str:
    """The text of a settings file that can be loaded and run as it is.

    found : what components.example_gen.core.propose says of the table.  schema : path of the schema beside it.
    """
    source, profile = found.source, found.profile
    rows = sum(profile.rows.values())
    lines = [
        f"# Proposed by `sluicegate init` from {source.path} ({rows:,} rows). Read it and change it: it is yours now.",
        "# `sluicegate settings` explains every key; docs/your-table.md says how a table is read. What is not here has its default.",
        "settings_version: 1",
        f"name: {name}",
        "",
        *_data(found),
        *_label(found),
        *split_section(profile, found.split),
        *columns_section(found.advice),
        "# The contract the data must meet, proposed from this table; read it before you trust it.",
        f"schema: {scalar(schema)}",
        "",
        *_evaluation(profile),
        *(f"# {said}" for said in settles(profile)),
        *_quality_gate(profile),
        "",
        *fairness_section(profile),
        "",
        "# What was found and decided; each run says it again, `sluicegate init --check` without a run:",
        *(
            line
            for note in profile.notes
            for line in textwrap.wrap(note, 118, initial_indent="# - ", subsequent_indent="#   ")
        ),
    ]
    return "\n".join(lines) + "\n"


def _data(found: Proposal) -> list[str]:
    source = found.source
    lines = ["data:", f"  path: {scalar(source.path)}"]
    lines += [f"  delimiter: {json.dumps(source.delimiter)}"] if source.delimiter != "," else []
    lines += [f"  encoding: {scalar(source.encoding)}"] if source.encoding != "utf-8" else []
    lines += [f"  escape: {json.dumps(source.escape)}   # before quotation marks inside cells"] if source.escape else []
    for one in found.advice:
        if one.key == "data.missing" and one.active:
            lines += [f"  # {why}" for why in one.why.split("; ")]
            lines.append(f"  missing: [{', '.join(map(json.dumps, one.value))}]")
        elif one.key == "data.missing":
            lines += [f"  # {one.why}", f"  # missing: [{', '.join(map(json.dumps, _list_of(one, found)))}]"]
    return lines


def _list_of(one: Advice, found: Proposal) -> list[str]:
    """The whole list that a piece of advice comes to: a column's words come on top of those in force."""
    return list(dict.fromkeys([*found.source.missing, *one.value] if one.column else one.value))


def _label(found: Proposal) -> list[str]:
    source, profile = found.source, found.profile
    lines = ["label:", f"  column: {scalar(source.label)}"]
    if profile.roles.positive is not None:
        negative = profile.roles.classes[0]
        positive = scalar(profile.roles.positive)
        lines.append(f"  positive: {positive}   # the class whose score is given; the other is {scalar(negative)}")
    lines += [f"  missing: drop   # {one.why}" for one in found.advice if one.key == "label.missing"]
    why = "".join(f"   # {one.why}" for one in found.advice if one.key == "task")
    return [*lines, f"task: {profile.roles.task}{why}", ""]


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
