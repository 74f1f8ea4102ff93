"""The verdict: what a gate measured, against which limit, and whether the release may go on.

A gate succeeds and writes `verdict.json`; the consumer refuses (docs/adr/0003-gates-succeed.md).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from schemas.document import Document

FILE_NAME = "verdict.json"
FORMAT_VERSION = 1


class Status(enum.StrEnum):
    """Only PASSED lets a release go on."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"  # cannot tell: too few rows, no baseline, NaN
    ERROR = "ERROR"  # the measurement itself broke


#: The run takes the worst of its parts.
SEVERITY = (Status.PASSED, Status.UNKNOWN, Status.FAILED, Status.ERROR)


def worst(statuses: Iterable[Status]) -> Status:
    """The worst status; UNKNOWN when there is none, because nothing measured is not a pass.

    >>> worst([Status.PASSED, Status.UNKNOWN]).value
    'UNKNOWN'
    >>> worst([]).value
    'UNKNOWN'
    """
    return max(statuses, key=SEVERITY.index, default=Status.UNKNOWN)


@dataclass(frozen=True)
class Measurement:
    """One value against one limit.

    name : metric or anomaly, e.g. "auc".
    slice : "overall" or "sex=Female, race=White"; for data gates the split and column: "train: age".
    value : in `unit`; None when it could not be measured, and then `reason` says why.
    low, high : ends of the interval, or None: 95 %, or at the level that a gate shares among its questions.
    limit, direction : the bound and the side it stands on: value must be "at least" or "at most" the limit.
    rows : number of rows the value was computed from.
    baseline : the released model's value on the same rows, or None.
    reason : a code for machines ("below_limit", "too_few_rows", "bootstrap", ...).
    detail : one sentence for people.
    setting : the settings key that judged it ("quality_gate.limits.0.at_least").
    gates : False for what is reported and cannot refuse.
    """

    name: str
    slice: str
    status: Status
    value: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    direction: str = ""
    unit: str = ""
    rows: int | None = None
    baseline: float | None = None
    reason: str = ""
    detail: str = ""
    setting: str = ""
    gates: bool = True


@dataclass(frozen=True)
class Verdict:
    """What a gate says, with everything it measured and the settings that judged it.

    bootstrap : True where "first model ever" stood in for a comparison with a released model.
    """

    gate: str
    status: Status
    measurements: tuple[Measurement, ...] = ()
    reason: str = ""
    detail: str = ""
    bootstrap: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.status is Status.PASSED

    @property
    def refusals(self) -> tuple[Measurement, ...]:
        """The gating measurements that did not pass, worst first."""
        bad = [m for m in self.measurements if m.gates and m.status is not Status.PASSED]
        return tuple(sorted(bad, key=lambda m: -SEVERITY.index(m.status)))


def judge(gate: str, measurements: Iterable[Measurement], **more: Any) -> Verdict:
    """The verdict of a gate: the worst of its gating measurements.

    >>> judge("g", [Measurement("auc", "overall", Status.FAILED, gates=False)]).status.value
    'UNKNOWN'
    """
    measurements = tuple(measurements)
    return Verdict(gate, worst(m.status for m in measurements if m.gates), measurements, **more)


def judge_letting_unknown_pass(gate: str, measurements: Iterable[Measurement], setting: str, **more: Any) -> Verdict:
    """As `judge`, but what cannot be told passes, because `setting` says so; the reason records it.

    >>> unknown = Measurement("auc", "overall", Status.UNKNOWN)
    >>> found = judge_letting_unknown_pass("g", [unknown], "g.unknown_passes")
    >>> found.status.value, found.reason
    ('PASSED', 'unknown_passes')
    """
    verdict = judge(gate, (_not_gating(m, setting) for m in measurements), **more)
    let_pass = any(m.status is Status.UNKNOWN for m in verdict.measurements)
    if verdict.status not in (Status.PASSED, Status.UNKNOWN) or not let_pass:
        return verdict
    return replace(verdict, status=Status.PASSED, reason="unknown_passes")


def _not_gating(m: Measurement, setting: str) -> Measurement:
    if m.status is not Status.UNKNOWN or not m.gates:
        return m
    return replace(m, gates=False, detail=f"{m.detail} The setting {setting} lets it pass.".strip())


FILE = Document(Verdict, FILE_NAME, FORMAT_VERSION, derived=("passed",), indent=1)
to_json, from_json, write, read = FILE.to_json, FILE.from_json, FILE.write, FILE.read
