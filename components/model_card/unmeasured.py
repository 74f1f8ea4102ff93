"""What was not measured: the part of a card that is easiest to leave out, and most worth reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from components.model_card.steady import SERVING_CHECK, steady
from schemas.fairness_evidence import FairnessEvidence
from schemas.model_card import Data, Fairness, Group, Quality, Unmeasured
from schemas.verdict import Measurement, Status, Verdict

PARTS = {
    "data_gate": "Data",
    "quality_gate": "Quality",
    "fairness": "Fairness",
    "explanation": "Explanation",
    SERVING_CHECK: "Serving",
}
_ABSENT = {
    "fairness": "No groups were compared: the step is not in the pipeline, or the settings say fairness: off.",
    "explanation": "Nothing says what the scores come from: the settings say explanation: off.",
    SERVING_CHECK: "No server was tried with this model: the settings say serving_check.platform: skip.",
}


def of_data(data: Data) -> Iterator[Unmeasured]:
    for split, rows in data.rows.items():
        if not rows:
            yield Unmeasured("Data", f"split {split}", "It has no rows.")
    if not data.label.shares and not data.label.numbers:
        yield Unmeasured("Data", f"distribution of {data.label.column}", "The statistics hold no counts of its values.")


def of_quality(quality: Quality) -> Iterator[Unmeasured]:
    """Groupings that nobody measured, and metrics without a value."""
    if not quality.metrics:
        yield Unmeasured("Quality", "quality by slice", "No table of metrics stands beside the quality gate's verdict.")
        return
    measured = {_grouping(m.slice) for m in quality.metrics}
    for grouping in quality.groupings:
        if frozenset(grouping.split(" x ")) not in measured:
            yield Unmeasured("Quality", f"quality by {grouping}", "The evaluator measured no such group.")
    for where in dict.fromkeys(m.slice for m in quality.metrics if m.value is None):
        undefined = [m for m in quality.metrics if m.slice == where and m.value is None]
        names = ", ".join(m.name for m in undefined)
        yield Unmeasured("Quality", f"{names} on {where}", f"Not defined on its {undefined[0].rows} rows.")


def of_fairness(found: Fairness | None, evidence: FairnessEvidence | None) -> Iterator[Unmeasured]:
    """Groups too small to be judged, wholly or in some rates."""
    groups = found.groups if found else ()
    left_out = (
        {(g.title, name) for a in evidence.audits for g in a.groupings for name in g.left_out} if evidence else set()
    )
    for group in groups:
        about = f" (for {group.positive})" if len({g.positive for g in groups}) > 1 else ""
        small = _too_small(group)
        if (group.grouping, group.name) in left_out:
            yield Unmeasured(
                "Fairness", f"{group.name}{about}", f"{group.rows} rows are too few to judge the group at all."
            )
        elif small:
            why = f"Too few of its {group.rows} rows stand under them to be judged."
            yield Unmeasured("Fairness", f"{', '.join(small)} of {group.name}{about}", why)


def of_verdicts(verdicts: Mapping[str, Verdict | None]) -> Iterator[Unmeasured]:
    """Steps that are not there, whatever a gate could not tell, and failed tests of an explanation."""
    for gate, part in PARTS.items():
        verdict = verdicts.get(gate)
        if verdict is None:
            yield Unmeasured(part, "everything", _ABSENT.get(gate, "The step left no verdict."))
            continue
        if not verdict.measurements and (not verdict.passed or verdict.reason == "off"):
            yield Unmeasured(part, "everything", verdict.detail or _words(verdict.reason))
        yield from _of_measurements(gate, part, steady(verdict.measurements))


def _of_measurements(gate: str, part: str, measurements: Iterable[Measurement]) -> Iterator[Unmeasured]:
    for m in measurements:
        what = f"{m.name}, {m.slice}"
        is_broken = m.status is Status.ERROR or (gate == "explanation" and m.status is Status.FAILED)
        if m.reason == "bootstrap":
            yield Unmeasured(part, f"{what}: against a released model", "No model was released before this one.")
        elif m.status is Status.UNKNOWN or is_broken:
            # A serving check's sentences hold times, which differ from run to run.
            said = "" if gate == SERVING_CHECK else m.detail
            failed = "The check failed. " if is_broken else ""
            yield Unmeasured(part, what, f"{failed}{said or _words(m.reason)}")


def _grouping(name: str) -> frozenset[str]:
    return frozenset(part.split("=", 1)[0] for part in name.split(", "))


def _too_small(group: Group) -> list[str]:
    return [name for name, rate in group.rates.items() if not rate.is_judged]


def _words(reason: str) -> str:
    return f"{reason.replace('_', ' ') or 'no reason was given'}.".capitalize()
