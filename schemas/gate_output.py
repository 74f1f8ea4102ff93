"""How a gate leaves its verdict behind: the file for people and reports, the properties for conditions."""

from __future__ import annotations

from typing import Protocol

from schemas import verdict as verdicts
from schemas.verdict import Verdict


class VerdictArtifact(Protocol):
    """The part of TFX's Artifact that is needed, so that nobody imports TFX for it."""

    uri: str

    def set_int_custom_property(self, key: str, value: int) -> None: ...

    def set_string_custom_property(self, key: str, value: str) -> None: ...


def leave(verdict: Verdict, artifact: VerdictArtifact) -> None:
    """Writes `verdict.json` into the artifact's folder; sets its properties `passed` (1 or 0) and `status`."""
    verdicts.write(verdict, artifact.uri)
    artifact.set_int_custom_property("passed", int(verdict.passed))
    artifact.set_string_custom_property("status", verdict.status.value)
