"""What matters between two runs, before all that differs: verdict, what the gates judge with intervals, and the data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sluicegate.history.differences import ABSOLUTE, RELATIVE, Fact, Recorded

if TYPE_CHECKING:
    from schemas.evidence import MetricRow
    from schemas.fairness_evidence import JudgedLimit

OVERALL = "overall"


@dataclass(frozen=True)
class Line:
    """One line; it stands there whether or not it differs.  note : what the two sides say of each other."""

    item: str
    before: Fact | None
    after: Fact | None
    note: str = ""


def _line(item: str, sides: Sequence[Fact | None], note: str = "") -> Line:
    before, after = sides
    return Line(item, before, after, note)


def headline(before: Recorded, after: Recorded) -> tuple[Line, ...]:
    """The lines, the verdict first."""
    return (*_outcome(before, after), *_metrics(before, after), *_gaps(before, after), *_what_went_in(before, after))


def _outcome(before: Recorded, after: Recorded) -> Iterator[Line]:
    sides = [run.result for run in (before, after)]
    yield _line("verdict", [Fact(None, one.verdict) for one in sides])
    for gate in dict.fromkeys(g.gate for one in sides for g in one.gates):
        status = [next((g.status.value for g in one.gates if g.gate == gate), "") for one in sides]
        if status[0] != status[1]:
            yield _line(f"gate {gate}", [Fact(None, one) if one else None for one in status])
    pushed = ["none pushed" if one.pushed_version is None else str(one.pushed_version) for one in sides]
    yield _line("version", [Fact(one) for one in pushed])


def _metrics(before: Recorded, after: Recorded) -> Iterator[Line]:
    """Those of all rows that a gate of either run judges; all of them where no gate does."""
    rows = [
        {m.name: m for m in run.evaluation.metrics if m.slice == OVERALL} if run.evaluation else {}
        for run in (before, after)
    ]
    judged = {
        word
        for run in (before, after)
        for gate in run.result.gates
        for m in gate.measurements
        if m.gates and m.slice == OVERALL
        for word in m.name.split()[:1]
    }
    known = dict.fromkeys([*rows[0], *rows[1]])
    for name in [n for n in known if n in judged] or known:
        old, new = (side.get(name) for side in rows)
        yield _line(name, [_fact(old), _fact(new)], _change(before, after, old, new))


def _fact(row: MetricRow | None) -> Fact | None:
    if row is None:
        return None
    return Fact(row.value, interval=(row.low, row.high) if row.low is not None and row.high is not None else None)


def _change(before: Recorded, after: Recorded, old: MetricRow | None, new: MetricRow | None) -> str:
    """Paired where the second run met the first one's model on the same rows; else whether the intervals overlap."""
    if old is None or new is None or old.value is None or new.value is None:
        return ""
    if math.isclose(new.value, old.value, rel_tol=RELATIVE, abs_tol=ABSOLUTE):
        return "the same"
    said = f"{new.value - old.value:+.4f}"
    met = before.result.data_digest == after.result.data_digest and new.baseline is not None
    if (
        met
        and abs((new.baseline or 0.0) - old.value) < 1e-6
        and new.change_low is not None
        and new.change_high is not None
    ):
        return f"{said} [{new.change_low:+.4f}, {new.change_high:+.4f}] on the same rows"
    if None in (old.low, old.high, new.low, new.high):
        return said
    apart = (new.low or 0.0) > (old.high or 0.0) or (new.high or 0.0) < (old.low or 0.0)
    return f"{said}, the intervals {'are apart' if apart else 'overlap'}"


def _gaps(before: Recorded, after: Recorded) -> Iterator[Line]:
    """The limits of fairness, as judged."""
    sides = [
        {(one.measure, one.of, one.kind): one for one in run.fairness.limits} if run.fairness else {}
        for run in (before, after)
    ]
    for key in dict.fromkeys([*sides[0], *sides[1]]):
        measure, of, kind = key
        rise = ", rise" if kind == "rise" else ""
        yield _line(f"{measure} of {' x '.join(of)}{rise}", [_judged(side.get(key)) for side in sides])


def _judged(limit: JudgedLimit | None) -> Fact | None:
    if limit is None:
        return None
    ends = (limit.low, limit.high) if limit.low is not None and limit.high is not None else None
    return Fact(limit.value, limit.status, ends)


def _what_went_in(before: Recorded, after: Recorded) -> Iterator[Line]:
    rows = [_rows(run) for run in (before, after)]
    same = before.result.data_digest == after.result.data_digest
    yield _line("data", [Fact(one) for one in rows], "the same bytes" if same else "other bytes")
    for item, sides in (
        ("settings", (before.result.settings_digest, after.result.settings_digest)),
        ("code", (before.result.code_digest, after.result.code_digest)),
    ):
        short = [Fact(one[:12] or "not recorded") for one in sides]
        yield _line(item, short, "the same" if sides[0] == sides[1] else "changed")


def _rows(run: Recorded) -> str:
    if run.data is None:
        return "not recorded"
    return ", ".join(f"{split} {rows:,}" for split, rows in run.data.rows.items())
