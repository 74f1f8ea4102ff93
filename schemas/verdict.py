"""The verdict: what a gate measured, against which limit, and whether the door opens.

A gate succeeds and writes `verdict.json`; the consumer refuses (docs/adr/0003-gates-succeed.md).
"""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FILE_NAME = "verdict.json"
FORMAT_VERSION = 1


class Status(enum.StrEnum):
    """Only PASSED opens the door."""

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
    low, high : ends of the 95 % interval, or None.
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


def to_json(verdict: Verdict) -> str:
    """JSON without NaN or infinity: a value that is not finite is written as null."""
    content = {"format_version": FORMAT_VERSION, **asdict(verdict)}
    content["passed"] = verdict.passed
    return json.dumps(_finite(content), indent=1, ensure_ascii=False, allow_nan=False)


def from_json(text: str) -> Verdict:
    """Reads what `to_json` wrote. Raises ValueError for another format version."""
    content = json.loads(text)
    if content.pop("format_version", None) != FORMAT_VERSION:
        raise ValueError(f"verdict.json is not of format version {FORMAT_VERSION}")
    content.pop("passed", None)
    measurements = tuple(Measurement(**{**m, "status": Status(m["status"])}) for m in content.pop("measurements"))
    return Verdict(**{**content, "status": Status(content["status"]), "measurements": measurements})


def write(verdict: Verdict, folder: str | Path) -> Path:
    """Writes `verdict.json` into `folder` (made if missing) and returns its path."""
    path = Path(folder) / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_json(verdict), encoding="utf-8")
    return path


def read(folder: str | Path) -> Verdict:
    """Reads the `verdict.json` in `folder`. Raises FileNotFoundError, ValueError."""
    return from_json((Path(folder) / FILE_NAME).read_text(encoding="utf-8"))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return value
