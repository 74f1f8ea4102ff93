"""The sentences of a report: what the run decided and why, and why a page has nothing to show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas import refusals
from schemas.gates import Gate
from schemas.records import RunResult, State, StepRecord
from schemas.verdict import Measurement, Status, Verdict
from sluicegate.reports import formatting

#: Which steps bring the evidence of a page, by a word in the step's name; a gate's page comes from the gate's own step.
PRODUCERS = {
    "data": ("StatisticsGen", "ExampleGen"),
    "schema": ("SchemaGen", "ExampleValidator"),
    "training": ("Trainer",),
    "evaluation": ("Evaluator",),
}

UNKNOWN_MEANS = (
    "UNKNOWN means that the gate could not tell: too few rows, nothing to compare with, or no number at all. Where enough had to be "
    "shown, that does not pass; where harm had to be shown, such as a drop or a drift, it does, with a note."
)
BOOTSTRAP_MEANS = (
    "Bootstrap: no model was released before, so a comparison with one was not possible. "
    "That is recorded here as a decision, not counted as a silent pass."
)


OVERRIDDEN_MEANS = (
    "Overridden: a gate did not pass, and a person took that upon themselves, by name and with a reason, in the settings "
    "or on the command line. The gate's own verdict stands as it was."
)
#: How a measurement is shown whose policy lets it pass, by its reason.
WARNED = {"warned": "WARNED", "ignored": "SKIPPED", "by_chance": "UNKNOWN"}


@dataclass(frozen=True)
class Headline:
    """verdict : "PASSED", "REFUSED" or "ERROR".  sentence : why.  consequence : what is true now."""

    verdict: str
    sentence: str
    consequence: str


def headline(result: RunResult) -> Headline:
    """What the top of the first page says."""
    if result.verdict == "PASSED":
        return Headline("PASSED", _passed(result), _released(result))
    if result.verdict == "REFUSED":
        unchanged = "Nothing was released. What was serving before this run is unchanged."
        return Headline("REFUSED", _refused(result), unchanged)
    return Headline(
        result.verdict, _broken(result), f"{_released_before_it_broke(result)} The outputs of finished steps are kept."
    )


def _released_before_it_broke(result: RunResult) -> str:
    release = next((step for step in result.steps if step.step == "DirectRelease"), None)
    if release is None or release.state is State.NOT_RUN or result.pushed_version is None:
        return "Nothing was released."
    if release.state is State.FAILED:
        return f"Whether version {result.pushed_version} was released stands in release.json."
    return f"{_released(result)} The run broke after that."


def overrides(result: RunResult) -> tuple[Measurement, ...]:
    """What the release gate let pass because a person said so; `detail` says who and why."""
    return refusals.overrides(result.gates)


def is_overridden(result: RunResult, gate: Verdict) -> bool:
    """Whether a person let this gate's refusal pass."""
    return any(m.name == gate.gate for m in overrides(result))


def decides(result: RunResult, gate: Verdict) -> bool:
    """Whether the release gate asks this gate; True where it never ran, and so cannot say."""
    return refusals.is_asked(result.gates, gate.gate)


def refusing(result: RunResult) -> tuple[Verdict, ...]:
    """The gates that stand in the way."""
    return refusals.standing_of(result).did_not_pass


def aside(result: RunResult) -> tuple[Verdict, ...]:
    """The gates that did not pass and did not stand in the way."""
    standing = refusals.standing_of(result)
    return tuple(gate for gate in result.gates if gate in standing.beside and gate not in standing.did_not_pass)


def _passed(result: RunResult) -> str:
    standing = refusals.standing_of(result)
    counted = sum(m.gates for g in result.gates for m in g.measurements)
    passed = sum(gate.passed for gate in result.gates)
    word = "gate" if passed == 1 else "gates"
    said = f"{passed} {word} passed on {formatting.count(counted)} measurement{'' if counted == 1 else 's'}."
    if standing.overridden:
        said += f" Let through by an override although not passed: {_named(standing.overridden)}."
    if standing.allowed:
        said += f" Let through by the settings although not passed: {_named(standing.allowed)}."
    if standing.unasked:
        said += f" Did not pass, and is not asked for a release: {_named(standing.unasked)}."
    if any(g.bootstrap for g in result.gates):
        said += " This is the first model: comparisons with a released one are recorded as bootstrap."
    return said


def _named(gates: Sequence[Verdict]) -> str:
    return ", ".join(f"{gate.gate} ({gate.status.value})" for gate in gates)


