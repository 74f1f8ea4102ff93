"""What was not measured: the part of a card that is easiest to leave out, and most worth reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from components.model_card.steady import steady
from schemas.fairness_evidence import FairnessEvidence
from schemas.gates import Gate
from schemas.model_card import Data, Fairness, Group, Quality, Unmeasured
from schemas.verdict import Measurement, Status, Verdict


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


def of_verdicts(gates: Iterable[Gate], verdicts: Mapping[str, Verdict]) -> Iterator[Unmeasured]:
    """Steps that are not there, whatever a gate could not tell, and failed tests of an explanation."""
    for gate in gates:
        verdict = verdicts.get(gate.id)
        if verdict is None:
            yield Unmeasured(gate.title, "everything", gate.absent)
            continue
        if not verdict.measurements and (not verdict.passed or verdict.reason == "off"):
            yield Unmeasured(gate.title, "everything", verdict.detail or _words(verdict.reason))
        yield from _of_measurements(gate, steady(verdict.measurements))


def _of_measurements(gate: Gate, measurements: Iterable[Measurement]) -> Iterator[Unmeasured]:
    for m in measurements:
        what = f"{m.name}, {m.slice}"
        is_broken = m.status is Status.ERROR or (not gate.is_asked and m.status is Status.FAILED)
        if m.reason == "bootstrap":
            yield Unmeasured(gate.title, f"{what}: against a released model", "No model was released before this one.")
        elif m.status is Status.UNKNOWN or is_broken:
            # Times differ from run to run.
            said = "" if gate.is_timed else m.detail
            failed = "The check failed. " if is_broken else ""
            yield Unmeasured(gate.title, what, f"{failed}{said or _words(m.reason)}")


def _grouping(name: str) -> frozenset[str]:
    return frozenset(part.split("=", 1)[0] for part in name.split(", "))


def _too_small(group: Group) -> list[str]:
    return [name for name, rate in group.rates.items() if not rate.is_judged]


def _words(reason: str) -> str:
    return f"{reason.replace('_', ' ') or 'no reason was given'}.".capitalize()
