"""All verdicts, one decision: may this model be pushed?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace

from schemas import refusals
from schemas.errors import Problem, SettingsError
from schemas.gates import RELEASE_GATE
from schemas.refusals import NOT_CONFIGURED, OVERRIDDEN, UNKNOWN_ALLOWED
from schemas.verdict import Measurement, Status, Verdict, judge

#: Reasons of an UNKNOWN that is no refusal: there was nothing to judge, or nothing to judge it by.
NOT_TO_OVERRIDE = (NOT_CONFIGURED, "no_limits", "no_rows")
#: File names and property values by which TFX's Evaluator blesses and its Pusher obeys.
FILE_NAMES = {True: "BLESSED", False: "NOT_BLESSED"}
BLESSED_PROPERTY = "blessed"


@dataclass(frozen=True)
class Allowances:
    """Names of gates that may fail to decide.

    unknown : their UNKNOWN passes.  not_configured : they may be missing.
    """

    unknown: tuple[str, ...] = ()
    not_configured: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, text: str) -> Allowances:
        """Reads {"unknown": [...], "not_configured": [...]}; "" allows nothing. Raises SettingsError for other keys."""
        content = json.loads(text or "{}")
        known = [f.name for f in fields(cls)]
        wrong = [
            Problem("allow_unknown_json", repr(key), " or ".join(known), "Correct the key.")
            for key in content
            if key not in known
        ]
        if wrong:
            raise SettingsError("The release gate's allowances are wrong.", *wrong)
        return cls(**{key: tuple(value) for key, value in content.items()})


@dataclass(frozen=True)
class Override:
    """A refusal that a person lets pass.  by : who.  reason : why."""

    gate: str
    by: str
    reason: str

    @property
    def setting(self) -> str:
        return f"overrides ({self.gate})"


def overrides_from(text: str) -> tuple[Override, ...]:
    """Reads settings.Override's JSON: a list of {"gate": ..., "by": ..., "reason": ...}."""
    return tuple(Override(**one) for one in json.loads(text or "[]"))


def decide(
    verdicts: Mapping[str, Verdict | None], allow: Allowances = Allowances(), overrides: Sequence[Override] = ()
) -> Verdict:
    """The release gate's verdict, with one measurement per gate.

    verdicts : by the gate's name; None where the gate is not configured.
    """
    by_gate = {one.gate: one for one in overrides}
    measurements = [_overridden(_measure(n, v, allow), by_gate.get(n)) for n, v in verdicts.items()]
    bootstrap = any(verdict is not None and verdict.bootstrap for verdict in verdicts.values())
    allowed = {
        "unknown": allow.unknown,
        "not_configured": allow.not_configured,
        "overrides": [asdict(one) for one in overrides],
    }
    return judge(RELEASE_GATE, measurements, bootstrap=bootstrap, settings=allowed)


def used(verdict: Verdict) -> tuple[str, ...]:
    """What the release gate let pass by overrides, a sentence each."""
    return tuple(m.detail for m in refusals.overrides([verdict]))


def _overridden(m: Measurement, override: Override | None) -> Measurement:
    """A gate that broke, or that judged nothing, said nothing that a person could overrule."""
    if override is None or m.status not in (Status.FAILED, Status.UNKNOWN):
        return m
    if m.reason in NOT_TO_OVERRIDE:
        told = f"The override by {override.by} does not apply: it lets a refusal pass, and {m.name} judged nothing ({m.reason})."
        return replace(m, detail=f"{m.detail} {told}".strip(), setting=override.setting)
    detail = f"{m.name} said {m.status.value}; {override.by} lets it pass: {override.reason} (It said: {m.detail})"
    return replace(m, status=Status.PASSED, reason=OVERRIDDEN, detail=detail, setting=override.setting)


def _measure(name: str, verdict: Verdict | None, allow: Allowances) -> Measurement:
    if verdict is None:
        return _missing(name, name in allow.not_configured)
    if verdict.status is Status.UNKNOWN and name in allow.unknown:
        detail = f"{name} cannot tell; the settings let that pass. {_summary(verdict)}"
        return Measurement(
            name, "overall", Status.PASSED, reason=UNKNOWN_ALLOWED, detail=detail, setting="allow.unknown"
        )
    reason = "" if verdict.passed else (verdict.reason or f"gate_{verdict.status.value.lower()}")
    return Measurement(name, "overall", verdict.status, reason=reason, detail=_summary(verdict))


def _missing(name: str, allowed: bool) -> Measurement:
    if allowed:
        detail = f"{name} is not configured, and the settings allow that."
        return Measurement(
            name, "overall", Status.PASSED, reason=NOT_CONFIGURED, detail=detail, setting="allow.not_configured"
        )
    detail = f"{name} is not configured, and no setting allows that."
    return Measurement(name, "overall", Status.UNKNOWN, reason=NOT_CONFIGURED, detail=detail)


def _summary(verdict: Verdict) -> str:
    """One sentence: the worst measurement, and how many more there are."""
    refusals = verdict.refusals
    if not refusals:
        return verdict.detail or f"{len(verdict.measurements)} measurements, none refuses."
    first = refusals[0]
    more = f" (and {len(refusals) - 1} more)" if len(refusals) > 1 else ""
    return f"{first.name}, {first.slice}: {first.detail or first.reason}{more}"