def _released(result: RunResult) -> str:
    if result.pushed_version is not None:
        held = (result.settings.get("release") or {}).get("mode") == "hold"
        return f"Version {result.pushed_version} was " + (
            "pushed and is held: nothing serves it yet." if held else "released."
        )
    return "No new version was pushed: the same model is released already."


def _refused(result: RunResult) -> str:
    against = refusing(result)
    if not against:
        return "A gate refused, but this run recorded no verdict that says which."
    first = against[0]
    if not first.refusals:
        return f"{first.gate} refused: {first.detail or first.reason or 'it measured nothing'}"
    more = sum(len(g.refusals) for g in against) - 1
    rest = f" And {more} more." if more else ""
    return f"{first.gate} refused: {sentence(first.refusals[0])}{rest}"


def _broken(result: RunResult) -> str:
    failed = next((s for s in result.steps if s.state is State.FAILED), None)
    if failed is None:
        return result.notes[-1] if result.notes else "The run ended with an error that no step recorded."
    return f"{failed.step} failed: {failed.problem or 'it left no message'}"


def sentence(measurement: Measurement) -> str:
    """One sentence on one measurement: its own detail, or one composed from its numbers."""
    m = measurement
    if m.detail:
        return m.detail if m.detail.endswith((".", "!", "?")) else m.detail + "."
    subject = f"{formatting.label(m.name)} on {m.slice}"
    if m.value is None:
        return f"{subject} could not be measured ({m.reason or 'no reason given'})."
    said = f"{subject} is {formatting.quantity(m.value, m.unit)}"
    if m.limit is None:
        return f"{said} ({m.reason})." if m.reason else f"{said}."
    return f"{said}, and must be {m.direction or 'within'} {formatting.quantity(m.limit, m.unit)}."


def shown_status(measurement: Measurement) -> str:
    """What the badge says: what the settings only warn of, or ignore, is not FAILED."""
    m = measurement
    if m.gates or m.reason not in WARNED or m.status is Status.PASSED:
        return m.status.value
    return WARNED[m.reason]


def in_a_sentence(verdict: Verdict) -> str:
    """The overview's sentence on a gate: its first refusal, else what it warned of."""
    if verdict.refusals:
        return sentence(verdict.refusals[0])
    warned = [m for m in verdict.measurements if m.reason == "warned" and not m.gates]
    if not warned:
        return "Nothing to object to."
    more = f" And {len(warned) - 1} more." if len(warned) > 1 else ""
    return f"Passed with a warning: {sentence(warned[0])}{more}"


def in_order(verdict: Verdict) -> tuple[Measurement, ...]:
    """The measurements as they are read: refusals worst first, then passed ones, then what is only reported."""
    refusals = verdict.refusals
    passed = [m for m in verdict.measurements if m.gates and m.status is Status.PASSED]
    return (*refusals, *passed, *(m for m in verdict.measurements if not m.gates))


def producers(gates: Sequence[Gate]) -> dict[str, tuple[str, ...]]:
    """PRODUCERS with the gates' pages."""
    return PRODUCERS | {gate.page: (gate.step,) for gate in gates if gate.page}


def why_missing(result: RunResult, page: str, words: Sequence[str]) -> str:
    """Why the evidence of `page` is not there, in one or two sentences.

    words : of the steps that would bring it, as in PRODUCERS.
    """
    producing = [s for s in result.steps if any(word in s.step for word in words)]
    section = result.settings.get(page)
    if not producing and isinstance(section, Mapping) and section.get("enabled") is False:
        return f"The settings say {page}: off."
    if not producing:
        return f"This run had no step that would bring it ({' or '.join(words)})."
    order = (State.FAILED, State.SKIPPED, State.NOT_RUN, State.DONE, State.CACHED)
    return _why(result, min(producing, key=lambda s: order.index(s.state)))


def _why(result: RunResult, step: StepRecord) -> str:
    if step.state is State.FAILED:
        return f"{step.step} failed: {step.problem or 'it left no message'}"
    if step.state is State.SKIPPED:
        refused = refusals.standing_of(result).refused
        cause = f"{refused[0].gate} refused before it" if refused else "a gate before it refused"
        return f"{step.step} was skipped, because {cause}."
    if step.state is State.NOT_RUN:
        failed = next((s.step for s in result.steps if s.state is State.FAILED), None)
        cause = f"{failed} failed before it" if failed else "the run ended before it"
        return f"{step.step} did not run, because {cause}."
    return f"{step.step} ran ({step.state.value}), but what it left behind was not read into this run's evidence."
