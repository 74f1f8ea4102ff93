"""What a run came to, from its steps' records and the verdicts they wrote."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline import gates
from schemas import evidence, verdict
from schemas.gates import RELEASE_GATE
from schemas.records import State, StepRecord
from schemas.verdict import Verdict

VERDICT_TYPE = "schemas.GateVerdict"


def gates_of(done: Iterable[StepRecord]) -> tuple[Verdict, ...]:
    """The verdicts that the steps wrote, in the steps' order."""
    written = [a.uri for record in done for a in record.outputs if a.type == VERDICT_TYPE]
    return tuple(verdict.read(uri) for uri in written)


def verdict_of(done: Sequence[StepRecord], verdicts: Sequence[Verdict]) -> str:
    """ERROR when a step failed, REFUSED when the guard or the release gate did not pass, else PASSED.

    The other gates speak through the release gate, which the settings may let pass what one of them refused. Steps that
    were skipped without a refusal would be a hole in the graph, so that is an ERROR too.
    """
    if any(record.state in (State.FAILED, State.NOT_RUN) for record in done):
        return "ERROR"
    if any(not gate.passed for gate in verdicts if gate.gate in (gates.guard().id, RELEASE_GATE)):
        return "REFUSED"
    return "ERROR" if any(record.state is State.SKIPPED for record in done) else "PASSED"


def pushed_of(done: Iterable[StepRecord]) -> tuple[str | None, int | None]:
    """(folder, version) of the version that the Pusher pushed or found there already; (None, None) when refused."""
    pushed = next((r.output("pushed_model") for r in done if r.step == "Pusher"), None)
    if pushed is None or not pushed.properties.get("pushed"):
        return None, None
    return str(pushed.properties["pushed_destination"]), int(pushed.properties["pushed_version"])


def released_after(done: Iterable[StepRecord]) -> int | None:
    """The version that was stable when the run ended; None where there was none.

    A run that DataGate refused releases nothing, so it left what its first look had found.
    """
    outputs = {(r.step, a.key): a for r in done for a in r.outputs}
    last = outputs.get(("DirectRelease", "release")) or outputs.get(("ReleasedStatistics", "statistics"))
    return int(last.properties["version"]) or None if last else None


def metrics_of(folder: Path) -> dict[str, float]:
    """The overall metrics of the test split."""
    measured = evidence.read(evidence.EvaluationEvidence, folder)
    if measured is None:
        return {}
    return {row.name: row.value for row in measured.metrics if row.slice == "overall" and row.value is not None}
