"""The gates, in the order in which they are asked. A new one is a folder and a line here: docs/adding-a-gate.md."""

from __future__ import annotations

from collections.abc import Iterator

from components.data_gate import gate as data_gate
from components.explanation_report import gate as explanation_report
from components.fairness_report import gate as fairness_report
from components.infra_validator import gate as infra_validator
from components.quality_gate import gate as quality_gate
from schemas.gates import Gate

GATES: tuple[Gate, ...] = (
    data_gate.GATE,
    quality_gate.GATE,
    fairness_report.GATE,
    explanation_report.GATE,
    infra_validator.GATE,
)


def guard() -> Gate:
    """The gate that everything after it waits for."""
    [found] = [gate for gate in GATES if gate.guards]
    return found


def behind_the_guard() -> Iterator[Gate]:
    return (gate for gate in GATES if not gate.guards)


def in_pipeline(gate: Gate, settings: object) -> bool:
    """Whether these settings have the gate's step: not where its section says `enabled: false`.

    settings : pipeline.settings.types.Settings, which stand above this module because they know which gates may be overridden.
    """
    return bool(getattr(section(gate, settings), "enabled", True))


def is_repeatable(gate: Gate, settings: object) -> bool:
    """Whether its step may answer from the cache."""
    return bool(getattr(section(gate, settings), "is_repeatable", True))


def section(gate: Gate, settings: object) -> object:
    """The gate's section of the settings; None for a gate without one."""
    return getattr(settings, gate.settings) if gate.settings else None
