"""Which gates refused a model, and which did not pass and stood aside: decided here, from the verdicts alone.

ReleaseGate's measurements, one per gate it asked, say it; the reasons that it records for letting a gate pass stand here, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.gates import RELEASE_GATE
from schemas.records import RunResult
from schemas.verdict import Measurement, Verdict

#: Why a gate that did not say PASSED stands aside: a person overruled it, the settings let it pass, or have no such step.
OVERRIDDEN, UNKNOWN_ALLOWED, NOT_CONFIGURED = "overridden", "unknown_allowed", "not_configured"


@dataclass(frozen=True)
class Standing:
    """Every verdict that is not PASSED, in one of these; each in the order of the steps.

    refused : kept the model from being released; the release gate itself only where it speaks for no other.
    undecided : did not pass, and the run broke before anybody asked.
    overridden : a person let the refusal pass.  allowed : the settings did.
    unasked : no release depends on it.
    """

    refused: tuple[Verdict, ...] = ()
    undecided: tuple[Verdict, ...] = ()
    overridden: tuple[Verdict, ...] = ()
    allowed: tuple[Verdict, ...] = ()
    unasked: tuple[Verdict, ...] = ()

    @property
    def beside(self) -> tuple[Verdict, ...]:
        """What did not pass, and refused nothing."""
        return (*self.undecided, *self.overridden, *self.allowed, *self.unasked)

    @property
    def did_not_pass(self) -> tuple[Verdict, ...]:
        """What stands in the way, as far as the run came."""
        return (*self.refused, *self.undecided)


def standing_of(result: RunResult) -> Standing:
    """Where each gate of a finished run stands."""
    return standing(result.verdict, result.gates)


def standing(verdict: str, gates: Sequence[Verdict]) -> Standing:
    """Where each gate stands.

    verdict : the run's: without a word of the release gate, a REFUSED run ended at the gate that guards the training.
    """
    release = released_by(gates)
    closed = tuple(gate for gate in gates if not gate.passed and gate.gate != RELEASE_GATE)
    if release is None:
        return Standing(refused=closed) if verdict == "REFUSED" else Standing(undecided=closed)
    asked = {m.name: m for m in release.measurements}
    refusals = {m.name for m in release.refusals}
    refused = tuple(gate for gate in closed if gate.gate in refusals)
    aside = [gate for gate in closed if gate.gate in asked and gate.gate not in refusals]
    return Standing(
        refused=refused or (() if release.passed else (release,)),
        overridden=tuple(gate for gate in aside if asked[gate.gate].reason == OVERRIDDEN),
        allowed=tuple(gate for gate in aside if asked[gate.gate].reason != OVERRIDDEN),
        unasked=tuple(gate for gate in closed if gate.gate not in asked),
    )


def released_by(gates: Sequence[Verdict]) -> Verdict | None:
    """The release gate's verdict; None where the run did not come so far."""
    return next((gate for gate in gates if gate.gate == RELEASE_GATE), None)


def overrides(gates: Sequence[Verdict]) -> tuple[Measurement, ...]:
    """What the release gate let pass because a person said so; `detail` says who and why."""
    release = released_by(gates)
    return tuple(m for m in release.measurements if m.reason == OVERRIDDEN) if release else ()


def is_asked(gates: Sequence[Verdict], gate: str) -> bool:
    """Whether a release depends on that gate; True where the release gate never came to say whom it asks."""
    release = released_by(gates)
    return release is None or gate == RELEASE_GATE or any(m.name == gate for m in release.measurements)
