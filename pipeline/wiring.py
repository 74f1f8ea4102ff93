"""A gate's step, made and wired as its declaration says (schemas/gates.py)."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pipeline.lint import GraphError
from pipeline.settings.declaration import Section
from pipeline.settings.types import Settings
from schemas.declared import Declared
from schemas.document import to_text
from schemas.errors import Problem
from schemas.gates import Gate
from schemas.names import did_you_mean, listed

Nodes = dict[str, Any]
#: Where a declaration names the first, the second takes its place if the settings name a schema.
SCHEMA_STEPS = ("SchemaGen", "ImportSchemaGen")


def add_gate(nodes: Nodes, gate: Gate, settings: Settings, known: Mapping[str, str]) -> None:
    """Puts the gate's step among `nodes`.

    known : what a gate may be handed besides the settings, by name.
    Raises GraphError where the declaration names an output or a setting that is not there.
    """
    # By name, so that a declaration is read without TFX: --plan, the settings and the command line read it, too.
    component = getattr(importlib.import_module(gate.module), gate.step)
    inputs = {name: _output(nodes, gate, name) for name in gate.needs}
    parameters = {name: _parameter(gate, name, settings, known) for name in gate.parameters}
    nodes[gate.step] = component(**inputs, **parameters).with_id(gate.step)


def _output(nodes: Nodes, gate: Gate, name: str) -> Any:
    step, _, output = gate.needs[name].partition(".")
    if step == SCHEMA_STEPS[0]:
        step = next(name for name in reversed(SCHEMA_STEPS) if name in nodes)
    if step in nodes and output in nodes[step].outputs:
        return nodes[step].outputs[output]
    there = [f"{name}.{key}" for name, node in nodes.items() for key in node.outputs]
    remedy = f"only steps before it count: {listed(there)}"
    raise _wrong(f"{gate.step}, needs[{name!r}]", gate.needs[name], "Step.output of a step before it",
                 did_you_mean(gate.needs[name], there, remedy))  # fmt: skip


def _parameter(gate: Gate, name: str, settings: Settings, known: Mapping[str, str]) -> str | int | float:
    """JSON where the setting is no plain value."""
    key = gate.parameters[name]
    if key in known:
        return known[key]
    found: Any = settings
    for part in key.split("."):
        if not hasattr(found, part):
            remedy = did_you_mean(part, [*_keys(found), *known], "see docs/settings.md for the keys")
            raise _wrong(f"{gate.step}, parameters[{name!r}]", key, "a key of the settings", remedy)
        found = getattr(found, part)
    if isinstance(found, Section):
        return found.model_dump_json()
    if isinstance(found, Declared):
        return to_text(found)
    return found if isinstance(found, str | int | float) else json.dumps(found)


def _keys(section: Any) -> list[str]:
    if is_dataclass(section):
        return [field.name for field in fields(section)]
    return list(type(section).model_fields) if isinstance(section, Section) else []


def _wrong(place: str, got: str, allowed: str, remedy: str) -> GraphError:
    return GraphError("A gate's declaration names what is not there.", Problem(place, repr(got), allowed, remedy))
